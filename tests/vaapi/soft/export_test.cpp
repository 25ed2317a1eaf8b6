// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "soft_display.h"

namespace mrda::va_soft {
namespace {

constexpr std::uint32_t kPrime2 = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2;

class SoftExport : public SoftDisplay {
  protected:
    VADRMPRIMESurfaceDescriptor export_as(VASurfaceID surface, std::uint32_t flags) {
        VADRMPRIMESurfaceDescriptor descriptor{};
        EXPECT_EQ(vaExportSurfaceHandle(display_, surface, kPrime2,
                                        flags | VA_EXPORT_SURFACE_READ_WRITE, &descriptor),
                  VA_STATUS_SUCCESS);
        return descriptor;
    }
};

TEST_F(SoftExport, separate_layers_have_a_plane_each) {
    const auto exported =
        export_as(create(VA_FOURCC_NV12, 320, 240), VA_EXPORT_SURFACE_SEPARATE_LAYERS);
    const Fd fd(exported.objects[0].fd);
    EXPECT_EQ(exported.fourcc, static_cast<std::uint32_t>(VA_FOURCC_NV12));
    EXPECT_EQ(exported.width, 320U);
    EXPECT_EQ(exported.num_objects, 1U);
    EXPECT_EQ(exported.objects[0].drm_format_modifier, DRM_FORMAT_MOD_LINEAR);
    ASSERT_EQ(exported.num_layers, 2U);
    EXPECT_EQ(exported.layers[0].drm_format, static_cast<std::uint32_t>(DRM_FORMAT_R8));
    EXPECT_EQ(exported.layers[1].drm_format, static_cast<std::uint32_t>(DRM_FORMAT_GR88));
    EXPECT_EQ(exported.layers[1].num_planes, 1U);
    EXPECT_EQ(exported.layers[1].offset[0], exported.layers[0].pitch[0] * 240);
}

TEST_F(SoftExport, composed_layers_are_one_with_all_planes) {
    const auto exported =
        export_as(create(VA_FOURCC_I420, 64, 64), VA_EXPORT_SURFACE_COMPOSED_LAYERS);
    const Fd fd(exported.objects[0].fd);
    ASSERT_EQ(exported.num_layers, 1U);
    EXPECT_EQ(exported.layers[0].drm_format, static_cast<std::uint32_t>(DRM_FORMAT_YUV420));
    EXPECT_EQ(exported.layers[0].num_planes, 3U);
    EXPECT_EQ(exported.layers[0].pitch[1] * 2, exported.layers[0].pitch[0]);
}

TEST_F(SoftExport, the_export_is_the_surfaces_memory_and_the_callers_to_close) {
    const VASurfaceID surface = create(VA_FOURCC_BGRA, 64, 64);
    const unsigned before = open_descriptors();
    {
        const auto first = export_as(surface, VA_EXPORT_SURFACE_COMPOSED_LAYERS);
        const auto second = export_as(surface, VA_EXPORT_SURFACE_COMPOSED_LAYERS);
        const Fd one(first.objects[0].fd);
        const Fd other(second.objects[0].fd);
        EXPECT_NE(one.get(), other.get());
        EXPECT_EQ(inode_of(one.get()), inode_of(other.get()));
        EXPECT_EQ(::fcntl(one.get(), F_GETFD), FD_CLOEXEC);
        const std::size_t size = first.objects[0].size;
        void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, one.get(), 0);
        ASSERT_NE(memory, MAP_FAILED);
        static_cast<std::uint8_t*>(memory)[9] = 0x77;
        VAImage image{};
        EXPECT_EQ(map(surface, image)[9], 0x77);
        unmap(image);
        ASSERT_EQ(::munmap(memory, size), 0);
    }
    EXPECT_LE(open_descriptors(), before + 1) << "beside a udmabuf that the surface may keep";
}

TEST_F(SoftExport, an_imported_surface_exports_the_object_that_was_imported) {
    Memfd memory(512 * 240 * 3 / 2);
    auto described =
        nv12_prime_2(memory.fd(), static_cast<std::uint32_t>(memory.size_bytes()), 320, 240, 512);
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, kPrime2, &described, 320, 240), VA_STATUS_SUCCESS);
    const auto exported = export_as(surface, VA_EXPORT_SURFACE_COMPOSED_LAYERS);
    const Fd fd(exported.objects[0].fd);
    EXPECT_EQ(inode_of(fd.get()), inode_of(memory.fd()));
    EXPECT_EQ(exported.objects[0].size, memory.size_bytes());
    EXPECT_EQ(exported.layers[0].offset[1], described.layers[0].offset[1]);
    EXPECT_EQ(exported.layers[0].pitch[1], described.layers[0].pitch[1]);
}

TEST_F(SoftExport, every_format_exports_what_the_driver_imports_again) {
    const std::uint32_t fourccs[] = {VA_FOURCC_NV12, VA_FOURCC_I420, VA_FOURCC_YV12,
                                     VA_FOURCC_YUY2, VA_FOURCC_P010, VA_FOURCC_BGRA,
                                     VA_FOURCC_BGRX, VA_FOURCC_RGBA, VA_FOURCC_RGBX};
    for (const std::uint32_t fourcc : fourccs) {
        for (const std::uint32_t layers :
             {VA_EXPORT_SURFACE_COMPOSED_LAYERS, VA_EXPORT_SURFACE_SEPARATE_LAYERS}) {
            auto exported = export_as(create(fourcc, 33, 17), layers);
            const Fd fd(exported.objects[0].fd);
            VASurfaceID again = VA_INVALID_SURFACE;
            EXPECT_EQ(import(again, kPrime2, &exported, 33, 17, rt_format_of(fourcc)),
                      VA_STATUS_SUCCESS);
        }
    }
}

TEST_F(SoftExport, a_user_pointer_has_nothing_to_export) {
    std::vector<std::uint8_t> memory(512 * 240 * 3 / 2);
    std::uintptr_t handles[] = {reinterpret_cast<std::uintptr_t>(memory.data())};
    auto buffers =
        nv12_buffers(handles, 1, static_cast<std::uint32_t>(memory.size()), 320, 240, 512);
    VASurfaceID surface = VA_INVALID_SURFACE;
    ASSERT_EQ(import(surface, VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR, &buffers, 320, 240),
              VA_STATUS_SUCCESS);
    VADRMPRIMESurfaceDescriptor descriptor{};
    EXPECT_EQ(vaExportSurfaceHandle(display_, surface, kPrime2, VA_EXPORT_SURFACE_COMPOSED_LAYERS,
                                    &descriptor),
              VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE);
}

TEST_F(SoftExport, wrong_types_flags_and_surfaces_are_refused) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    VADRMPRIMESurfaceDescriptor descriptor{};
    const auto attempt = [&](VASurfaceID id, std::uint32_t type, std::uint32_t flags) {
        return vaExportSurfaceHandle(display_, id, type, flags, &descriptor);
    };
    constexpr std::uint32_t kComposed = VA_EXPORT_SURFACE_COMPOSED_LAYERS;
    EXPECT_EQ(attempt(VA_INVALID_SURFACE, kPrime2, kComposed), VA_STATUS_ERROR_INVALID_SURFACE);
    EXPECT_EQ(attempt(surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME, kComposed),
              VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE);
    EXPECT_EQ(attempt(surface, kPrime2, VA_EXPORT_SURFACE_READ_ONLY),
              VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(attempt(surface, kPrime2, kComposed | VA_EXPORT_SURFACE_SEPARATE_LAYERS),
              VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(attempt(surface, kPrime2, kComposed | 0x100), VA_STATUS_ERROR_FLAG_NOT_SUPPORTED);
}

}  // namespace
}  // namespace mrda::va_soft
