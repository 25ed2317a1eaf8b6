// SPDX-License-Identifier: MIT
#include "frame_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace usm_to_va {

namespace {

constexpr std::uint64_t kPatternFrames = 60;

}  // namespace

mrda::Result<FrameSource> FrameSource::open(const std::string& path, std::uint64_t frames,
                                            const mrda::FrameLayout& layout) {
    if (path.empty()) {
        return FrameSource("", frames == 0 ? kPatternFrames : frames, layout);
    }
    FrameSource source(path, frames, layout);
    source.fd_.reset(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source.fd_) {
        return mrda::os_error("open", errno, "cannot read " + path);
    }
    MRDA_TRY(source.check_size());
    return source;
}

mrda::Result<void> FrameSource::check_size() {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
        return mrda::os_error("fstat", errno, "cannot size " + path_);
    }
    if (!S_ISREG(status.st_mode)) {
        return {};
    }
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (bytes == 0) {
        return empty();
    }
    const std::uint64_t frame_bytes = layout_.packed_bytes();
    const std::string found = path_ + " has " + std::to_string(bytes) + " bytes, " +
                              std::to_string(bytes / frame_bytes) + " frames of " +
                              std::to_string(frame_bytes) + " (" + layout_.to_string() + ")";
    if (bytes % frame_bytes != 0) {
        return mrda::make_error(mrda::Errc::corrupt,
                                found + " and " + std::to_string(bytes % frame_bytes) +
                                    " bytes more: it is truncated, or of another size or format");
    }
    if (bytes / frame_bytes < frames_) {
        return mrda::make_error(mrda::Errc::corrupt,
                                found + "; " + std::to_string(frames_) + " were asked for");
    }
    return {};
}

mrda::Error FrameSource::empty() const {
    return mrda::make_error(mrda::Errc::corrupt, (path_ == "-" ? "standard input" : path_) +
                                                     " is empty; a frame takes " +
                                                     std::to_string(layout_.packed_bytes()) +
                                                     " bytes");
}

mrda::Result<bool> FrameSource::read(std::span<std::byte> frame) {
    if (frames_ != 0 && next_ == frames_) {
        return false;
    }
    if (!fd_) {
        draw(frame);
        ++next_;
        return true;
    }
    std::size_t filled = 0;
    while (filled < frame.size()) {
        const ssize_t count = ::read(fd_.get(), frame.data() + filled, frame.size() - filled);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return mrda::os_error("read", errno, "cannot read " + path_);
        }
        if (count == 0) {
            break;
        }
        filled += static_cast<std::size_t>(count);
    }
    if (filled == 0 && next_ == 0) {
        return empty();
    }
    if (filled == 0 && frames_ == 0) {
        return false;
    }
    if (filled < frame.size()) {
        return mrda::make_error(mrda::Errc::corrupt,
                                path_ + " ends in frame " + std::to_string(next_) + ", after " +
                                    std::to_string(filled) + " of its " +
                                    std::to_string(frame.size()) + " bytes: it is truncated");
    }
    ++next_;
    return true;
}

void FrameSource::draw(std::span<std::byte> frame) const {
    std::size_t at = 0;
    for (std::size_t plane = 0; plane < layout_.planes().size(); ++plane) {
        const std::uint64_t row_bytes = layout_.row_bytes(plane);
        for (std::uint32_t row = 0; row < layout_.rows(plane); ++row) {
            for (std::uint64_t byte = 0; byte < row_bytes; ++byte) {
                // Gradients that drift: smooth enough for codecs, different in every frame.
                const std::uint64_t value = (byte / 4 + row / 2 + plane * 64 + next_ * 2) & 0xffU;
                frame[at++] = static_cast<std::byte>(value < 128 ? value + 64 : 319 - value);
            }
        }
    }
}

}  // namespace usm_to_va
