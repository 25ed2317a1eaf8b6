// SPDX-License-Identifier: MIT
#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ivf.h"

namespace mrda_sample_app {

using mrda::Errc;
using mrda::make_error;
using mrda::os_error;
using mrda::Result;

namespace {

/// By what the descriptors refer to: one file may have several names, or come from the shell.
Result<struct stat> check_not_input(int output, int input, const std::string& path) {
    struct stat out {};
    struct stat in {};
    if (::fstat(output, &out) != 0) {
        return os_error("fstat", errno, "cannot look at " + path);
    }
    if (S_ISREG(out.st_mode) && ::fstat(input, &in) == 0 && in.st_dev == out.st_dev &&
        in.st_ino == out.st_ino) {
        return make_error(Errc::invalid_argument,
                          "-o " + path + " is the file that -i reads; name another one");
    }
    return out;
}

}  // namespace

Result<Output> Output::open(const std::string& path, int input) {
    Output output(path == "-" ? "the standard output" : path);
    if (path.empty()) {
        return output;
    }
    output.fd_.reset(path == "-" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!output.fd_) {
        return os_error("open", errno, "cannot write " + output.path_);
    }
    MRDA_ASSIGN(const struct stat status, check_not_input(output.fd_.get(), input, output.path_));
    // Not when it was opened: then the input would be gone, if it is the same file.
    if (path != "-" && S_ISREG(status.st_mode) && ::ftruncate(output.fd_.get(), 0) != 0) {
        return os_error("ftruncate", errno, "cannot write " + path);
    }
    return output;
}

Result<void> Output::begin_ivf(std::uint32_t width_px, std::uint32_t height_px) {
    ivf_ = true;
    return write(ivf_file_header(width_px, height_px));
}

Result<void> Output::write_packet(std::span<const std::uint8_t> bytes, std::int64_t pts) {
    if (ivf_) {
        MRDA_TRY(write(ivf_frame_header(static_cast<std::uint32_t>(bytes.size()), pts)));
    }
    return write(bytes);
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
