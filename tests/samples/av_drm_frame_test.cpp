// SPDX-License-Identifier: MIT
#include "ffmpeg_frame/av_drm_frame.h"

extern "C" {
#include <libavutil/error.h>
}
#include <drm_fourcc.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/memfd.h"

namespace ffmpeg_frame {
namespace {

using mrda::DmaBuf;
using mrda::Errc;
using mrda::FrameLayout;
using testing::HasSubstr;

constexpr std::uint64_t kCompressed = I915_FORMAT_MOD_Y_TILED_GEN12_MC_CCS;

DmaBuf object_of(std::uint64_t size_bytes, std::uint64_t offset_bytes = 0) {
    auto made = DmaBuf::adopt(mrda::test::new_memfd(offset_bytes + size_bytes), offset_bytes,
                              size_bytes, "a test");
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return std::move(*made);
}

FrameLayout layout_of(std::uint32_t drm_fourcc) {
    return *FrameLayout::linear(drm_fourcc, 320, 192);
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

AVDRMFrameDescriptor& descriptor_of(const AvFrame& frame) {
    return *reinterpret_cast<AVDRMFrameDescriptor*>(frame.get()->data[0]);
}

RC_GTEST_PROP(AvDrmFrame, leads_back_to_the_same_memory_and_layout, ()) {
    const auto formats = mrda::pixel_formats();
    const auto& format = formats[*rc::gen::inRange<std::size_t>(0, formats.size())];
    const auto layers = *rc::gen::element(Layers::separate, Layers::composed);
    const auto layout =
        FrameLayout::linear(format.drm_fourcc, 2 * *rc::gen::inRange<std::uint32_t>(1, 1000),
                            2 * *rc::gen::inRange<std::uint32_t>(1, 1000),
                            {.pitch_bytes = 1U << *rc::gen::inRange(6U, 13U)});
    RC_ASSERT(layout.ok());
    const auto base_bytes = std::uint64_t{4096} * *rc::gen::inRange(0U, 4U);
    DmaBuf object = object_of(layout->size_bytes(), base_bytes);
    const mrda::ObjectIdentity identity = object.identity();
    const auto frame = make_av_frame(std::move(object), *layout, layers, nullptr);
    const auto name = av_format_of(format);
    RC_ASSERT(frame.ok() && name.ok());
    const auto back = from_av_drm_frame(*frame->get(), *name);
    RC_ASSERT(back.ok());
    RC_ASSERT(back->object.identity() == identity);
    RC_ASSERT(back->object.offset_bytes() == 0U);
    RC_ASSERT(back->object.size_bytes() == base_bytes + layout->size_bytes());
    std::vector<mrda::PlaneLayout> planes(layout->planes().begin(), layout->planes().end());
    for (mrda::PlaneLayout& plane : planes) {
        plane.offset_bytes += base_bytes;
    }
    const auto moved = FrameLayout::from_planes(format.drm_fourcc, layout->width_px(),
                                                layout->height_px(), layout->modifier(), planes);
    RC_ASSERT(moved.ok());
    RC_ASSERT(back->layout == *moved);
}

struct Described {
    std::uint32_t drm_fourcc;
    AVPixelFormat av;
    std::vector<std::uint32_t> layers;
};

TEST(AvDrmFrame, has_a_layer_for_each_plane_by_the_names_that_libavutil_maps) {
    const Described cases[] = {
        {DRM_FORMAT_NV12, AV_PIX_FMT_NV12, {DRM_FORMAT_R8, DRM_FORMAT_GR88}},
        {DRM_FORMAT_P010, AV_PIX_FMT_P010, {DRM_FORMAT_R16, DRM_FORMAT_RG1616}},
        {DRM_FORMAT_YUV420, AV_PIX_FMT_YUV420P, {DRM_FORMAT_R8, DRM_FORMAT_R8, DRM_FORMAT_R8}},
        {DRM_FORMAT_ARGB8888, AV_PIX_FMT_BGRA, {DRM_FORMAT_ARGB8888}},
    };
    for (const Described& expected : cases) {
        SCOPED_TRACE(mrda::fourcc_string(expected.drm_fourcc));
        const FrameLayout layout = layout_of(expected.drm_fourcc);
        const DmaBuf object = object_of(layout.size_bytes(), 8192);
        const auto described = to_av_drm_frame(object, layout, Layers::separate);
        ASSERT_TRUE(described.ok()) << to_string(described.error());
        EXPECT_EQ(*av_format_of(layout.format()), expected.av);
        EXPECT_EQ(described->nb_objects, 1);
        EXPECT_EQ(described->objects[0].fd, object.fd());
        EXPECT_EQ(described->objects[0].size, object.object_bytes());
        EXPECT_EQ(described->objects[0].format_modifier, DRM_FORMAT_MOD_LINEAR);
        ASSERT_EQ(described->nb_layers, static_cast<int>(expected.layers.size()));
        for (std::size_t i = 0; i < expected.layers.size(); ++i) {
            const AVDRMLayerDescriptor& layer = described->layers[i];
            EXPECT_EQ(layer.format, expected.layers[i]);
            EXPECT_EQ(layer.nb_planes, 1);
            EXPECT_EQ(layer.planes[0].offset,
                      static_cast<std::ptrdiff_t>(8192 + layout.planes()[i].offset_bytes));
            EXPECT_EQ(layer.planes[0].pitch,
                      static_cast<std::ptrdiff_t>(layout.planes()[i].pitch_bytes));
        }
    }
}

TEST(AvDrmFrame, has_one_layer_for_all_planes_where_that_is_asked_for) {
    const FrameLayout layout = layout_of(DRM_FORMAT_YUV420);
    const DmaBuf object = object_of(layout.size_bytes());
    const auto described = to_av_drm_frame(object, layout, Layers::composed);
    ASSERT_TRUE(described.ok());
    EXPECT_EQ(described->nb_layers, 1);
    EXPECT_EQ(described->layers[0].format, static_cast<std::uint32_t>(DRM_FORMAT_YUV420));
    EXPECT_EQ(described->layers[0].nb_planes, 3);
    EXPECT_EQ(described->layers[0].planes[2].offset,
              static_cast<std::ptrdiff_t>(layout.planes()[2].offset_bytes));
}

TEST(AvDrmFrame, keeps_its_memory_open_until_the_last_reference_is_gone) {
    const FrameLayout layout = layout_of(DRM_FORMAT_NV12);
    DmaBuf object = object_of(layout.size_bytes());
    const int number = object.fd();
    auto frame = make_av_frame(std::move(object), layout, Layers::separate, nullptr);
    ASSERT_TRUE(frame.ok());
    AvFrame second(av_frame_clone(frame->get()));
    ASSERT_TRUE(second.valid());
    frame->reset();
    EXPECT_TRUE(is_open(number));
    second.reset();
    EXPECT_FALSE(is_open(number));
}

TEST(AvDrmFrame, of_memory_that_is_too_small_is_refused_and_the_memory_closed) {
    const FrameLayout layout = layout_of(DRM_FORMAT_NV12);
    DmaBuf object = object_of(4096);
    const int number = object.fd();
    const auto frame = make_av_frame(std::move(object), layout, Layers::separate, nullptr);
    ASSERT_FALSE(frame.ok());
    EXPECT_EQ(frame.error().code, Errc::invalid_argument);
    EXPECT_THAT(frame.error().message, HasSubstr("the object has 4096"));
    EXPECT_FALSE(is_open(number));
}

/// A frame as FFmpeg might hand it over, for a test to spoil.
class ForeignAvFrame : public testing::Test {
  protected:
    void SetUp() override { remake(Layers::separate); }

    void remake(Layers layers) {
        auto made = make_av_frame(object_of(layout_.size_bytes()), layout_, layers, nullptr);
        ASSERT_TRUE(made.ok()) << to_string(made.error());
        frame_ = std::move(*made);
    }
    [[nodiscard]] AVDRMFrameDescriptor& descriptor() const { return descriptor_of(frame_); }

    void expect_refused(Errc code, const std::string& named,
                        AVPixelFormat format = AV_PIX_FMT_NV12) const {
        const int next_free = mrda::duplicate_fd(0)->get();
        const auto taken = from_av_drm_frame(*frame_.get(), format);
        ASSERT_FALSE(taken.ok()) << named << " was accepted";
        EXPECT_EQ(taken.error().code, code) << taken.error().message;
        EXPECT_THAT(to_string(taken.error()), HasSubstr(named));
        EXPECT_EQ(mrda::duplicate_fd(0)->get(), next_free) << "a descriptor is left open";
    }

    const FrameLayout layout_ = layout_of(DRM_FORMAT_NV12);
    AvFrame frame_;
};

TEST_F(ForeignAvFrame, keeps_its_descriptor_and_its_memory_may_outlive_it) {
    const int number = descriptor().objects[0].fd;
    const auto taken = from_av_drm_frame(*frame_.get(), AV_PIX_FMT_NV12);
    ASSERT_TRUE(taken.ok()) << to_string(taken.error());
    EXPECT_TRUE(is_open(number));
    EXPECT_NE(taken->object.fd(), number);
    frame_.reset();
    EXPECT_FALSE(is_open(number));
    EXPECT_TRUE(is_open(taken->object.fd()));
}

TEST_F(ForeignAvFrame, may_call_the_chroma_by_its_other_name) {
    descriptor().layers[1].format = DRM_FORMAT_RG88;
    EXPECT_TRUE(from_av_drm_frame(*frame_.get(), AV_PIX_FMT_NV12).ok());
    descriptor().layers[0].format = DRM_FORMAT_R16;
    descriptor().layers[1].format = DRM_FORMAT_GR1616;
    frame_.get()->width = 160;
    EXPECT_TRUE(from_av_drm_frame(*frame_.get(), AV_PIX_FMT_P010).ok());
}

TEST_F(ForeignAvFrame, may_list_its_memory_once_for_each_plane) {
    const auto copy = mrda::duplicate_fd(descriptor().objects[0].fd);
    ASSERT_TRUE(copy.ok());
    descriptor().nb_objects = 2;
    descriptor().objects[1] = descriptor().objects[0];
    descriptor().objects[1].fd = copy->get();
    descriptor().layers[1].planes[0].object_index = 1;
    const auto taken = from_av_drm_frame(*frame_.get(), AV_PIX_FMT_NV12);
    ASSERT_TRUE(taken.ok()) << to_string(taken.error());
    EXPECT_EQ(taken->layout.planes()[1].offset_bytes, layout_.planes()[1].offset_bytes);

    descriptor().objects[1].format_modifier = I915_FORMAT_MOD_Y_TILED;
    expect_refused(Errc::invalid_argument,
                   "object 1 is the memory of object 0 with another modifier");
    descriptor().objects[1] = descriptor().objects[0];
    descriptor().objects[1].size -= 1;
    expect_refused(Errc::invalid_argument,
                   "object 1 is the memory of object 0 with another modifier");
}

TEST_F(ForeignAvFrame, of_two_memories_is_unsupported) {
    const DmaBuf other = object_of(layout_.size_bytes());
    descriptor().nb_objects = 2;
    descriptor().objects[1] = descriptor().objects[0];
    descriptor().objects[1].fd = other.fd();
    descriptor().layers[1].planes[0].object_index = 1;
    expect_refused(Errc::unsupported, "object 1 is other memory than object 0");
}

TEST_F(ForeignAvFrame, with_planes_of_compression_data_is_unsupported_naming_the_modifier) {
    for (const Layers layers : {Layers::separate, Layers::composed}) {
        remake(layers);
        descriptor().objects[0].format_modifier = kCompressed;
        descriptor().layers[0].nb_planes = 4;
        expect_refused(Errc::unsupported, "NV12:0x0100000000000007");
    }
}

TEST_F(ForeignAvFrame, that_is_tiled_keeps_its_modifier) {
    descriptor().objects[0].format_modifier = I915_FORMAT_MOD_Y_TILED;
    const auto taken = from_av_drm_frame(*frame_.get(), AV_PIX_FMT_NV12);
    ASSERT_TRUE(taken.ok()) << to_string(taken.error());
    EXPECT_EQ(taken->layout.modifier(), I915_FORMAT_MOD_Y_TILED);
}

TEST_F(ForeignAvFrame, of_every_spoilt_descriptor_is_refused_by_name) {
    using D = AVDRMFrameDescriptor;
    constexpr int kMost = std::numeric_limits<int>::max();
    const std::pair<const char*, std::function<void(D&)>> cases[] = {
        {"nb_objects is 0", [](D& d) { d.nb_objects = 0; }},
        {"nb_objects is -1", [](D& d) { d.nb_objects = -1; }},
        {"nb_objects is 5", [](D& d) { d.nb_objects = 5; }},
        {"nb_layers is 0", [](D& d) { d.nb_layers = 0; }},
        {"nb_layers is 2147483647", [](D& d) { d.nb_layers = kMost; }},
        {"layer 1: nb_planes is 0", [](D& d) { d.layers[1].nb_planes = 0; }},
        {"layer 1: nb_planes is 5", [](D& d) { d.layers[1].nb_planes = 5; }},
        {"3 layers for the 2 planes of nv12",
         [](D& d) {
             d.nb_layers = 3;
             d.layers[2] = d.layers[1];
         }},
        {"layer 0 (R8  ) is no layer of nv12", [](D& d) { d.nb_layers = 1; }},
        {"layer 0 (NV12) is no layer of nv12", [](D& d) { d.layers[0].format = DRM_FORMAT_NV12; }},
        {"layer 1 (GR32) is no layer of nv12",
         [](D& d) { d.layers[1].format = DRM_FORMAT_GR1616; }},
        {"layer 1 (\\x00\\x00\\x00\\x00) is no layer", [](D& d) { d.layers[1].format = 0; }},
        {"plane 1 lies in object 1 of 1", [](D& d) { d.layers[1].planes[0].object_index = 1; }},
        {"plane 0 lies in object -1 of 1", [](D& d) { d.layers[0].planes[0].object_index = -1; }},
        {"plane 0 begins at offset -4096", [](D& d) { d.layers[0].planes[0].offset = -4096; }},
        {"plane 1 has a pitch of -320", [](D& d) { d.layers[1].planes[0].pitch = -320; }},
        {"plane 1 has a pitch of 4294967616",
         [](D& d) { d.layers[1].planes[0].pitch = (std::ptrdiff_t{1} << 32) + 320; }},
        {"plane 0 has a pitch of 0", [](D& d) { d.layers[0].planes[0].pitch = 0; }},
        {"plane 0 has a pitch of 318", [](D& d) { d.layers[0].planes[0].pitch = 318; }},
        {"overlaps plane 0", [](D& d) { d.layers[1].planes[0].offset = 320; }},
        {"chroma at 9223372036854775806 needs",
         [](D& d) {
             d.layers[1].planes[0].offset = std::numeric_limits<std::ptrdiff_t>::max() - 1;
         }},
        {"the modifier is DRM_FORMAT_MOD_INVALID",
         [](D& d) { d.objects[0].format_modifier = DRM_FORMAT_MOD_INVALID; }},
        {"cannot identify fd -1", [](D& d) { d.objects[0].fd = -1; }},
        {"0 bytes at offset 0", [](D& d) { d.objects[0].size = 0; }},
        {"18446744073709551615 bytes at offset 0",
         [](D& d) { d.objects[0].size = std::numeric_limits<std::size_t>::max(); }},
        {"the object has 4096", [](D& d) { d.objects[0].size = 4096; }},
    };
    const D good = descriptor();
    for (const auto& [named, spoil] : cases) {
        spoil(descriptor());
        expect_refused(Errc::invalid_argument, named);
        descriptor() = good;
    }
    EXPECT_TRUE(from_av_drm_frame(*frame_.get(), AV_PIX_FMT_NV12).ok());
}

TEST_F(ForeignAvFrame, with_too_few_planes_in_its_one_layer_is_refused) {
    remake(Layers::composed);
    descriptor().layers[0].nb_planes = 1;
    expect_refused(Errc::invalid_argument, "layer 0 (NV12) has 1 planes, the format 2");
}

TEST_F(ForeignAvFrame, with_more_planes_than_linear_memory_has_is_refused) {
    descriptor().layers[0].nb_planes = 2;
    expect_refused(Errc::invalid_argument, "layer 0 (R8  ) has 2 planes, the format 1");
}

TEST_F(ForeignAvFrame, of_another_format_than_its_origin_says_is_refused) {
    expect_refused(Errc::invalid_argument, "is no layer of p010le", AV_PIX_FMT_P010);
    expect_refused(Errc::invalid_argument, "2 layers for the 3 planes of yuv420p",
                   AV_PIX_FMT_YUV420P);
    expect_refused(Errc::invalid_argument, "2 layers for the 1 planes of bgra", AV_PIX_FMT_BGRA);
    expect_refused(Errc::unsupported, "nv16", AV_PIX_FMT_NV16);
    expect_refused(Errc::unsupported, "format none", AV_PIX_FMT_NONE);
}

TEST_F(ForeignAvFrame, of_a_size_that_cannot_be_is_refused) {
    frame_.get()->width = -2;
    expect_refused(Errc::invalid_argument, "0x192");
    frame_.get()->width = 321;
    expect_refused(Errc::invalid_argument, "321x192");
    frame_.get()->width = std::numeric_limits<int>::max();
    expect_refused(Errc::invalid_argument, "2147483647x192");
}

TEST_F(ForeignAvFrame, that_is_to_be_cropped_is_unsupported) {
    frame_.get()->crop_top = 8;
    expect_refused(Errc::unsupported, "cropped");
}

TEST_F(ForeignAvFrame, of_another_kind_or_empty_is_refused) {
    frame_.get()->format = AV_PIX_FMT_NV12;
    expect_refused(Errc::invalid_argument, "AV_PIX_FMT_DRM_PRIME");
    frame_.reset(av_frame_alloc());
    frame_.get()->format = AV_PIX_FMT_DRM_PRIME;
    expect_refused(Errc::invalid_argument, "AV_PIX_FMT_DRM_PRIME");
}

TEST(AvError, keeps_the_code_and_the_words_of_libavutil) {
    const mrda::Error memory = av_error("av_hwframe_map", AVERROR(ENOMEM), "no frame");
    EXPECT_EQ(memory.code, Errc::out_of_memory);
    EXPECT_EQ(memory.api, mrda::Api::av);
    EXPECT_EQ(to_string(memory), "no frame: Cannot allocate memory (av_hwframe_map: averror -12)");
    EXPECT_EQ(av_error("f", AVERROR(ENOSYS), "").code, Errc::unsupported);
    EXPECT_EQ(av_error("f", AVERROR_EXTERNAL, "").code, Errc::io);
}

}  // namespace
}  // namespace ffmpeg_frame
