// SPDX-License-Identifier: MIT
#include "mrda/media/frame.h"

#include <numeric>

#include "mrda/media/layout.h"
#include "stages_fixture.h"

namespace mrda::media {
namespace {

class MediaFrame : public testing::Test {
  protected:
    const std::shared_ptr<Device> device_ = make_host_device(0);
};

TEST_F(MediaFrame, is_made_of_a_buffer_and_its_copies_share_that) {
    const FrameLayout layout = nv12(64, 32);
    std::shared_ptr<const Buffer> buffer = device_->allocate(1, layout.size_bytes()).value();
    Frame frame = frame_of(buffer, layout).value();
    const Frame clone = frame;
    EXPECT_EQ(clone.buffer, frame.buffer);
    const std::weak_ptr<const Buffer> watched = buffer;
    buffer.reset();
    frame = {};
    EXPECT_FALSE(watched.expired());
    expect_error(frame_of(clone.buffer, nv12(128, 32)), Errc::invalid_argument, "bytes");
}

TEST_F(MediaFrame, data_lies_within_its_buffer) {
    const std::shared_ptr<const Buffer> buffer = device_->allocate(0, 100).value();
    EXPECT_EQ(data_of(buffer, 60, 40)->length_bytes, 40U);
    expect_error(data_of(buffer, 60, 41), Errc::invalid_argument, "41 bytes at offset 60");
    expect_error(data_of(buffer, ~std::uint64_t{0}, 2), Errc::invalid_argument, "buffer of 100");
}

TEST_F(MediaFrame, data_of_bytes_is_a_copy_that_nobody_writes) {
    std::vector<std::byte> bytes(5, std::byte{1});
    const Data data = data_of(bytes);
    bytes[0] = std::byte{2};
    std::array<std::byte, 5> seen{};
    ASSERT_TRUE(data.buffer->read(0, seen).ok());
    EXPECT_EQ(seen[0], std::byte{1});
    EXPECT_EQ(data.buffer->write(0, bytes).error().code, Errc::unsupported);
}

TEST_F(MediaFrame, is_copied_row_by_row_into_another_pitch_and_bank) {
    const FrameLayout wide =
        FrameLayout::linear(DRM_FORMAT_NV12, 16, 8, {.pitch_bytes = 128, .rows = 4}).value();
    const FrameLayout narrow =
        FrameLayout::linear(DRM_FORMAT_NV12, 16, 8, {.pitch_bytes = 16, .rows = 1}).value();
    const Frame from = frame_of(device_->allocate(1, wide.size_bytes()).value(), wide).value();
    const Frame to = frame_of(device_->allocate(0, narrow.size_bytes()).value(), narrow).value();
    std::vector<std::uint8_t> pixels(wide.size_bytes());
    std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
    ASSERT_TRUE(from.buffer->write(0, std::as_bytes(std::span(pixels))).ok());
    EXPECT_EQ(copy_picture(from, to).value(), 16U * 12U);
    const auto* const seen = static_cast<const std::uint8_t*>(to.buffer->view().pages);
    for (std::uint32_t row = 0; row < 12; ++row) {
        for (std::uint32_t x = 0; x < 16; ++x) {
            ASSERT_EQ(seen[row * 16 + x], pixels[row * 128 + x]) << row << " " << x;
        }
    }
}

TEST_F(MediaFrame, is_not_copied_into_another_size) {
    const Frame from = frame_of(device_->allocate(0, 1 << 16).value(), nv12(64, 32)).value();
    const Frame to = frame_of(device_->allocate(0, 1 << 16).value(), nv12(64, 64)).value();
    expect_error(copy_picture(from, to), Errc::invalid_argument, "is not copied into");
}

}  // namespace
}  // namespace mrda::media
