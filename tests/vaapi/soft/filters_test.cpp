// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <limits>

#include "video_proc_display.h"

namespace mrda::va_soft {
namespace {

constexpr unsigned kWidth = 64;
constexpr unsigned kHeight = 32;

class SoftFilters : public VideoProcDisplay {
  protected:
    VABufferID filter(VAProcFilterType type, float value) {
        VAProcFilterParameterBuffer parameters{};
        parameters.type = type;
        parameters.value = value;
        VABufferID buffer = VA_INVALID_ID;
        EXPECT_EQ(vaCreateBuffer(display_, context_, VAProcFilterParameterBufferType,
                                 sizeof parameters, 1, &parameters, &buffer),
                  VA_STATUS_SUCCESS);
        return buffer;
    }
    /// Luma, or blue, in the middle of each stripe; in bytes, of P010 the upper ones.
    std::uint8_t* sample(std::uint8_t* data, const VAImage& image, unsigned x, unsigned y) {
        const unsigned bytes = image.format.fourcc == VA_FOURCC_NV12   ? 1
                               : image.format.fourcc == VA_FOURCC_BGRA ? 4
                                                                       : 2;
        const unsigned upper = image.format.fourcc == VA_FOURCC_P010 ? 1 : 0;
        return data + y * image.pitches[0] + x * bytes + upper;
    }
    /// Vertical stripes, each eight pixels wide, of 100 and 140.
    VASurfaceID stripes(std::uint32_t fourcc) {
        const VASurfaceID surface = create(fourcc, kWidth, kHeight);
        VAImage image{};
        std::uint8_t* const data = map(surface, image);
        for (unsigned y = 0; y < kHeight; ++y) {
            for (unsigned x = 0; x < kWidth; ++x) {
                *sample(data, image, x, y) = x / 8 % 2 == 0 ? 100 : 140;
            }
        }
        unmap(image);
        return surface;
    }
    /// How far the two pixels at a stripe's edge are apart, and within a stripe.
    std::pair<int, int> contrast(VASurfaceID surface) {
        VAImage image{};
        std::uint8_t* const data = map(surface, image);
        const auto at = [&](unsigned x) { return int{*sample(data, image, x, kHeight / 2)}; };
        const std::pair<int, int> found{std::abs(at(8) - at(7)), std::abs(at(4) - at(3))};
        unmap(image);
        return found;
    }
    VAStatus process_with(VASurfaceID target, VASurfaceID source, std::vector<VABufferID> filters) {
        VAProcPipelineParameterBuffer parameters{};
        parameters.surface = source;
        parameters.filters = filters.data();
        parameters.num_filters = static_cast<std::uint32_t>(filters.size());
        return process(target, parameters);
    }
};

TEST_F(SoftFilters, are_listed_with_their_range) {
    VAProcFilterType types[VAProcFilterCount]{};
    unsigned count = 1;
    EXPECT_EQ(vaQueryVideoProcFilters(display_, context_, types, &count),
              VA_STATUS_ERROR_MAX_NUM_EXCEEDED);
    ASSERT_EQ(count, 2U);
    ASSERT_EQ(vaQueryVideoProcFilters(display_, context_, types, &count), VA_STATUS_SUCCESS);
    EXPECT_EQ(types[0], VAProcFilterNoiseReduction);
    EXPECT_EQ(types[1], VAProcFilterSharpening);
    VAProcFilterCap caps{};
    count = 1;
    ASSERT_EQ(vaQueryVideoProcFilterCaps(display_, context_, types[1], &caps, &count),
              VA_STATUS_SUCCESS);
    EXPECT_EQ(caps.range.min_value, 0);
    EXPECT_EQ(caps.range.max_value, 64);
    EXPECT_EQ(
        vaQueryVideoProcFilterCaps(display_, context_, VAProcFilterDeinterlacing, &caps, &count),
        VA_STATUS_ERROR_UNSUPPORTED_FILTER);
}

TEST_F(SoftFilters, sharpen_edges_and_smooth_them_and_leave_plain_parts_alone) {
    for (const std::uint32_t fourcc :
         {VA_FOURCC_NV12, VA_FOURCC_P010, VA_FOURCC_YUY2, VA_FOURCC_BGRA}) {
        const VASurfaceID source = stripes(fourcc);
        const VASurfaceID target = create(fourcc, kWidth, kHeight);
        ASSERT_EQ(process_with(target, source, {filter(VAProcFilterSharpening, 64)}),
                  VA_STATUS_SUCCESS);
        // A third of the step, on either side.
        EXPECT_NEAR(contrast(target).first, 40 + 2 * 13, 2) << fourcc;
        EXPECT_EQ(contrast(target).second, 0) << fourcc;
        ASSERT_EQ(process_with(target, source, {filter(VAProcFilterNoiseReduction, 64)}),
                  VA_STATUS_SUCCESS);
        EXPECT_NEAR(contrast(target).first, 40 - 2 * 13, 2) << fourcc;
        EXPECT_EQ(contrast(target).second, 0) << fourcc;
        ASSERT_EQ(process_with(target, source, {filter(VAProcFilterNoiseReduction, 0)}),
                  VA_STATUS_SUCCESS);
        EXPECT_EQ(contrast(target).first, 40) << fourcc;
    }
}

TEST_F(SoftFilters, that_are_none_are_refused) {
    const VASurfaceID source = stripes(VA_FOURCC_NV12);
    const VASurfaceID target = create(VA_FOURCC_NV12, kWidth, kHeight);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const float value : {-1.0F, 65.0F, nan}) {
        EXPECT_EQ(process_with(target, source, {filter(VAProcFilterSharpening, value)}),
                  VA_STATUS_ERROR_INVALID_PARAMETER);
    }
    EXPECT_EQ(process_with(target, source, {filter(VAProcFilterDeinterlacing, 0)}),
              VA_STATUS_ERROR_UNSUPPORTED_FILTER);
    EXPECT_EQ(process_with(target, source, {VA_INVALID_ID}), VA_STATUS_ERROR_INVALID_BUFFER);
    VAProcPipelineCaps caps{};
    VABufferID good = filter(VAProcFilterSharpening, 10);
    EXPECT_EQ(vaQueryVideoProcPipelineCaps(display_, context_, &good, 1, &caps), VA_STATUS_SUCCESS);
    VABufferID unknown = filter(VAProcFilterDeinterlacing, 0);
    EXPECT_EQ(vaQueryVideoProcPipelineCaps(display_, context_, &unknown, 1, &caps),
              VA_STATUS_ERROR_UNSUPPORTED_FILTER);
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = source;
    parameters.num_filters = 1;
    EXPECT_EQ(process(target, parameters), VA_STATUS_ERROR_INVALID_PARAMETER);
}

}  // namespace
}  // namespace mrda::va_soft
