// SPDX-License-Identifier: MIT
#include "crash.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace mrda::intel {

namespace {

constexpr int kMostFrames = 64;

struct Place {
    std::string_view module;
    const char* function;
    std::uintptr_t offset;  ///< In the function, or without one in the module.
};

Place place_of(void* code) {
    Dl_info found{};
    if (::dladdr(code, &found) == 0 || found.dli_fname == nullptr) {
        return {"?", nullptr, 0};
    }
    const char* slash = std::strrchr(found.dli_fname, '/');
    const auto* base = found.dli_saddr != nullptr ? found.dli_saddr : found.dli_fbase;
    return {slash == nullptr ? found.dli_fname : slash + 1, found.dli_sname,
            reinterpret_cast<std::uintptr_t>(code) - reinterpret_cast<std::uintptr_t>(base)};
}

/// The process is broken, so nothing here allocates or locks more than dladdr() does.
void tell(const char* before, const Place& place) {
    std::array<char, 512> line{};
    const int length = std::snprintf(line.data(), line.size(), "%s%.*s!%s+0x%zx\n", before,
                                     static_cast<int>(place.module.size()), place.module.data(),
                                     place.function == nullptr ? "" : place.function,
                                     static_cast<std::size_t>(place.offset));
    if (length > 0) {
        [[maybe_unused]] const auto written =
            ::write(2, line.data(), static_cast<std::size_t>(length));
    }
}

bool is_c_library(std::string_view module) {
    return module.starts_with("libc.so") || module.starts_with("libc-") ||
           module.starts_with("libstdc++") || module.starts_with("ld-linux") ||
           module.starts_with("libgcc_s");
}

void on_crash(int signal, siginfo_t*, void* context) {
    const auto* state = static_cast<const ucontext_t*>(context);
    auto* const at = reinterpret_cast<void*>(state->uc_mcontext.gregs[REG_RIP]);
    std::array<void*, kMostFrames> frames{};
    const int count = ::backtrace(frames.data(), kMostFrames);
    int first = 0;
    while (first < count && frames[static_cast<std::size_t>(first)] != at) {
        ++first;
    }
    // A jump to nowhere: whoever jumped is the next frame, behind the handler's and the
    // trampoline's.
    first = first == count ? 2 : first;
    while (first + 1 < count &&
           is_c_library(place_of(frames[static_cast<std::size_t>(first)]).module)) {
        ++first;
    }
    std::array<char, 32> before{};
    std::snprintf(before.data(), before.size(), "crash: signal %d in ", signal);
    for (int i = first; i < count; ++i) {
        tell(i == first ? before.data() : "  frame ",
             place_of(frames[static_cast<std::size_t>(i)]));
    }
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

}  // namespace

void tell_crashes() {
    // backtrace() loads a library at its first call, which a broken process may not be able to.
    std::array<void*, 1> warm_up{};
    ::backtrace(warm_up.data(), 1);
    struct sigaction action {};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND;
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
        ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace mrda::intel
