// SPDX-License-Identifier: MIT
#include "output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace mrda_sample_app {

using mrda::os_error;
using mrda::Result;

Result<Output> Output::open(const std::string& path) {
    Output output(path == "-" ? "the standard output" : path);
    if (path.empty()) {
        return output;
    }
    output.fd_.reset(path == "-"
                         ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                         : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!output.fd_) {
        return os_error("open", errno, "cannot write " + output.path_);
    }
    return output;
}

Result<void> Output::write(std::span<const std::uint8_t> bytes) {
    bytes_ += bytes.size();
    while (fd_ && !bytes.empty()) {
        const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return os_error("write", errno, "cannot write " + path_);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> Output::close() {
    if (fd_ && ::close(fd_.release()) != 0) {
        return os_error("close", errno, "cannot write " + path_);
    }
    return {};
}

}  // namespace mrda_sample_app
