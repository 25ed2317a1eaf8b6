// SPDX-License-Identifier: MIT
#include "trace.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "settings.h"
#include "system.h"

namespace mrda::stub {

namespace {

int trace_file() {
    static const int file = settings().trace.empty()
                                ? -1
                                : system::open(AT_FDCWD, settings().trace.c_str(),
                                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return file;
}

}  // namespace

bool is_traced() {
    return trace_file() >= 0;
}

bool is_trace_descriptor(int fd) {
    return fd >= 0 && fd == trace_file();
}

void trace(const char* format, ...) {
    if (!is_traced()) {
        return;
    }
    const int keep = errno;
    std::array<char, 1024> line{};
    std::va_list words;
    va_start(words, format);
    const int length = std::vsnprintf(line.data(), line.size() - 1, format, words);
    va_end(words);
    const std::size_t end =
        std::min(line.size() - 2, static_cast<std::size_t>(std::max(length, 0)));
    line[end] = '\n';
    // One write a line: other threads and processes append to the same file.
    ::syscall(SYS_write, trace_file(), line.data(), end + 1);
    errno = keep;
}

const char* library_of(const void* code) {
    Dl_info found{};
    if (::dladdr(code, &found) == 0 || found.dli_fname == nullptr) {
        return "?";
    }
    const char* slash = std::strrchr(found.dli_fname, '/');
    return slash == nullptr ? found.dli_fname : slash + 1;
}

}  // namespace mrda::stub
