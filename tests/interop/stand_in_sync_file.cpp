// SPDX-License-Identifier: MIT
#include "interop/stand_in_sync_file.h"

#include <fcntl.h>
#include <linux/sync_file.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <unordered_map>

// ld(1), --wrap: what the program's ioctl calls become, and what they were.
extern "C" {
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
}

namespace mrda::test {

namespace {

std::mutex mutex;
std::unordered_map<ObjectIdentity, int> status_of;

/// Whether `fd` is a stand-in, which then answers.
bool answer(int fd, sync_file_info& info) {
    const auto identity = identify(fd);
    const std::lock_guard lock(mutex);
    const auto found = identity.ok() ? status_of.find(*identity) : status_of.end();
    if (found == status_of.end()) {
        return false;
    }
    info.status = found->second;
    return true;
}

}  // namespace

StandInSyncFile::StandInSyncFile() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        std::abort();
    }
    file_.reset(ends[0]);
    signal_end_.reset(ends[1]);
    identity_ = *identify(ends[0]);
    const std::lock_guard lock(mutex);
    status_of[identity_] = 0;
}

StandInSyncFile::~StandInSyncFile() {
    const std::lock_guard lock(mutex);
    status_of.erase(identity_);
}

void StandInSyncFile::signal(int status) {
    {
        const std::lock_guard lock(mutex);
        status_of[identity_] = status;
    }
    if (::write(signal_end_.get(), "s", 1) != 1) {
        std::abort();
    }
}

}  // namespace mrda::test

int __wrap_ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    if (request == SYNC_IOC_FILE_INFO &&
        mrda::test::answer(fd, *static_cast<sync_file_info*>(argument))) {
        return 0;
    }
    return __real_ioctl(fd, request, argument);
}
