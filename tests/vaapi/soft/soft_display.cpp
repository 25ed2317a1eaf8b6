// SPDX-License-Identifier: MIT
#include "soft_display.h"

#include <drm_fourcc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>

#include "support/memfd.h"
#include "vaapi/src/software_display.h"

namespace mrda::va_soft {

void SoftDisplay::SetUp() {
    auto display = vaapi::new_software_display("mrda");
    ASSERT_TRUE(display.ok());
    display_ = *display;
    vaSetInfoCallback(
        display_, [](void* said, const char* text) { *static_cast<std::string*>(said) = text; },
        &said_);
    int major = 0;
    int minor = 0;
    ASSERT_EQ(vaInitialize(display_, &major, &minor), VA_STATUS_SUCCESS);
}

void SoftDisplay::TearDown() {
    EXPECT_EQ(vaTerminate(display_), VA_STATUS_SUCCESS);
}

VASurfaceID SoftDisplay::create(std::uint32_t fourcc, unsigned width, unsigned height) {
    VASurfaceAttrib attribute{};
    attribute.type = VASurfaceAttribPixelFormat;
    attribute.flags = VA_SURFACE_ATTRIB_SETTABLE;
    attribute.value.type = VAGenericValueTypeInteger;
    attribute.value.value.i = static_cast<int>(fourcc);
    VASurfaceID surface = VA_INVALID_SURFACE;
    EXPECT_EQ(
        vaCreateSurfaces(display_, rt_format_of(fourcc), width, height, &surface, 1, &attribute, 1),
        VA_STATUS_SUCCESS);
    return surface;
}

VAStatus SoftDisplay::import(VASurfaceID& surface, std::uint32_t memory_type, void* descriptor,
                             unsigned width, unsigned height, unsigned rt_format) {
    VASurfaceAttrib attributes[2]{};
    attributes[0].type = VASurfaceAttribMemoryType;
    attributes[0].flags = VA_SURFACE_ATTRIB_SETTABLE;
    attributes[0].value.type = VAGenericValueTypeInteger;
    attributes[0].value.value.i = static_cast<int>(memory_type);
    attributes[1].type = VASurfaceAttribExternalBufferDescriptor;
    attributes[1].flags = VA_SURFACE_ATTRIB_SETTABLE;
    attributes[1].value.type = VAGenericValueTypePointer;
    attributes[1].value.value.p = descriptor;
    return vaCreateSurfaces(display_, rt_format, width, height, &surface, 1, attributes, 2);
}

std::uint8_t* SoftDisplay::map(VASurfaceID surface, VAImage& image) {
    void* data = nullptr;
    EXPECT_EQ(vaDeriveImage(display_, surface, &image), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaMapBuffer(display_, image.buf, &data), VA_STATUS_SUCCESS);
    return static_cast<std::uint8_t*>(data);
}

void SoftDisplay::unmap(const VAImage& image) {
    EXPECT_EQ(vaUnmapBuffer(display_, image.buf), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaDestroyImage(display_, image.image_id), VA_STATUS_SUCCESS);
}

unsigned rt_format_of(std::uint32_t fourcc) {
    switch (fourcc) {
        case VA_FOURCC_NV12:
        case VA_FOURCC_I420:
        case VA_FOURCC_YV12:
            return VA_RT_FORMAT_YUV420;
        case VA_FOURCC_YUY2:
            return VA_RT_FORMAT_YUV422;
        case VA_FOURCC_P010:
            return VA_RT_FORMAT_YUV420_10;
        default:
            return VA_RT_FORMAT_RGB32;
    }
}

VAImageFormat image_format_of(std::uint32_t fourcc) {
    VAImageFormat format{};
    format.fourcc = fourcc;
    format.byte_order = VA_LSB_FIRST;
    return format;
}

Memfd::Memfd(std::size_t size_bytes) : fd_(test::new_memfd(size_bytes)), size_bytes_(size_bytes) {
    void* data = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    EXPECT_NE(data, MAP_FAILED);
    data_ = static_cast<std::uint8_t*>(data);
}

Memfd::~Memfd() {
    ::munmap(data_, size_bytes_);
}

VADRMPRIMESurfaceDescriptor nv12_prime_2(int fd, std::uint32_t size_bytes, std::uint32_t width,
                                         std::uint32_t height, std::uint32_t pitch) {
    VADRMPRIMESurfaceDescriptor descriptor{};
    descriptor.fourcc = VA_FOURCC_NV12;
    descriptor.width = width;
    descriptor.height = height;
    descriptor.num_objects = 1;
    descriptor.objects[0].fd = fd;
    descriptor.objects[0].size = size_bytes;
    descriptor.objects[0].drm_format_modifier = DRM_FORMAT_MOD_LINEAR;
    descriptor.num_layers = 1;
    descriptor.layers[0].drm_format = DRM_FORMAT_NV12;
    descriptor.layers[0].num_planes = 2;
    descriptor.layers[0].pitch[0] = descriptor.layers[0].pitch[1] = pitch;
    descriptor.layers[0].offset[1] = pitch * height;
    return descriptor;
}

VASurfaceAttribExternalBuffers nv12_buffers(std::uintptr_t* handles, std::uint32_t count,
                                            std::uint32_t size_bytes, std::uint32_t width,
                                            std::uint32_t height, std::uint32_t pitch) {
    VASurfaceAttribExternalBuffers buffers{};
    buffers.pixel_format = VA_FOURCC_NV12;
    buffers.width = width;
    buffers.height = height;
    buffers.data_size = size_bytes;
    buffers.num_planes = 2;
    buffers.pitches[0] = buffers.pitches[1] = pitch;
    buffers.offsets[1] = pitch * height;
    buffers.buffers = handles;
    buffers.num_buffers = count;
    return buffers;
}

unsigned open_descriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return static_cast<unsigned>(std::distance(begin(entries), end(entries)));
}

ino_t inode_of(int fd) {
    struct stat info {};
    EXPECT_EQ(::fstat(fd, &info), 0);
    return info.st_ino;
}

}  // namespace mrda::va_soft
