// SPDX-License-Identifier: MIT
#include "fault.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <map>
#include <mutex>
#include <utility>

#include "settings.h"
#include "trace.h"

namespace mrda::stub {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 8> kErrors{{{"ENOMEM", ENOMEM},
                                                                   {"EINVAL", EINVAL},
                                                                   {"EIO", EIO},
                                                                   {"EINTR", EINTR},
                                                                   {"EACCES", EACCES},
                                                                   {"ENOSYS", ENOSYS},
                                                                   {"ENODEV", ENODEV},
                                                                   {"ENOENT", ENOENT}}};

std::string_view take(std::string_view& text, char end) {
    const std::string_view taken = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), taken.size() + 1));
    return taken;
}

bool read_effect(std::string_view text, Fault* fault) {
    if (text == "LOST") {
        fault->effect = Fault::Effect::lost;
        return true;
    }
    if (text == "HANG") {
        fault->effect = Fault::Effect::hang;
        return true;
    }
    const auto* found = std::find_if(kErrors.begin(), kErrors.end(),
                                     [&](const auto& error) { return error.first == text; });
    if (found == kErrors.end()) {
        return false;
    }
    fault->error = found->second;
    return true;
}

bool read_when(std::string_view text, unsigned long* when) {
    if (text == "*") {
        *when = 0;
        return true;
    }
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), *when);
    return problem == std::errc() && end == text.data() + text.size() && *when > 0;
}

const std::vector<Fault>& faults() {
    static const auto& all = *new std::vector<Fault>(parse_faults(settings().fail));
    return all;
}

std::atomic<bool> lost{false};
std::atomic<bool> hung{false};

/// How often each fault's calls have been made.
struct Counts {
    std::mutex mutex;
    std::map<const Fault*, unsigned long> of;
};
Counts& counts() {
    static Counts& all = *new Counts;
    return all;
}

unsigned long count(const Fault& fault) {
    const std::scoped_lock lock(counts().mutex);
    return ++counts().of[&fault];
}

}  // namespace

std::vector<Fault> parse_faults(std::string_view text) {
    std::vector<Fault> all;
    while (!text.empty()) {
        std::string_view entry = take(text, ',');
        Fault fault;
        fault.what = std::string(take(entry, ':'));
        if (fault.what.empty() || !read_when(take(entry, ':'), &fault.when) ||
            !read_effect(entry, &fault)) {
            return {};
        }
        all.push_back(std::move(fault));
    }
    return all;
}

int fault_of(const char* name) {
    const std::string_view called = name;
    const Fault* due = nullptr;
    unsigned long due_number = 0;
    // All are counted, also where an earlier one fails the call.
    for (const Fault& fault : faults()) {
        const bool any_ioctl = fault.what == "*" && called != "open";
        if (!any_ioctl && fault.what != called) {
            continue;
        }
        const unsigned long number = count(fault);
        if (due == nullptr && (fault.when == 0 || number == fault.when)) {
            due = &fault;
            due_number = number;
        }
    }
    if (due == nullptr) {
        return 0;
    }
    trace("FAULT %s number=%lu", name, due_number);
    switch (due->effect) {
        case Fault::Effect::error:
            return -due->error;
        case Fault::Effect::lost:
            lost = true;
            return 0;
        case Fault::Effect::hang:
            hung = true;
            return 0;
    }
    return 0;
}

void tell_unreached_faults() {
    const std::scoped_lock lock(counts().mutex);
    for (const Fault& fault : faults()) {
        const unsigned long made = counts().of[&fault];
        if (made < std::max(fault.when, 1UL)) {
            trace("UNREACHED %s when=%lu made=%lu", fault.what.c_str(), fault.when, made);
        }
    }
}

bool is_lacking(const char* name) {
    return std::any_of(faults().begin(), faults().end(), [&](const Fault& fault) {
        return fault.what == name && fault.when == 0 && fault.effect == Fault::Effect::error;
    });
}

bool is_stopped() {
    return lost || hung;
}

bool is_lost() {
    return lost;
}

}  // namespace mrda::stub
