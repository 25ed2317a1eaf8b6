// SPDX-License-Identifier: MIT
#include "mrda/vaapi/video_processor.h"

#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "mrda/vaapi/image.h"
#include "mrda/vaapi/import.h"
#include "support/platform.h"
#include "vaapi/frame_memory.h"

namespace mrda::vaapi {
namespace {

using test::FrameMemory;
using ::testing::HasSubstr;

// libyuv's box filter makes colours up to 2 darker, which is 42 dB, and rounds beside that.
constexpr double kEnoughDb = 38;

/// A component's level at a place of the picture, from 0 to 1 in both directions.
using Level = std::function<double(double x, double y)>;

double ramp(double x, double y) {
    return 30 + 90 * x + 100 * y;
}
double quarter(double x, double y) {
    return x < 0.5 && y < 0.5 ? 220 : 40;
}

class VideoProcessorTest : public test::DisplayTest {
  protected:
    Surface surface(std::uint32_t fourcc, std::uint32_t width, std::uint32_t height) {
        return Surface::allocate(*display_, fourcc, width, height).value();
    }
    /// Whether the driver makes it; a GPU's need not make each.
    Result<VideoProcessor> open(const Surface& target) {
        return VideoProcessor::open(*display_, target.format().drm_fourcc, target.width_px(),
                                    target.height_px());
    }
    /// Calls with each component of the picture: its place, and its bytes, of P010 the upper ones.
    void visit(const Surface& surface,
               const std::function<void(double, double, std::uint8_t&)>& call) {
        const auto image = MappedImage::map(surface, ledger_);
        ASSERT_TRUE(image.ok()) << to_string(image.error());
        const PixelFormat& format = surface.format();
        const std::size_t component_bytes = format.bit_depth > 8 ? 2 : 1;
        for (std::size_t plane = 0; plane < format.plane_count; ++plane) {
            const std::size_t blocks = (surface.width_px() + format.planes[plane].horizontal - 1U) /
                                       format.planes[plane].horizontal;
            const std::size_t block_bytes = format.planes[plane].block_bytes;
            const std::size_t rows = format.planes[plane].rows(surface.height_px());
            for (std::size_t y = 0; y < rows; ++y) {
                auto* const row = reinterpret_cast<std::uint8_t*>(image->plane(plane)) +
                                  y * image->pitch_bytes(plane);
                for (std::size_t byte = component_bytes - 1; byte < blocks * block_bytes;
                     byte += component_bytes) {
                    call((static_cast<double>(byte / block_bytes) + 0.5) /
                             static_cast<double>(blocks),
                         (static_cast<double>(y) + 0.5) / static_cast<double>(rows), row[byte]);
                }
            }
        }
    }
    void fill(const Surface& surface, const Level& level) {
        visit(surface, [&](double x, double y, std::uint8_t& byte) {
            byte = static_cast<std::uint8_t>(std::lround(level(x, y)));
        });
    }
    double psnr(const Surface& surface, const Level& level) {
        double squares = 0;
        double count = 0;
        visit(surface, [&](double x, double y, std::uint8_t& byte) {
            squares += std::pow(byte - level(x, y), 2);
            ++count;
        });
        return 10 * std::log10(255.0 * 255.0 * count / (squares + 1e-9));
    }
    void process(const Surface& source, const Surface& target, const ProcessOptions& options = {}) {
        auto processor = open(target);
        ASSERT_TRUE(processor.ok()) << to_string(processor.error());
        const auto begun = processor->process(source, target, options);
        ASSERT_TRUE(begun.ok()) << to_string(begun.error());
        ASSERT_TRUE(target.wait().ok());
    }

    CopyLedger ledger_;
};

TEST_F(VideoProcessorTest, scales_every_format_that_the_driver_offers) {
    for (const PixelFormat& format : pixel_formats()) {
        // The pixels of YUY2 share chroma, so a place is not a component's.
        if (format.drm_fourcc == DRM_FORMAT_YUYV) {
            continue;
        }
        SCOPED_TRACE(std::string(format.name));
        auto source = Surface::allocate(*display_, format.drm_fourcc, 320, 192);
        if (!source && test::platform() == Platform::gpu) {
            continue;
        }
        fill(*source, ramp);
        for (const auto& [width, height] :
             {std::pair{160U, 96U}, {320U, 192U}, {640U, 384U}, {200U, 300U}, {72U, 50U}}) {
            const Surface target = surface(format.drm_fourcc, width, height);
            if (test::platform() == Platform::gpu && !open(target).ok()) {
                continue;
            }
            process(*source, target);
            const double seen = psnr(target, ramp);
            EXPECT_TRUE(seen > kEnoughDb || !test::computes_pixels())
                << width << "x" << height << ": " << seen << " dB";
        }
    }
    MRDA_NEEDS_PIXELS("the scaled pictures are compared");
}

TEST_F(VideoProcessorTest, keeps_a_plain_colour_plain_and_converts_it) {
    const Surface source = surface(DRM_FORMAT_XRGB8888, 320, 192);
    fill(source, [](double, double) { return 128; });
    for (const std::uint32_t fourcc : {DRM_FORMAT_NV12, DRM_FORMAT_P010}) {
        const Surface target = surface(fourcc, 160, 96);
        process(source, target);
        visit(target, [](double, double, std::uint8_t& byte) {
            if (test::computes_pixels()) {
                ASSERT_NEAR(byte, 127, 2);  // Grey: luma 16 + 219 / 2, chroma 128.
            }
        });
    }
    MRDA_NEEDS_PIXELS("the converted pictures are compared");
}

TEST_F(VideoProcessorTest, mirrors_and_turns_clockwise_then_mirrors) {
    const Surface source = surface(DRM_FORMAT_NV12, 128, 64);
    fill(source, quarter);  // Light at the upper left.
    struct Case {
        Rotation rotation;
        Mirror mirror;
        Level expected;
    };
    const auto at_upper_right = [](double x, double y) { return quarter(1 - x, y); };
    const auto at_lower_left = [](double x, double y) { return quarter(x, 1 - y); };
    const auto at_lower_right = [](double x, double y) { return quarter(1 - x, 1 - y); };
    const Case cases[] = {{Rotation::none, Mirror::none, quarter},
                          {Rotation::none, Mirror::horizontal, at_upper_right},
                          {Rotation::none, Mirror::vertical, at_lower_left},
                          {Rotation::by_90, Mirror::none, at_upper_right},
                          {Rotation::by_180, Mirror::none, at_lower_right},
                          {Rotation::by_270, Mirror::none, at_lower_left},
                          {Rotation::by_90, Mirror::horizontal, quarter},
                          {Rotation::by_90, Mirror::vertical, at_lower_right}};
    for (const Case& wanted : cases) {
        SCOPED_TRACE(std::string(to_string(wanted.rotation)) + " " +
                     std::string(to_string(wanted.mirror)));
        const bool sideways =
            wanted.rotation == Rotation::by_90 || wanted.rotation == Rotation::by_270;
        const Surface target = surface(DRM_FORMAT_NV12, sideways ? 64 : 128, sideways ? 128 : 64);
        auto processor = open(target);
        ASSERT_TRUE(processor.ok()) << to_string(processor.error());
        ProcessOptions options;
        options.rotation = wanted.rotation;
        options.mirror = wanted.mirror;
        if (!processor->can(wanted.rotation) || !processor->can(wanted.mirror)) {
            EXPECT_EQ(processor->process(source, target, options).error().code, Errc::unsupported);
            continue;
        }
        ASSERT_TRUE(processor->process(source, target, options).ok());
        ASSERT_TRUE(target.wait().ok());
        const double seen = psnr(target, wanted.expected);
        EXPECT_TRUE(seen > kEnoughDb || !test::computes_pixels()) << seen << " dB";
    }
    MRDA_NEEDS_PIXELS("the turned pictures are compared");
}

TEST_F(VideoProcessorTest, takes_a_part_of_the_source_to_a_part_of_the_target) {
    const Surface source = surface(DRM_FORMAT_NV12, 128, 64);
    fill(source, quarter);
    const Surface target = surface(DRM_FORMAT_NV12, 256, 256);
    fill(target, [](double, double) { return 90; });
    ProcessOptions options;
    options.source = Rectangle{0, 0, 64, 32};
    options.target = Rectangle{128, 64, 64, 64};
    process(source, target, options);
    MRDA_NEEDS_PIXELS("the part that was drawn is looked at");
    visit(target, [](double x, double y, std::uint8_t& byte) {
        const bool inside = x >= 0.5 && x < 0.75 && y >= 0.25 && y < 0.5;
        if (inside || test::platform() == Platform::software) {
            ASSERT_NEAR(byte, inside ? 220 : 90, inside ? 3 : 0) << x << " " << y;
        }
    });
}

TEST_F(VideoProcessorTest, works_in_imported_memory_whatever_its_pitch) {
    MRDA_ONLY_ON(software, "the memory is a memfd");
    constexpr std::uint32_t kPitch = 512;
    const auto layout = [&](std::uint32_t width, std::uint32_t height) {
        const PlaneLayout planes[] = {{0, kPitch}, {std::uint64_t{kPitch} * height, kPitch}};
        return FrameLayout::from_planes(DRM_FORMAT_NV12, width, height, DRM_FORMAT_MOD_LINEAR,
                                        planes)
            .value();
    };
    const FrameLayout from = layout(320, 192);
    const FrameLayout to = layout(160, 96);
    const FrameMemory input(from.size_bytes());
    const FrameMemory output(to.size_bytes());
    const auto source = import_surface(*display_, {&input.buffer(), nullptr, 0}, from);
    const auto target = import_surface(*display_, {&output.buffer(), nullptr, 0}, to);
    ASSERT_TRUE(source.ok() && target.ok());
    fill(source->surface, ramp);
    const std::byte padding = output.frame()[kPitch - 1];
    process(source->surface, target->surface);
    EXPECT_GT(psnr(target->surface, ramp), kEnoughDb);
    EXPECT_NEAR(std::to_integer<int>(output.frame()[0]), ramp(0, 0), 2);  // The very memory.
    EXPECT_EQ(output.frame()[kPitch - 1], padding);
}

TEST_F(VideoProcessorTest, sharpens_and_smooths_within_the_drivers_range) {
    const Surface source = surface(DRM_FORMAT_NV12, 128, 64);
    const auto step = [](double x, double) { return x < 0.5 ? 100 : 140; };
    fill(source, step);
    const Surface target = surface(DRM_FORMAT_NV12, 128, 64);
    auto processor = open(target);
    ASSERT_TRUE(processor.ok());
    const auto height_of_step = [&](VideoFilter filter, float value) {
        ProcessOptions options;
        options.filters[static_cast<std::size_t>(filter)] = value;
        EXPECT_TRUE(processor->process(source, target, options).ok());
        int lowest = 255;
        int highest = 0;
        visit(target, [&](double, double, std::uint8_t& byte) {
            lowest = std::min(lowest, int{byte});
            highest = std::max(highest, int{byte});
        });
        return highest - lowest;
    };
    for (const VideoFilter filter : {VideoFilter::sharpening, VideoFilter::noise_reduction}) {
        const auto range = processor->range_of(filter);
        if (!range) {
            continue;
        }
        const int height = height_of_step(filter, range->most);
        EXPECT_TRUE((filter == VideoFilter::sharpening ? height > 45 : height <= 40) ||
                    !test::computes_pixels())
            << height;
        ProcessOptions beyond;
        beyond.filters[static_cast<std::size_t>(filter)] = range->most + 1;
        const auto refused = processor->process(source, target, beyond);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Errc::invalid_argument);
        EXPECT_THAT(refused.error().message, HasSubstr(std::string(to_string(filter))));
    }
    MRDA_NEEDS_PIXELS("the filtered pictures are compared");
}

TEST_F(VideoProcessorTest, waits_for_what_it_began_before_it_goes) {
    const Surface source = surface(DRM_FORMAT_NV12, 128, 64);
    const Surface target = surface(DRM_FORMAT_NV12, 64, 32);
    {
        auto processor = open(target);
        ASSERT_TRUE(processor.ok());
        ASSERT_TRUE(processor->process(source, target).ok());
    }
    EXPECT_TRUE(target.wait().ok());
    EXPECT_TRUE(target.wait(1'000'000'000).ok());
    EXPECT_TRUE(MappedImage::map(target, ledger_).ok());
}

TEST_F(VideoProcessorTest, refuses_what_cannot_be_by_name_and_goes_on) {
    const Surface source = surface(DRM_FORMAT_NV12, 128, 64);
    const Surface target = surface(DRM_FORMAT_NV12, 64, 32);
    auto processor = open(target);
    ASSERT_TRUE(processor.ok());
    const auto refused = [&](const Surface& from, const Surface& to, const ProcessOptions& options,
                             const char* words) {
        const auto done = processor->process(from, to, options);
        ASSERT_FALSE(done.ok()) << words;
        EXPECT_EQ(done.error().code, Errc::invalid_argument);
        EXPECT_THAT(done.error().message, HasSubstr(words));
    };
    refused(source, source, {}, "a target of NV12 128x64");
    refused(target, target, {}, "which is its own source");
    ProcessOptions part;
    part.source = Rectangle{100, 0, 64, 64};
    refused(source, target, part, "source rectangle 64x64 at 100,0");
    part.source = Rectangle{1, 0, 64, 64};
    refused(source, target, part, "chroma sample");
    part.source.reset();
    part.target = Rectangle{0, 0, 0, 32};
    refused(source, target, part, "target rectangle 0x32");
    EXPECT_TRUE(processor->process(source, target).ok());
    EXPECT_TRUE(target.sync().wait(1'000'000'000).ok());
}

TEST_F(VideoProcessorTest, of_a_size_or_format_that_the_driver_does_not_make_is_refused) {
    MRDA_ONLY_ON(software, "what drivers make differs");
    const auto large = VideoProcessor::open(*display_, DRM_FORMAT_NV12, 16384, 64);
    ASSERT_FALSE(large.ok());
    EXPECT_EQ(large.error().code, Errc::unsupported);
    const auto unknown = VideoProcessor::open(*display_, DRM_FORMAT_R8, 64, 64);
    ASSERT_FALSE(unknown.ok());
    EXPECT_THAT(unknown.error().message, HasSubstr("R8"));
}

TEST_F(VideoProcessorTest, opened_and_used_500_times_leaves_no_descriptor_and_no_mapping) {
    const Surface source = surface(DRM_FORMAT_NV12, 128, 64);
    const Surface target = surface(DRM_FORMAT_NV12, 64, 32);
    process(source, target);
    for (int i = 0; i < 20 && test::platform() == Platform::gpu; ++i) {
        process(source, target);  // Its drivers fill caches.
    }
    const auto before = test::process_counts();
    for (int i = 0; i < 500 && !HasFatalFailure(); ++i) {
        process(source, target);
    }
    const auto after = test::process_counts();
    EXPECT_EQ(after.descriptors, before.descriptors);
    // A driver's caches may still grow now and then.
    EXPECT_LE(after.mappings, before.mappings + (test::platform() == Platform::gpu ? 20U : 0U));
}

}  // namespace
}  // namespace mrda::vaapi
