// SPDX-License-Identifier: MIT
#include <algorithm>
#include <thread>

#include "video_proc_display.h"

namespace mrda::va_soft {
namespace {

class SoftVideoProc : public VideoProcDisplay {
  protected:
    VASurfaceID plain(std::uint8_t value) {
        const VASurfaceID surface = create(VA_FOURCC_BGRA, 64, 64);
        VAImage image{};
        std::fill_n(map(surface, image), std::size_t{64} * 256, value);
        unmap(image);
        return surface;
    }
};

TEST_F(SoftVideoProc, a_source_region_fills_the_output_region_and_nothing_else) {
    const VASurfaceID source = create(VA_FOURCC_BGRA, 64, 64);
    VAImage image{};
    std::uint8_t* data = map(source, image);
    for (std::uint32_t y = 32; y < 64; ++y) {
        std::fill_n(data + y * image.pitches[0], 256, std::uint8_t{0xcc});
    }
    unmap(image);
    const VASurfaceID target = plain(0x11);
    const VARectangle lower{0, 32, 64, 32};
    const VARectangle corner{48, 40, 16, 24};
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = source;
    parameters.surface_region = &lower;
    parameters.output_region = &corner;
    ASSERT_EQ(process(target, parameters), VA_STATUS_SUCCESS);
    data = map(target, image);
    for (std::uint32_t y = 0; y < 64; ++y) {
        for (std::uint32_t x = 0; x < 64; ++x) {
            const bool inside = x >= 48 && y >= 40;
            // libyuv's box filter gives a plain colour back up to 2 darker.
            EXPECT_NEAR(data[y * image.pitches[0] + 4 * x], inside ? 0xcc : 0x11, inside ? 2 : 0);
        }
    }
    unmap(image);
}

TEST_F(SoftVideoProc, a_picture_of_several_sources_is_composed_in_order) {
    const VASurfaceID target = plain(0);
    const VARectangle left{0, 0, 32, 64};
    VABufferID buffers[2]{};
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = plain(0x22);
    ASSERT_EQ(vaCreateBuffer(display_, context_, VAProcPipelineParameterBufferType,
                             sizeof parameters, 1, &parameters, &buffers[0]),
              VA_STATUS_SUCCESS);
    parameters.surface = plain(0x33);
    parameters.output_region = &left;
    ASSERT_EQ(vaCreateBuffer(display_, context_, VAProcPipelineParameterBufferType,
                             sizeof parameters, 1, &parameters, &buffers[1]),
              VA_STATUS_SUCCESS);
    ASSERT_EQ(vaBeginPicture(display_, context_, target), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaRenderPicture(display_, context_, buffers, 2), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaEndPicture(display_, context_), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaSyncSurface(display_, target), VA_STATUS_SUCCESS);
    VAImage image{};
    const std::uint8_t* data = map(target, image);
    EXPECT_NEAR(data[0], 0x33, 2);
    EXPECT_EQ(data[4 * 32], 0x22);
    unmap(image);
}

TEST_F(SoftVideoProc, what_is_not_implemented_is_refused_by_name) {
    const VASurfaceID target = plain(0);
    VAProcPipelineParameterBuffer good{};
    good.surface = plain(1);
    const auto refused = [&](VAStatus status, auto spoil) {
        VAProcPipelineParameterBuffer parameters = good;
        spoil(parameters);
        EXPECT_EQ(process(target, parameters), status) << said_;
    };
    using P = VAProcPipelineParameterBuffer;
    constexpr VAStatus kUnimplemented = VA_STATUS_ERROR_UNIMPLEMENTED;
    VABlendState blend{};
    blend.flags = VA_BLEND_GLOBAL_ALPHA;
    const VARectangle part{0, 0, 32, 32};
    const VARectangle outside{40, 0, 32, 32};
    const VARectangle empty{0, 0, 0, 32};
    refused(VA_STATUS_ERROR_INVALID_PARAMETER, [](P& p) { p.rotation_state = 4; });
    refused(VA_STATUS_ERROR_INVALID_PARAMETER, [](P& p) { p.mirror_state = 4; });
    refused(kUnimplemented, [&](P& p) { p.blend_state = &blend; });
    refused(kUnimplemented, [](P& p) { p.num_additional_outputs = 1; });
    refused(kUnimplemented, [](P& p) { p.pipeline_flags = VA_PROC_PIPELINE_SUBPICTURES; });
    refused(kUnimplemented, [](P& p) { p.filter_flags = VA_TOP_FIELD; });
    refused(kUnimplemented, [](P& p) { p.filter_flags = VA_FILTER_SCALING_NL_ANAMORPHIC; });
    refused(kUnimplemented, [](P& p) { p.input_surface_flag = VA_TOP_FIELD_FIRST; });
    refused(kUnimplemented,
            [&](P& p) { p.output_region = &part, p.output_background_color = 0xff000000; });
    refused(VA_STATUS_ERROR_INVALID_PARAMETER, [&](P& p) { p.output_region = &outside; });
    refused(VA_STATUS_ERROR_INVALID_PARAMETER, [&](P& p) { p.surface_region = &empty; });
    refused(VA_STATUS_ERROR_INVALID_PARAMETER, [&](P& p) { p.surface = target; });
    refused(VA_STATUS_ERROR_INVALID_SURFACE, [](P& p) { p.surface = VA_INVALID_SURFACE; });
    EXPECT_EQ(process(target, good), VA_STATUS_SUCCESS);
}

TEST_F(SoftVideoProc, pictures_follow_begin_render_end) {
    const VASurfaceID target = plain(0);
    VABufferID none = VA_INVALID_ID;
    EXPECT_EQ(vaEndPicture(display_, context_), VA_STATUS_ERROR_OPERATION_FAILED);
    EXPECT_EQ(vaRenderPicture(display_, context_, &none, 1), VA_STATUS_ERROR_OPERATION_FAILED);
    EXPECT_EQ(vaBeginPicture(display_, context_, VA_INVALID_SURFACE),
              VA_STATUS_ERROR_INVALID_SURFACE);
    ASSERT_EQ(vaBeginPicture(display_, context_, target), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaBeginPicture(display_, context_, target), VA_STATUS_ERROR_OPERATION_FAILED);
    EXPECT_EQ(vaRenderPicture(display_, context_, &none, 1), VA_STATUS_ERROR_INVALID_BUFFER);
    EXPECT_EQ(vaEndPicture(display_, context_), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaDestroyContext(display_, context_), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaBeginPicture(display_, context_, target), VA_STATUS_ERROR_INVALID_CONTEXT);
}

TEST_F(SoftVideoProc, a_surface_destroyed_within_the_picture_is_still_processed) {
    VASurfaceID source = plain(0x44);
    const VASurfaceID target = plain(0);
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = source;
    VABufferID buffer = VA_INVALID_ID;
    ASSERT_EQ(vaCreateBuffer(display_, context_, VAProcPipelineParameterBufferType,
                             sizeof parameters, 1, &parameters, &buffer),
              VA_STATUS_SUCCESS);
    ASSERT_EQ(vaBeginPicture(display_, context_, target), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaRenderPicture(display_, context_, &buffer, 1), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaDestroySurfaces(display_, &source, 1), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaEndPicture(display_, context_), VA_STATUS_SUCCESS);
    VAImage image{};
    EXPECT_EQ(map(target, image)[0], 0x44);
    unmap(image);
}

TEST_F(SoftVideoProc, the_pipeline_names_its_formats_and_turns) {
    VAProcPipelineCaps caps{};
    ASSERT_EQ(vaQueryVideoProcPipelineCaps(display_, context_, nullptr, 0, &caps),
              VA_STATUS_SUCCESS);
    EXPECT_EQ(caps.num_input_pixel_formats, 9U);
    EXPECT_EQ(caps.num_output_pixel_formats, 9U);
    EXPECT_EQ(caps.max_output_width, 8192U);
    EXPECT_EQ(caps.rotation_flags, 0xfU);
    EXPECT_EQ(caps.mirror_flags, std::uint32_t{VA_MIRROR_HORIZONTAL | VA_MIRROR_VERTICAL});
    EXPECT_EQ(vaQueryVideoProcPipelineCaps(display_, VA_INVALID_ID, nullptr, 0, &caps),
              VA_STATUS_ERROR_INVALID_CONTEXT);
}

TEST_F(SoftVideoProc, pictures_that_are_each_others_source_do_not_wait_for_each_other) {
    const VASurfaceID one = plain(1);
    const VASurfaceID other = plain(1);
    const auto process_often = [&](VAContextID context, VASurfaceID target, VASurfaceID source) {
        VAProcPipelineParameterBuffer parameters{};
        parameters.surface = source;
        const VARectangle left{0, 0, 32, 64};
        const VARectangle right{32, 0, 32, 64};
        parameters.surface_region = target == one ? &left : &right;
        parameters.output_region = parameters.surface_region;
        VABufferID buffer = VA_INVALID_ID;
        ASSERT_EQ(vaCreateBuffer(display_, context, VAProcPipelineParameterBufferType,
                                 sizeof parameters, 1, &parameters, &buffer),
                  VA_STATUS_SUCCESS);
        for (int round = 0; round < 200; ++round) {
            ASSERT_EQ(vaBeginPicture(display_, context, target), VA_STATUS_SUCCESS);
            ASSERT_EQ(vaRenderPicture(display_, context, &buffer, 1), VA_STATUS_SUCCESS);
            ASSERT_EQ(vaEndPicture(display_, context), VA_STATUS_SUCCESS);
        }
    };
    VAContextID second = VA_INVALID_ID;
    ASSERT_EQ(vaCreateContext(display_, config_, 0, 0, 0, nullptr, 0, &second), VA_STATUS_SUCCESS);
    std::jthread thread([&] { process_often(second, other, one); });
    process_often(context_, one, other);
}

TEST_F(SoftVideoProc, other_threads_may_sync_while_pictures_are_made) {
    const VASurfaceID source = create(VA_FOURCC_NV12, 1280, 720);
    const VASurfaceID target = create(VA_FOURCC_BGRA, 1920, 1080);
    std::jthread syncing([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            EXPECT_EQ(vaSyncSurface(display_, target), VA_STATUS_SUCCESS);
        }
    });
    VAProcPipelineParameterBuffer parameters{};
    parameters.surface = source;
    for (int round = 0; round < 10; ++round) {
        EXPECT_EQ(process(target, parameters), VA_STATUS_SUCCESS);
    }
}

}  // namespace
}  // namespace mrda::va_soft
