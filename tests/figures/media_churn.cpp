// SPDX-License-Identifier: MIT
// 128 compute units, and threads that create and destroy sessions on them at random.
//     media_churn PLUGIN_FOLDER UNIT_FOLDER SECONDS
// At most 64 sessions live at once, made by 16 threads. Each has a channel of its own on a unit
// that it shares with others, numbers its work, and looks whether its channel's log has it in
// order. Prints one line: sessions, work items, items out of order or lost, and what grew from a
// first tenth of the time to the end: descriptors, and KiB of memory.
#include <dirent.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "mrda/media/kernel.h"

namespace {

using Clock = std::chrono::steady_clock;
using mrda::media::Context;
using mrda::media::Kernel;
using mrda::media::KernelProperties;
using mrda::media::Parameter;
using mrda::media::Status;

constexpr std::uint32_t kUnits = 128;
constexpr std::uint32_t kThreads = 16;
constexpr std::uint32_t kMaxSessions = 64;
constexpr std::uint32_t kMostItems = 40;
constexpr std::uint64_t kPatienceNs = 60'000'000'000;

template <typename T>
T need(mrda::Result<T> result) {
    if (!result.ok()) {
        std::fprintf(stderr, "media_churn: %s\n", to_string(result.error()).c_str());
        std::exit(1);
    }
    return std::move(*result);
}

/// No more than that many sessions at once.
class Places {
  public:
    void take() {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [this] { return taken_ < kMaxSessions; });
        ++taken_;
    }
    void give() {
        {
            const std::lock_guard lock(mutex_);
            --taken_;
        }
        freed_.notify_one();
    }

  private:
    std::mutex mutex_;
    std::condition_variable freed_;
    std::uint32_t taken_ = 0;
};

struct Counts {
    std::atomic<std::uint64_t> sessions = 0;
    std::atomic<std::uint64_t> items = 0;
    std::atomic<std::uint64_t> wrong = 0;
};

/// One session and the log of its channel.
struct Live {
    std::unique_ptr<Kernel> kernel;
    std::shared_ptr<const mrda::media::Buffer> log;
    std::uint32_t items = 0;
};

Live begin(Context& context, std::minstd_rand& random, std::uint32_t channel) {
    KernelProperties properties;
    properties.plugin = "kernel";
    properties.unit = static_cast<std::int32_t>(random() % kUnits);
    properties.device = 0;
    properties.channel = channel;
    Live live;
    live.kernel = need(Kernel::open(context, properties));
    live.log = need(context.devices()[0]->allocate(1, 4096));
    live.items = static_cast<std::uint32_t>(random()) % (kMostItems + 1);
    for (std::uint32_t number = 0; number < live.items; ++number) {
        const std::array<Parameter, 2> work{Parameter{"words", live.log},
                                            Parameter{"number", std::int64_t{number}}};
        if (!need(live.kernel->write(work))) {
            std::fprintf(stderr, "media_churn: a unit takes less than it must\n");
            std::exit(1);
        }
    }
    return live;
}

/// Reads what it scheduled, and looks at the order. Sometimes ends it with work in flight.
void end(Live live, std::minstd_rand& random, Counts& counts) {
    const bool early = random() % 4 == 0;
    for (std::uint32_t number = 0; number < live.items && !early; ++number) {
        counts.wrong += need(live.kernel->read(kPatienceNs, {})) == Status::ok ? 0U : 1U;
    }
    live.kernel.reset();  // Waits for what is in flight.
    std::array<std::uint32_t, 1 + kMostItems> log{};
    if (!live.log->read(0, std::as_writable_bytes(std::span(log))).ok() || log[0] != live.items) {
        ++counts.wrong;
    }
    for (std::uint32_t number = 0; number < live.items; ++number) {
        counts.wrong += (log[1 + number] & 0xffffU) == number ? 0U : 1U;
    }
    counts.items += live.items;
    ++counts.sessions;
}

void churn(Context& context, Places& places, Counts& counts, std::uint32_t thread,
           Clock::time_point until) {
    std::minstd_rand random(thread + 1);
    std::vector<Live> live;
    for (std::uint32_t round = 0; Clock::now() < until; ++round) {
        if (live.size() < kMaxSessions / kThreads && (live.empty() || random() % 2 == 0)) {
            places.take();
            live.push_back(begin(context, random, (thread << 8U) + round % 256));
        } else {
            const std::size_t which = random() % live.size();
            end(std::move(live[which]), random, counts);
            live.erase(live.begin() + static_cast<std::ptrdiff_t>(which));
            places.give();
        }
    }
    for (Live& one : live) {
        end(std::move(one), random, counts);
        places.give();
    }
}

std::size_t descriptors() {
    std::size_t count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr) {
        ++count;
    }
    ::closedir(folder);
    return count;
}

long resident_kib() {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("VmRSS:", 0) == 0) {
            return std::strtol(line.c_str() + 6, nullptr, 10);
        }
    }
    return 0;
}

void run_for(Context& context, Counts& counts, double seconds) {
    Places places;
    std::vector<std::thread> threads;
    const auto until = Clock::now() + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
    for (std::uint32_t thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] { churn(context, places, counts, thread, until); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: media_churn PLUGIN_FOLDER UNIT_FOLDER SECONDS\n");
        return 2;
    }
    const double seconds = std::strtod(argv[3], nullptr);
    const auto context =
        need(Context::open({{argv[1], argv[2]}, {}, {{"units", "wide-log", 0, kUnits}}}));
    Counts counts;
    run_for(*context, counts, seconds / 10);
    const std::size_t descriptors_before = descriptors();
    const long kib_before = resident_kib();
    run_for(*context, counts, seconds * 9 / 10);
    const auto sessions_left = [&] {
        std::uint64_t left = 0;
        for (const auto& unit : context->units(0)) {
            left += unit->statistics().sessions;
        }
        return left;
    }();
    std::printf("%llu %llu %llu %ld %ld\n", static_cast<unsigned long long>(counts.sessions),
                static_cast<unsigned long long>(counts.items),
                static_cast<unsigned long long>(counts.wrong + sessions_left),
                static_cast<long>(descriptors()) - static_cast<long>(descriptors_before),
                resident_kib() - kib_before);
    return 0;
}
