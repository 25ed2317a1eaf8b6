// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/bus_guard.h"

#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

namespace mrda::ivshmem {

/// What the handler reads, without a lock: a range is there while its size is not 0.
struct BusGuard::Range {
    std::atomic<std::uintptr_t> base = 0;
    std::atomic<std::size_t> size_bytes = 0;
    std::atomic<bool> taken = false;
    std::atomic<bool> lost = false;
};

struct BusGuardTable {
    static constexpr std::size_t kRanges = 64;

    /// Never destroyed: a signal may come at any time.
    static std::array<BusGuard::Range, kRanges>& ranges() {
        static auto* const all = new std::array<BusGuard::Range, kRanges>();
        return *all;
    }
    static struct sigaction& before() {
        static struct sigaction old {};
        return old;
    }

    /// On the thread that touched the memory. mmap(2) is a plain system call.
    static bool mend(std::uintptr_t address) {
        for (BusGuard::Range& range : ranges()) {
            const std::size_t size_bytes = range.size_bytes.load(std::memory_order_acquire);
            const std::uintptr_t base = range.base.load(std::memory_order_acquire);
            // Another size: the place is somebody else's by now, whose base that may be.
            if (address < base || address - base >= size_bytes ||
                range.size_bytes.load(std::memory_order_relaxed) != size_bytes) {
                continue;
            }
            // Two threads may both be here; the second one maps what the first has mapped.
            if (::mmap(reinterpret_cast<void*>(base), size_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
                return false;
            }
            range.lost.store(true, std::memory_order_release);
            return true;
        }
        return false;
    }

    static void handle(int signal, siginfo_t* info, void* context) {
        const int saved = errno;
        const bool mended = mend(reinterpret_cast<std::uintptr_t>(info->si_addr));
        errno = saved;
        if (mended) {
            return;
        }
        const struct sigaction& old = before();
        if ((old.sa_flags & SA_SIGINFO) != 0) {
            old.sa_sigaction(signal, info, context);
        } else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
            old.sa_handler(signal);
        } else {
            // The access is tried again, and ends the process as if there were no guard.
            ::signal(SIGBUS, SIG_DFL);
        }
    }

    static Result<void> install() {
        static std::mutex mutex;
        static bool installed = false;
        const std::lock_guard lock(mutex);
        if (installed) {
            return {};
        }
        ranges();
        struct sigaction action {};
        action.sa_sigaction = &handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        ::sigemptyset(&action.sa_mask);
        if (::sigaction(SIGBUS, nullptr, &before()) != 0 ||
            ::sigaction(SIGBUS, &action, nullptr) != 0) {
            return os_error("sigaction", errno, "cannot guard memory against SIGBUS");
        }
        installed = true;
        return {};
    }
};

Result<BusGuard> BusGuard::watch(std::byte* base, std::size_t size_bytes) {
    MRDA_TRY(BusGuardTable::install());
    for (Range& range : BusGuardTable::ranges()) {
        if (range.taken.exchange(true)) {
            continue;
        }
        range.lost = false;
        range.base.store(reinterpret_cast<std::uintptr_t>(base), std::memory_order_release);
        range.size_bytes.store(size_bytes, std::memory_order_release);
        return BusGuard(&range);
    }
    return make_error(Errc::exhausted,
                      std::to_string(BusGuardTable::kRanges) +
                          " ranges are guarded against SIGBUS, and no more can be; "
                          "end a session first");
}

BusGuard::BusGuard(BusGuard&& other) noexcept : range_(std::exchange(other.range_, nullptr)) {}

BusGuard& BusGuard::operator=(BusGuard&& other) noexcept {
    std::swap(range_, other.range_);
    return *this;
}

BusGuard::~BusGuard() {
    if (range_ != nullptr) {
        range_->size_bytes.store(0, std::memory_order_release);
        range_->taken.store(false, std::memory_order_release);
    }
}

bool BusGuard::lost() const {
    return range_ != nullptr && range_->lost.load(std::memory_order_acquire);
}

}  // namespace mrda::ivshmem
