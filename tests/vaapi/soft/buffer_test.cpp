// SPDX-License-Identifier: MIT
#include <va/va.h>
#include <va/va_vpp.h>

#include "soft_display.h"

namespace mrda::va_soft {
namespace {

class SoftBuffer : public SoftDisplay {
  protected:
    void SetUp() override {
        SoftDisplay::SetUp();
        VAConfigID config = VA_INVALID_ID;
        ASSERT_EQ(
            vaCreateConfig(display_, VAProfileNone, VAEntrypointVideoProc, nullptr, 0, &config),
            VA_STATUS_SUCCESS);
        ASSERT_EQ(vaCreateContext(display_, config, 0, 0, 0, nullptr, 0, &context_),
                  VA_STATUS_SUCCESS);
    }
    VAStatus create_parameters(unsigned size, unsigned count, VABufferID* id) {
        return vaCreateBuffer(display_, context_, VAProcPipelineParameterBufferType, size, count,
                              nullptr, id);
    }

    VAContextID context_ = VA_INVALID_ID;
};

TEST_F(SoftBuffer, parameters_can_be_written_and_read_back) {
    VABufferID buffer = VA_INVALID_ID;
    ASSERT_EQ(create_parameters(sizeof(VAProcPipelineParameterBuffer), 1, &buffer),
              VA_STATUS_SUCCESS);
    void* data = nullptr;
    ASSERT_EQ(vaMapBuffer(display_, buffer, &data), VA_STATUS_SUCCESS);
    static_cast<VAProcPipelineParameterBuffer*>(data)->surface = 42;
    ASSERT_EQ(vaUnmapBuffer(display_, buffer), VA_STATUS_SUCCESS);
    ASSERT_EQ(vaMapBuffer(display_, buffer, &data), VA_STATUS_SUCCESS);
    EXPECT_EQ(static_cast<VAProcPipelineParameterBuffer*>(data)->surface, 42U);
    EXPECT_EQ(vaSyncBuffer(display_, buffer, 0), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaDestroyBuffer(display_, buffer), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaMapBuffer(display_, buffer, &data), VA_STATUS_ERROR_INVALID_BUFFER);
    EXPECT_EQ(vaDestroyBuffer(display_, buffer), VA_STATUS_ERROR_INVALID_BUFFER);
}

TEST_F(SoftBuffer, wrong_types_sizes_and_contexts_are_refused) {
    VABufferID buffer = VA_INVALID_ID;
    constexpr unsigned kSize = sizeof(VAProcPipelineParameterBuffer);
    EXPECT_EQ(vaCreateBuffer(display_, context_, VAEncCodedBufferType, 1024, 1, nullptr, &buffer),
              VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE);
    EXPECT_EQ(vaCreateBuffer(display_, VA_INVALID_ID, VAProcPipelineParameterBufferType, kSize, 1,
                             nullptr, &buffer),
              VA_STATUS_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(create_parameters(kSize - 1, 1, &buffer), VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(create_parameters(0xffffffff, 1, &buffer), VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(create_parameters(kSize, 0xffffffff, &buffer), VA_STATUS_ERROR_INVALID_PARAMETER);
    ASSERT_EQ(create_parameters(kSize, 1, &buffer), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaBufferSetNumElements(display_, buffer, 2), VA_STATUS_ERROR_INVALID_PARAMETER);
    EXPECT_EQ(vaBufferSetNumElements(display_, buffer, 1), VA_STATUS_SUCCESS);
    VABufferInfo info{};
    EXPECT_EQ(vaAcquireBufferHandle(display_, buffer, &info),
              VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE);
}

TEST_F(SoftBuffer, an_acquired_handle_is_the_surfaces_object_and_keeps_the_driver_off_it) {
    const VASurfaceID surface = create(VA_FOURCC_NV12, 64, 64);
    VAImage image{};
    ASSERT_EQ(vaDeriveImage(display_, surface, &image), VA_STATUS_SUCCESS);
    VABufferInfo info{};
    ASSERT_EQ(vaAcquireBufferHandle(display_, image.buf, &info), VA_STATUS_SUCCESS);
    EXPECT_EQ(info.mem_type, static_cast<std::uint32_t>(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME));
    EXPECT_GE(info.mem_size, image.data_size);
    VADRMPRIMESurfaceDescriptor exported{};
    ASSERT_EQ(vaExportSurfaceHandle(display_, surface, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2,
                                    VA_EXPORT_SURFACE_COMPOSED_LAYERS, &exported),
              VA_STATUS_SUCCESS);
    const Fd fd(exported.objects[0].fd);
    EXPECT_EQ(inode_of(static_cast<int>(info.handle)), inode_of(fd.get()));
    EXPECT_EQ(vaBeginPicture(display_, context_, surface), VA_STATUS_ERROR_SURFACE_BUSY);
    EXPECT_EQ(vaReleaseBufferHandle(display_, image.buf), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaReleaseBufferHandle(display_, image.buf), VA_STATUS_ERROR_INVALID_BUFFER);
    EXPECT_EQ(vaBeginPicture(display_, context_, surface), VA_STATUS_SUCCESS);
    VABufferInfo other{};
    other.mem_type = VA_SURFACE_ATTRIB_MEM_TYPE_KERNEL_DRM;
    EXPECT_EQ(vaAcquireBufferHandle(display_, image.buf, &other),
              VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE);
}

TEST_F(SoftBuffer, unmapping_what_is_not_mapped_is_refused) {
    VAImage image{};
    ASSERT_EQ(vaDeriveImage(display_, create(VA_FOURCC_NV12, 64, 64), &image), VA_STATUS_SUCCESS);
    EXPECT_EQ(vaUnmapBuffer(display_, image.buf), VA_STATUS_ERROR_INVALID_BUFFER);
}

}  // namespace
}  // namespace mrda::va_soft
