// SPDX-License-Identifier: MIT
// What a sanitizer that the worker is built with is told: no variable reaches a worker.

extern "C" {
[[gnu::visibility("default")]] const char* __asan_default_options();
[[gnu::visibility("default")]] const char* __tsan_default_options();
}

// Memory that is cut short beneath the worker ends it by SIGBUS, which the service tells its guest.
const char* __asan_default_options() {
    return "handle_sigbus=0";
}

const char* __tsan_default_options() {
    return "handle_sigbus=0";
}
