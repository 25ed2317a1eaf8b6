// SPDX-License-Identifier: MIT
#include <malloc.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "checks.h"

namespace mrda::check {

namespace {

constexpr int kWarmUps = 10;
constexpr int kLives = 40;
constexpr int kThreads = 4;
constexpr int kLeastTogether = 3;
constexpr std::chrono::milliseconds kTogether{300};
/// A library may keep a table or a thread's arena; what grows with each life is a leak.
constexpr std::size_t kTolerance = std::size_t{64} << 10;

struct Footprint {
    std::size_t descriptors = 0;
    std::size_t mappings = 0;
    std::size_t threads = 0;
    std::size_t heap_bytes = 0;
};

std::size_t entries(const char* folder) {
    const std::filesystem::directory_iterator all(folder);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

Footprint footprint() {
    std::ifstream maps("/proc/self/maps");
    std::string line;
    Footprint now{entries("/proc/self/fd"), 0, entries("/proc/self/task"), ::mallinfo2().uordblks};
    while (std::getline(maps, line)) {
        now.mappings += line.find(" rw-s ") != std::string::npos ? 1 : 0;
    }
    return now;
}

Fault grown(const char* what, std::size_t before, std::size_t after, std::size_t tolerance) {
    if (after <= before + tolerance) {
        return {};
    }
    return "leaks: " + std::string(what) + " were " + std::to_string(before) + " and are " +
           std::to_string(after) + " after " + std::to_string(kLives) + " lives";
}

}  // namespace

std::size_t allowed_leak_bytes = 0;

Check leaves_nothing_behind(const std::string& who, std::function<Fault()> live) {
    return {who + ": leaves nothing behind", [live = std::move(live)]() -> Fault {
                for (int i = 0; i < kWarmUps; ++i) {
                    if (Fault fault = live(); !fault.empty()) {
                        return fault;
                    }
                }
                const Footprint before = footprint();
                for (int i = 0; i < kLives; ++i) {
                    live();
                }
                const Footprint after = footprint();
                const std::array faults{
                    grown("descriptors", before.descriptors, after.descriptors, 0),
                    grown("shared mappings", before.mappings, after.mappings, 0),
                    grown("threads", before.threads, after.threads, 0),
                    grown("bytes of memory", before.heap_bytes, after.heap_bytes,
                          kTolerance + kLives * allowed_leak_bytes)};
                const auto found = std::find_if(faults.begin(), faults.end(),
                                                [](const Fault& fault) { return !fault.empty(); });
                return found == faults.end() ? Fault() : *found;
            }};
}

Check lives_beside_others(const std::string& who, std::function<Fault()> live) {
    return {who + ": lives beside others", [live = std::move(live)]() -> Fault {
                std::array<Fault, kThreads> faults;
                std::barrier all_there(kThreads);
                std::vector<std::thread> threads;
                for (Fault& fault : faults) {
                    threads.emplace_back([&] {
                        all_there.arrive_and_wait();
                        const auto until = std::chrono::steady_clock::now() + kTogether;
                        for (int i = 0; fault.empty() && (i < kLeastTogether ||
                                                          std::chrono::steady_clock::now() < until);
                             ++i) {
                            fault = live();
                        }
                    });
                }
                for (std::thread& thread : threads) {
                    thread.join();
                }
                for (const Fault& fault : faults) {
                    if (!fault.empty()) {
                        return std::to_string(kThreads) + " threads at once: " + fault;
                    }
                }
                return {};
            }};
}

}  // namespace mrda::check
