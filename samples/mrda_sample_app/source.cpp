// SPDX-License-Identifier: MIT
#include "source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mrda_sample_app {

namespace {

using mrda::Errc;
using mrda::make_error;
using mrda::os_error;
using mrda::Result;
using mrda::guest::Buffer;

/// The most that readv(2) takes on Linux.
constexpr std::size_t kMaxRanges = 1024;

/// Leaves out the first `count` bytes of the ranges from `first` on.
void skip(std::vector<iovec>& ranges, std::size_t& first, std::size_t count) {
    while (first < ranges.size() && count >= ranges[first].iov_len) {
        count -= ranges[first++].iov_len;
    }
    if (first < ranges.size()) {
        ranges[first].iov_base = static_cast<char*>(ranges[first].iov_base) + count;
        ranges[first].iov_len -= count;
    }
}

/// Rows that lie one behind the other are one range.
void add_row(std::vector<iovec>& ranges, std::uint8_t* row, std::size_t size_bytes) {
    if (!ranges.empty() &&
        static_cast<std::uint8_t*>(ranges.back().iov_base) + ranges.back().iov_len == row) {
        ranges.back().iov_len += size_bytes;
    } else {
        ranges.push_back({row, size_bytes});
    }
}

}  // namespace

Source::Source(const Options& options, mrda::FrameLayout picture)
    : path_(options.input == "-" ? "the standard input" : options.input),
      interleaves_(options.color == ColorFormat::yuv420p && !options.input.empty()),
      picture_(std::move(picture)),
      limit_(options.frames),
      expected_(options.frames) {}

Result<Source> Source::open(const Options& options) {
    MRDA_ASSIGN(
        mrda::FrameLayout picture,
        mrda::FrameLayout::linear(options.drm_fourcc, options.width_px, options.height_px, {1, 1}));
    Source source(options, std::move(picture));
    if (options.input.empty()) {
        return source;
    }
    source.fd_.reset(options.input == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                          : ::open(options.input.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source.fd_) {
        return os_error("open", errno, "cannot read " + source.path_);
    }
    MRDA_TRY(source.check_file());
    return source;
}

Result<void> Source::check_file() {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
        return os_error("fstat", errno, "cannot size " + path_);
    }
    if (S_ISDIR(status.st_mode)) {
        return make_error(Errc::invalid_argument, path_ + " is a folder; name a file of frames");
    }
    if (!S_ISREG(status.st_mode)) {
        return {};
    }
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    const std::uint64_t frame_bytes = picture_.packed_bytes();
    const std::uint64_t whole = bytes / frame_bytes;
    const std::uint64_t rest = bytes % frame_bytes;
    if ((rest != 0 && (limit_ == 0 || limit_ > whole)) || bytes == 0) {
        return make_error(Errc::corrupt, path_ + " has " + std::to_string(bytes) + " bytes, " +
                                             std::to_string(whole) + " frames of " +
                                             std::to_string(frame_bytes) + " and " +
                                             std::to_string(rest) + " bytes more; " +
                                             std::to_string(frame_bytes - rest) +
                                             " bytes are missing: it is truncated, or of another "
                                             "size or format");
    }
    expected_ = limit_ == 0 ? whole : std::min(limit_, whole);
    return {};
}

bool Source::is_ready() const {
    pollfd polled{fd_.get(), POLLIN, 0};
    return !fd_ || (limit_ != 0 && next_ == limit_) || ::poll(&polled, 1, 0) != 0;
}

Result<bool> Source::read(const Buffer& buffer, std::vector<std::uint8_t>* luma) {
    if (limit_ != 0 && next_ == limit_) {
        return false;
    }
    if (luma != nullptr) {
        luma->resize(picture_.row_bytes(0) * picture_.rows(0));
    }
    if (!fd_) {
        if (luma != nullptr) {
            draw(0, luma->data(), picture_.row_bytes(0));
            copy_luma(*luma, buffer);
        }
        for (std::size_t plane = luma == nullptr ? 0 : 1; plane < buffer.plane_count(); ++plane) {
            draw(plane, buffer.plane(plane), buffer.pitch_bytes(plane));
        }
        ++next_;
        return true;
    }
    MRDA_ASSIGN(std::uint64_t filled,
                read_rows(buffer, interleaves_ ? 1 : buffer.plane_count(), luma));
    for (std::size_t first = 0; interleaves_ && first < 2; ++first) {
        MRDA_ASSIGN(const std::uint64_t chroma, read_chroma(buffer, first));
        filled += chroma;
    }
    const std::uint64_t wanted = picture_.packed_bytes();
    if (filled == 0 && next_ != 0) {
        return false;
    }
    if (filled < wanted) {
        return make_error(Errc::corrupt,
                          path_ + " ends in frame " + std::to_string(next_) + ", after " +
                              std::to_string(filled) + " of its " + std::to_string(wanted) +
                              " bytes: " + std::to_string(wanted - filled) + " are missing");
    }
    ++next_;
    return true;
}

Result<std::uint64_t> Source::fill(std::vector<iovec>& ranges) {
    std::uint64_t filled = 0;
    for (std::size_t first = 0; first < ranges.size();) {
        const auto count = static_cast<int>(std::min(ranges.size() - first, kMaxRanges));
        const ssize_t got = ::readv(fd_.get(), &ranges[first], count);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EFAULT) {
            return os_error("readv", EFAULT,
                            "cannot read " + path_ +
                                " into the device: its file system reads past the page cache; "
                                "mount it with one (9p: cache=readahead), or pipe the frames in "
                                "(-i -)");
        }
        if (got < 0) {
            return os_error("readv", errno, "cannot read " + path_);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::uint64_t>(got);
        skip(ranges, first, static_cast<std::size_t>(got));
    }
    return filled;
}

Result<std::uint64_t> Source::read_rows(const Buffer& buffer, std::size_t planes,
                                        std::vector<std::uint8_t>* luma) {
    std::vector<iovec> ranges;
    if (luma != nullptr) {
        ranges.push_back({luma->data(), luma->size()});
    }
    for (std::size_t plane = luma == nullptr ? 0 : 1; plane < planes; ++plane) {
        for (std::uint32_t row = 0; row < picture_.rows(plane); ++row) {
            add_row(ranges, buffer.plane(plane) + std::size_t{row} * buffer.pitch_bytes(plane),
                    picture_.row_bytes(plane));
        }
    }
    MRDA_ASSIGN(const std::uint64_t filled, fill(ranges));
    if (luma != nullptr && filled != 0) {
        copy_luma(*luma, buffer);
    }
    return filled;
}

void Source::copy_luma(const std::vector<std::uint8_t>& luma, const Buffer& buffer) const {
    const std::uint64_t row_bytes = picture_.row_bytes(0);
    for (std::uint32_t row = 0; row < picture_.rows(0); ++row) {
        std::memcpy(buffer.plane(0) + std::size_t{row} * buffer.pitch_bytes(0),
                    luma.data() + row * row_bytes, row_bytes);
    }
}

Result<std::uint64_t> Source::read_chroma(const Buffer& buffer, std::size_t first) {
    const std::size_t width = picture_.row_bytes(1) / 2;
    const std::uint32_t rows = picture_.rows(1);
    chroma_.resize(width * rows);
    std::vector<iovec> all{{chroma_.data(), chroma_.size()}};
    MRDA_ASSIGN(const std::uint64_t filled, fill(all));
    if (filled < chroma_.size()) {
        return filled;
    }
    for (std::uint32_t row = 0; row < rows; ++row) {
        const std::uint8_t* const from = chroma_.data() + row * width;
        std::uint8_t* const to = buffer.plane(1) + std::size_t{row} * buffer.pitch_bytes(1);
        for (std::size_t x = 0; x < width; ++x) {
            to[2 * x + first] = from[x];
        }
    }
    copied_bytes_ += filled;
    return filled;
}

void Source::draw(std::size_t plane, std::uint8_t* to, std::size_t pitch_bytes) const {
    const std::uint64_t row_bytes = picture_.row_bytes(plane);
    const auto drift = static_cast<std::uint32_t>(next_ * (plane + 2));
    for (std::uint32_t row = 0; row < picture_.rows(plane); ++row, to += pitch_bytes) {
        for (std::uint32_t x = 0; x < row_bytes; ++x) {
            // Waves that drift diagonally: smooth, and different in each frame.
            const std::uint32_t phase = (x / 4 + row + drift) & 0x7fU;
            to[x] = static_cast<std::uint8_t>(64 + (phase < 64 ? phase : 127 - phase));
        }
    }
}

}  // namespace mrda_sample_app
