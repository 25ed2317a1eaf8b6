// SPDX-License-Identifier: MIT
#include "mrda/media/buffer.h"

#include <atomic>

namespace mrda::media {

namespace {

std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

}  // namespace

Buffer::Buffer(const mrda_buffer& view) : view_(view) {
    view_.size_bytes = sizeof view_;
    view_.id = next_id();
}

Result<void> Buffer::check(std::uint64_t offset_bytes, std::size_t bytes) const {
    if (offset_bytes > size_bytes() || bytes > size_bytes() - offset_bytes) {
        return make_error(Errc::invalid_argument, std::to_string(bytes) + " bytes at offset " +
                                                      std::to_string(offset_bytes) +
                                                      " asked of a buffer of " +
                                                      std::to_string(size_bytes()));
    }
    return {};
}

Result<void> Buffer::read(std::uint64_t offset_bytes, std::span<std::byte> into) const {
    MRDA_TRY(check(offset_bytes, into.size()));
    return copy_out(offset_bytes, into);
}

Result<void> Buffer::write(std::uint64_t offset_bytes, std::span<const std::byte> from) const {
    MRDA_TRY(check(offset_bytes, from.size()));
    return copy_in(offset_bytes, from);
}

}  // namespace mrda::media
