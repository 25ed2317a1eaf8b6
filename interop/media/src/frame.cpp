// SPDX-License-Identifier: MIT
#include "mrda/media/frame.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mrda/media/layout.h"

namespace mrda::media {

namespace {

/// Bytes of this process alone.
class HeapBuffer final : public Buffer {
  public:
    static std::shared_ptr<const Buffer> of(std::span<const std::byte> bytes) {
        std::vector<std::byte> own(bytes.begin(), bytes.end());
        mrda_buffer view{};
        view.memory = MRDA_MEMORY_PAGES;
        view.length_bytes = own.size();
        view.pages = own.data();
        view.fd = -1;
        return std::make_shared<const HeapBuffer>(view, std::move(own));
    }
    HeapBuffer(const mrda_buffer& view, std::vector<std::byte> bytes)
        : Buffer(view), bytes_(std::move(bytes)) {}

  private:
    Result<void> copy_out(std::uint64_t offset_bytes, std::span<std::byte> into) const override {
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset_bytes), into.size(),
                    into.begin());
        return {};
    }
    Result<void> copy_in(std::uint64_t /*offset_bytes*/,
                         std::span<const std::byte> /*from*/) const override {
        return make_error(Errc::unsupported, "what a codec gave is not written to; copy it");
    }

    std::vector<std::byte> bytes_;
};

/// One plane's rows, from pages to pages.
void copy_rows(const Frame& from, const FrameLayout& from_layout, const Frame& to,
               const FrameLayout& to_layout, std::size_t plane) {
    const PlaneLayout& source = from_layout.planes()[plane];
    const PlaneLayout& target = to_layout.planes()[plane];
    const auto* const read = static_cast<const std::byte*>(from.buffer->view().pages);
    auto* const written = static_cast<std::byte*>(to.buffer->view().pages);
    for (std::uint32_t row = 0; row < from_layout.rows(plane); ++row) {
        std::memcpy(written + target.offset_bytes + std::uint64_t{row} * target.pitch_bytes,
                    read + source.offset_bytes + std::uint64_t{row} * source.pitch_bytes,
                    from_layout.row_bytes(plane));
    }
}

/// One plane's rows, by way of this process where no processor reaches them.
Result<void> copy_plane(const Frame& from, const FrameLayout& from_layout, const Frame& to,
                        const FrameLayout& to_layout, std::size_t plane) {
    const std::uint64_t row_bytes = from_layout.row_bytes(plane);
    const PlaneLayout& source = from_layout.planes()[plane];
    const PlaneLayout& target = to_layout.planes()[plane];
    std::vector<std::byte> read(from_layout.plane_extent_bytes(plane));
    MRDA_TRY(from.buffer->read(source.offset_bytes, read));
    std::vector<std::byte> written(to_layout.plane_extent_bytes(plane));
    for (std::uint32_t row = 0; row < from_layout.rows(plane); ++row) {
        std::memcpy(written.data() + std::uint64_t{row} * target.pitch_bytes,
                    read.data() + std::uint64_t{row} * source.pitch_bytes, row_bytes);
    }
    return to.buffer->write(target.offset_bytes, written);
}

}  // namespace

Result<Frame> frame_of(std::shared_ptr<const Buffer> buffer, const FrameLayout& layout) {
    MRDA_TRY(layout.check_fits(buffer->size_bytes()));
    return Frame{std::move(buffer), to_media(layout), 0, false, nullptr};
}

Result<Data> data_of(std::shared_ptr<const Buffer> buffer, std::uint64_t offset_bytes,
                     std::uint64_t length_bytes) {
    if (offset_bytes > buffer->size_bytes() || length_bytes > buffer->size_bytes() - offset_bytes) {
        return make_error(Errc::invalid_argument,
                          std::to_string(length_bytes) + " bytes at offset " +
                              std::to_string(offset_bytes) + " of a buffer of " +
                              std::to_string(buffer->size_bytes()));
    }
    return Data{std::move(buffer), offset_bytes, length_bytes, 0, 0, false};
}

Data data_of(std::span<const std::byte> bytes) {
    return Data{HeapBuffer::of(bytes), 0, bytes.size(), 0, 0, false};
}

Result<std::uint64_t> copy_picture(const Frame& from, const Frame& to) {
    MRDA_ASSIGN(const FrameLayout from_layout, from_media(from.layout));
    MRDA_ASSIGN(const FrameLayout to_layout, from_media(to.layout));
    if (from_layout.format().drm_fourcc != to_layout.format().drm_fourcc ||
        from_layout.width_px() != to_layout.width_px() ||
        from_layout.height_px() != to_layout.height_px() || !from_layout.is_linear() ||
        !to_layout.is_linear()) {
        return make_error(Errc::invalid_argument, "a frame of " + from_layout.to_string() +
                                                      " is not copied into one of " +
                                                      to_layout.to_string());
    }
    MRDA_TRY(from_layout.check_fits(from.buffer->size_bytes()));
    MRDA_TRY(to_layout.check_fits(to.buffer->size_bytes()));
    const bool mapped = from.buffer->view().pages != nullptr && to.buffer->view().pages != nullptr;
    for (std::size_t plane = 0; plane < from_layout.planes().size(); ++plane) {
        if (mapped) {
            copy_rows(from, from_layout, to, to_layout, plane);
            continue;
        }
        MRDA_TRY(copy_plane(from, from_layout, to, to_layout, plane));
    }
    return from_layout.packed_bytes();
}

}  // namespace mrda::media
