// SPDX-License-Identifier: MIT
#include "mrda/interop/frame_layout.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "check.h"

namespace {

/// Takes values off the front of the input; 0 once it is used up.
class Reader {
  public:
    Reader(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    template <typename T>
    T take() {
        T value{};
        if (size_ >= sizeof value) {
            std::memcpy(&value, data_, sizeof value);
            data_ += sizeof value;
            size_ -= sizeof value;
        }
        return value;
    }

  private:
    const std::uint8_t* data_;
    std::size_t size_;
};

void check_layout(const mrda::FrameLayout& layout) {
    check(layout.packed_bytes() <= layout.size_bytes() || !layout.is_linear());
    for (std::size_t i = 0; i < layout.planes().size(); ++i) {
        const std::uint64_t offset_bytes = layout.planes()[i].offset_bytes;
        check(layout.planes()[i].pitch_bytes >= layout.row_bytes(i));
        check(offset_bytes <= layout.size_bytes());
        check(layout.plane_extent_bytes(i) <= layout.size_bytes() - offset_bytes);
    }
    check(layout.check_fits(layout.size_bytes()).ok());
    check(!layout.check_fits(layout.size_bytes() - 1).ok());
    check(!layout.to_string().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Reader reader(data, size);
    // An index finds a format far sooner than a fourcc does; the last one stands for any fourcc.
    const auto formats = mrda::pixel_formats();
    const auto index = reader.take<std::uint8_t>() % (formats.size() + 1);
    const auto fourcc = reader.take<std::uint32_t>();
    // Half of all sizes are possible ones, so that most inputs get as far as their planes.
    const auto width_px = reader.take<std::uint32_t>() % (2 * mrda::kMaxDimensionPx);
    const auto height_px = reader.take<std::uint32_t>() % (2 * mrda::kMaxDimensionPx);
    const auto modifier = reader.take<std::uint64_t>();
    std::vector<mrda::PlaneLayout> planes(reader.take<std::uint8_t>() % 5);
    for (mrda::PlaneLayout& plane : planes) {
        plane.offset_bytes = reader.take<std::uint64_t>();
        plane.pitch_bytes = reader.take<std::uint32_t>();
    }
    const auto layout =
        mrda::FrameLayout::from_planes(index < formats.size() ? formats[index].drm_fourcc : fourcc,
                                       width_px, height_px, modifier, planes);
    if (layout.ok()) {
        check_layout(*layout);
    } else {
        check(!layout.error().message.empty());
    }
    return 0;
}
