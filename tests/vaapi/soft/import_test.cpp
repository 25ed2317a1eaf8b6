// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <limits>
#include <numeric>

#include "soft_display.h"
#include "support/memfd.h"

namespace mrda::va_soft {
namespace {

constexpr std::uint32_t kWidth = 320;
constexpr std::uint32_t kHeight = 240;
constexpr std::uint32_t kPitch = 512;
constexpr std::uint32_t kSize = kPitch * kHeight * 3 / 2;
constexpr std::uint32_t kPrime2 = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2;
constexpr std::uint32_t kPrime = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME;
constexpr std::uint32_t kUserPointer = VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR;

class SoftImport : public SoftDisplay {
  protected:
    VAStatus import_prime_2(VADRMPRIMESurfaceDescriptor descriptor) {
        VASurfaceID surface = VA_INVALID_SURFACE;
        return import(surface, kPrime2, &descriptor, kWidth, kHeight);
    }
    VAStatus import_buffers(std::uint32_t type, VASurfaceAttribExternalBuffers buffers) {
        VASurfaceID surface = VA_INVALID_SURFACE;
        return import(surface, type, &buffers, kWidth, kHeight);
    }
    /// The surface shows what is in `memory`, and what is written to it appears there.
    void expect_same_memory(VASurfaceID surface, std::uint8_t* memory) {
        memory[kSize - 200] = 0x11;
        VAImage image{};
        std::uint8_t* data = map(surface, image);
        EXPECT_EQ(image.pitches[0], kPitch);
        EXPECT_EQ(image.offsets[1], kPitch * kHeight);
        EXPECT_EQ(data[kSize - 200], 0x11);
        data[5] = 0x22;
        EXPECT_EQ(memory[5], 0x22);
        unmap(image);
    }

    Memfd memory_{kSize};
    VADRMPRIMESurfaceDescriptor valid_ = nv12_prime_2(memory_.fd(), kSize, kWidth, kHeight, kPitch);
};

TEST_F(SoftImport, prime_2_is_the_same_memory) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight), VA_STATUS_SUCCESS);
    expect_same_memory(surface, memory_.data());
}

TEST_F(SoftImport, prime_2_takes_a_layer_for_each_plane) {
    valid_.num_layers = 2;
    valid_.layers[0].drm_format = DRM_FORMAT_R8;
    valid_.layers[0].num_planes = 1;
    valid_.layers[1].drm_format = DRM_FORMAT_GR88;
    valid_.layers[1].num_planes = 1;
    valid_.layers[1].offset[0] = kPitch * kHeight;
    valid_.layers[1].pitch[0] = kPitch;
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight), VA_STATUS_SUCCESS);
    expect_same_memory(surface, memory_.data());
}

TEST_F(SoftImport, prime_2_takes_planes_in_several_objects_but_derives_no_image_of_them) {
    Memfd chroma(kSize);
    valid_.num_objects = 2;
    valid_.objects[1] = valid_.objects[0];
    valid_.objects[1].fd = chroma.fd();
    valid_.layers[0].object_index[1] = 1;
    valid_.layers[0].offset[1] = 0;
    memory_.data()[3] = 0x33;
    chroma.data()[2] = 0x44;
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight), VA_STATUS_SUCCESS);
    VAImage image{};
    EXPECT_EQ(vaDeriveImage(display_, surface, &image), VA_STATUS_ERROR_OPERATION_FAILED);
    VAImageFormat format = image_format_of(VA_FOURCC_NV12);
    ASSERT_EQ(vaCreateImage(display_, &format, kWidth, kHeight, &image), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaGetImage(display_, surface, 0, 0, kWidth, kHeight, image.image_id),
              VA_STATUS_SUCCESS);
    void* data = nullptr;
    ASSERT_EQ(vaMapBuffer(display_, image.buf, &data), VA_STATUS_SUCCESS);
    EXPECT_EQ(static_cast<std::uint8_t*>(data)[3], 0x33);
    EXPECT_EQ(static_cast<std::uint8_t*>(data)[image.offsets[1] + 2], 0x44);
    unmap(image);
}

TEST_F(SoftImport, prime_2_sees_that_two_descriptors_are_one_memory) {
    const Fd same(::fcntl(memory_.fd(), F_DUPFD_CLOEXEC, 0));
    valid_.num_objects = 2;
    valid_.objects[1] = valid_.objects[0];
    valid_.objects[1].fd = same.get();
    valid_.layers[0].object_index[1] = 1;
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight), VA_STATUS_SUCCESS);
    expect_same_memory(surface, memory_.data());
    valid_.layers[0].offset[1] = 0;
    EXPECT_EQ(import_prime_2(valid_), VA_STATUS_ERROR_INVALID_PARAMETER);
}

TEST_F(SoftImport, prime_is_the_same_memory_for_each_of_several_surfaces) {
    Memfd second(kSize);
    std::uintptr_t handles[] = {static_cast<std::uintptr_t>(memory_.fd()),
                                static_cast<std::uintptr_t>(second.fd())};
    auto buffers = nv12_buffers(handles, 2, kSize, kWidth, kHeight, kPitch);
    VASurfaceAttrib attributes[2]{};
    attributes[0].type = VASurfaceAttribMemoryType;
    attributes[0].value.type = VAGenericValueTypeInteger;
    attributes[0].value.value.i = kPrime;
    attributes[1].type = VASurfaceAttribExternalBufferDescriptor;
    attributes[1].value.type = VAGenericValueTypePointer;
    attributes[1].value.value.p = &buffers;
    VASurfaceID surfaces[3]{};
    ASSERT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, kWidth, kHeight, surfaces, 2,
                               attributes, 2),
              VA_STATUS_SUCCESS);
    expect_same_memory(surfaces[0], memory_.data());
    expect_same_memory(surfaces[1], second.data());
    EXPECT_EQ(vaCreateSurfaces(display_, VA_RT_FORMAT_YUV420, kWidth, kHeight, surfaces, 3,
                               attributes, 2),
              VA_STATUS_ERROR_INVALID_PARAMETER);
}

TEST_F(SoftImport, a_user_pointer_is_used_as_it_is) {
    std::uintptr_t handles[] = {reinterpret_cast<std::uintptr_t>(memory_.data())};
    auto buffers = nv12_buffers(handles, 1, kSize, kWidth, kHeight, kPitch);
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, kUserPointer, &buffers, kWidth, kHeight), VA_STATUS_SUCCESS);
    VAImage image{};
    EXPECT_EQ(map(surface, image), memory_.data());
    unmap(image);
    expect_same_memory(surface, memory_.data());
}

TEST_F(SoftImport, the_callers_descriptor_stays_open_and_may_be_closed) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    Fd lent(::fcntl(memory_.fd(), F_DUPFD_CLOEXEC, 0));
    valid_.objects[0].fd = lent.get();
    ASSERT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight), VA_STATUS_SUCCESS);
    EXPECT_GE(::fcntl(lent.get(), F_GETFD), 0);
    lent.reset();
    expect_same_memory(surface, memory_.data());
}

struct BadPrime2 {
    const char* name;
    VAStatus expected;
    std::function<void(VADRMPRIMESurfaceDescriptor&)> spoil;
};

TEST_F(SoftImport, every_spoilt_prime_2_descriptor_is_refused) {
    constexpr VAStatus kInvalid = VA_STATUS_ERROR_INVALID_PARAMETER;
    constexpr VAStatus kAttribute = VA_STATUS_ERROR_ATTR_NOT_SUPPORTED;
    using D = VADRMPRIMESurfaceDescriptor;
    const Fd read_only(::open(("/proc/self/fd/" + std::to_string(memory_.fd())).c_str(), O_RDONLY));
    const Fd null_device(::open("/dev/null", O_RDWR));
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const Fd reader(pipe_ends[0]);
    const Fd writer(pipe_ends[1]);
    const BadPrime2 cases[] = {
        {"pitch below width", kInvalid, [](D& d) { d.layers[0].pitch[0] = kWidth - 1; }},
        {"pitch 0", kInvalid, [](D& d) { d.layers[0].pitch[1] = 0; }},
        {"huge pitch", kInvalid, [](D& d) { d.layers[0].pitch[0] = 0xffffffff; }},
        {"object too small", kInvalid, [](D& d) { d.objects[0].size = kSize - kPitch; }},
        {"object size 0", kInvalid, [](D& d) { d.objects[0].size = 0; }},
        {"object larger than it is", kInvalid, [](D& d) { d.objects[0].size = kSize + 1; }},
        {"offset past the object", kInvalid, [](D& d) { d.layers[0].offset[1] = kSize; }},
        {"offset that overflows", kInvalid, [](D& d) { d.layers[0].offset[1] = 0xfffffff0; }},
        {"overlapping planes", kInvalid, [](D& d) { d.layers[0].offset[1] = kPitch; }},
        {"closed fd", kInvalid, [](D& d) { d.objects[0].fd = 1000000; }},
        {"fd -1", kInvalid, [](D& d) { d.objects[0].fd = -1; }},
        {"no objects", kInvalid, [](D& d) { d.num_objects = 0; }},
        {"too many objects", kInvalid, [](D& d) { d.num_objects = 5; }},
        {"no layers", kInvalid, [](D& d) { d.num_layers = 0; }},
        {"too many layers", kInvalid, [](D& d) { d.num_layers = 0xffffffff; }},
        {"too many planes", kInvalid, [](D& d) { d.layers[0].num_planes = 4; }},
        {"object index", kInvalid, [](D& d) { d.layers[0].object_index[1] = 1; }},
        {"another width", kInvalid, [](D& d) { d.width = kWidth + 2; }},
        {"another height", kInvalid, [](D& d) { d.height = 65536; }},
        {"tiled", kAttribute,
         [](D& d) { d.objects[0].drm_format_modifier = I915_FORMAT_MOD_Y_TILED; }},
        {"no modifier", kAttribute,
         [](D& d) { d.objects[0].drm_format_modifier = DRM_FORMAT_MOD_INVALID; }},
        {"layer format", kAttribute, [](D& d) { d.layers[0].drm_format = DRM_FORMAT_XRGB8888; }},
        {"unknown fourcc", VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT,
         [](D& d) { d.fourcc = 0x21212121; }},
        {"a DRM fourcc as fourcc", VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT,
         [](D& d) { d.fourcc = DRM_FORMAT_XRGB8888; }},
        {"read-only fd", kInvalid, [&](D& d) { d.objects[0].fd = read_only.get(); }},
        {"device", kInvalid, [&](D& d) { d.objects[0].fd = null_device.get(); }},
        {"pipe", kInvalid, [&](D& d) { d.objects[0].fd = reader.get(); }},
    };
    const unsigned before = open_descriptors();
    for (const BadPrime2& bad : cases) {
        VADRMPRIMESurfaceDescriptor descriptor = valid_;
        bad.spoil(descriptor);
        EXPECT_EQ(import_prime_2(descriptor), bad.expected) << bad.name;
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SoftImport, a_refusal_names_the_value) {
    valid_.layers[0].pitch[0] = kWidth - 1;
    EXPECT_EQ(import_prime_2(valid_), VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_NE(said_.find("NV12 plane 0: pitch 319"), std::string::npos) << said_;
    valid_.objects[0].drm_format_modifier = I915_FORMAT_MOD_Y_TILED;
    EXPECT_EQ(import_prime_2(valid_), VA_STATUS_ERROR_ATTR_NOT_SUPPORTED);
    EXPECT_NE(said_.find("0x0100000000000002"), std::string::npos) << said_;
}

TEST_F(SoftImport, every_spoilt_external_buffer_is_refused) {
    constexpr VAStatus kInvalid = VA_STATUS_ERROR_INVALID_PARAMETER;
    std::uintptr_t fd[] = {static_cast<std::uintptr_t>(memory_.fd())};
    const auto good = nv12_buffers(fd, 1, kSize, kWidth, kHeight, kPitch);
    auto bad = good;
    bad.buffers = nullptr;
    EXPECT_EQ(import_buffers(kPrime, bad), kInvalid);
    bad = good;
    bad.num_buffers = 0;
    EXPECT_EQ(import_buffers(kPrime, bad), kInvalid);
    bad = good;
    bad.num_planes = 3;
    EXPECT_EQ(import_buffers(kPrime, bad), kInvalid);
    bad = good;
    bad.data_size = kSize + 4096;
    EXPECT_EQ(import_buffers(kPrime, bad), kInvalid);
    bad = good;
    bad.flags = VA_SURFACE_EXTBUF_DESC_ENABLE_TILING;
    EXPECT_EQ(import_buffers(kPrime, bad), VA_STATUS_ERROR_FLAG_NOT_SUPPORTED);
    std::uintptr_t no_fd[] = {std::numeric_limits<std::uintptr_t>::max()};
    bad = good;
    bad.buffers = no_fd;
    EXPECT_EQ(import_buffers(kPrime, bad), kInvalid);
    EXPECT_EQ(import_buffers(kPrime, good), VA_STATUS_SUCCESS);
}

TEST_F(SoftImport, memory_that_can_shrink_is_refused_with_the_mend_until_it_is_sealed) {
    const Fd memory = test::unsealed_memfd(kSize);
    std::uintptr_t handles[] = {static_cast<std::uintptr_t>(memory.get())};
    const auto buffers = nv12_buffers(handles, 1, kSize, kWidth, kHeight, kPitch);
    valid_.objects[0].fd = memory.get();
    const auto import_both = [&](VAStatus expected) {
        EXPECT_EQ(import_prime_2(valid_), expected);
        EXPECT_EQ(import_buffers(kPrime, buffers), expected);
    };
    const unsigned before = open_descriptors();
    import_both(VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_NE(said_.find("seal it with F_SEAL_SHRINK"), std::string::npos) << said_;
    EXPECT_EQ(open_descriptors(), before);
    test::seal(memory.get());
    import_both(VA_STATUS_SUCCESS);
}

TEST_F(SoftImport, user_pointers_that_are_no_memory_are_refused) {
    std::uintptr_t handles[] = {0};
    const auto buffers = nv12_buffers(handles, 1, kSize, kWidth, kHeight, kPitch);
    EXPECT_EQ(import_buffers(kUserPointer, buffers), VA_STATUS_ERROR_INVALID_PARAMETER);
    handles[0] = std::numeric_limits<std::uintptr_t>::max() - 16;
    EXPECT_EQ(import_buffers(kUserPointer, buffers), VA_STATUS_ERROR_INVALID_PARAMETER);
    void* gone = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(gone, MAP_FAILED);
    ASSERT_EQ(::munmap(gone, kSize), 0);
    handles[0] = reinterpret_cast<std::uintptr_t>(gone);
    EXPECT_EQ(import_buffers(kUserPointer, buffers), VA_STATUS_ERROR_INVALID_PARAMETER);
}

TEST_F(SoftImport, an_import_without_a_descriptor_is_refused) {
    VASurfaceID surface = VA_INVALID_SURFACE;
    for (const std::uint32_t type : {kPrime2, kPrime, kUserPointer}) {
        EXPECT_EQ(import(surface, type, nullptr, kWidth, kHeight),
                  VA_STATUS_ERROR_INVALID_PARAMETER);
    }
    EXPECT_EQ(import(surface, VA_SURFACE_ATTRIB_MEM_TYPE_VA, &valid_, kWidth, kHeight),
              VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight, VA_RT_FORMAT_YUV422),
              VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT);
}

TEST_F(SoftImport, p010_wants_pitch_and_offset_on_whole_words) {
    valid_.fourcc = VA_FOURCC_P010;
    valid_.width = 128;
    valid_.height = 64;
    valid_.layers[0].drm_format = DRM_FORMAT_P010;
    VASurfaceID surface = VA_INVALID_SURFACE;
    EXPECT_EQ(import(surface, kPrime2, &valid_, 128, 64, VA_RT_FORMAT_YUV420_10),
              VA_STATUS_SUCCESS);
    valid_.layers[0].offset[0] = 1;
    EXPECT_EQ(import(surface, kPrime2, &valid_, 128, 64, VA_RT_FORMAT_YUV420_10),
              VA_STATUS_ERROR_INVALID_PARAMETER);
}

TEST_F(SoftImport, a_thousand_imports_leave_no_descriptor_behind) {
    const unsigned before = open_descriptors();
    for (int round = 0; round < 1000; ++round) {
        VASurfaceID surface = VA_INVALID_SURFACE;
        ASSERT_EQ(import(surface, kPrime2, &valid_, kWidth, kHeight), VA_STATUS_SUCCESS);
        ASSERT_EQ(vaDestroySurfaces(display_, &surface, 1), VA_STATUS_SUCCESS);
    }
    EXPECT_EQ(open_descriptors(), before);
}

// An accepted descriptor is one whose every byte can be touched: reading the whole frame must not
// fault.
RC_GTEST_FIXTURE_PROP(SoftImport, any_accepted_layout_can_be_read_in_full, ()) {
    const auto edge = [](std::uint32_t base) {
        return rc::gen::weightedOneOf<std::uint32_t>({
            {8, rc::gen::just(base)},
            {3, rc::gen::inRange<std::uint32_t>(base - 2, base + 3)},
            {1, rc::gen::inRange<std::uint32_t>(0, 2 * base + 2)},
            {1, rc::gen::arbitrary<std::uint32_t>()},
        });
    };
    VADRMPRIMESurfaceDescriptor descriptor = valid_;
    descriptor.objects[0].size = *edge(kSize);
    descriptor.layers[0].pitch[0] = *edge(kPitch);
    descriptor.layers[0].pitch[1] = *edge(kPitch);
    descriptor.layers[0].offset[0] = *rc::gen::element<std::uint32_t>(0, 1, 64, kPitch);
    descriptor.layers[0].offset[1] = *edge(kPitch * kHeight);
    VASurfaceID surface = VA_INVALID_SURFACE;
    const VAStatus status = import(surface, kPrime2, &descriptor, kWidth, kHeight);
    RC_CLASSIFY(status == VA_STATUS_SUCCESS);
    if (status != VA_STATUS_SUCCESS) {
        RC_ASSERT(status == VA_STATUS_ERROR_INVALID_PARAMETER);
        return;
    }
    RC_ASSERT(descriptor.objects[0].size <= kSize);
    VAImage image{};
    VAImageFormat format = image_format_of(VA_FOURCC_NV12);
    RC_ASSERT(vaCreateImage(display_, &format, kWidth, kHeight, &image) == VA_STATUS_SUCCESS);
    RC_ASSERT(vaGetImage(display_, surface, 0, 0, kWidth, kHeight, image.image_id) ==
              VA_STATUS_SUCCESS);
    RC_ASSERT(vaDestroyImage(display_, image.image_id) == VA_STATUS_SUCCESS);
    RC_ASSERT(vaDestroySurfaces(display_, &surface, 1) == VA_STATUS_SUCCESS);
}

}  // namespace
}  // namespace mrda::va_soft
