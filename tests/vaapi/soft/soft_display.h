// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <va/va.h>
#include <va/va_drmcommon.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mrda/interop/fd.h"

namespace mrda::va_soft {

/// An initialised display on the software driver, through the real libva.
class SoftDisplay : public ::testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    VASurfaceID create(std::uint32_t fourcc, unsigned width, unsigned height);
    VAStatus import(VASurfaceID& surface, std::uint32_t memory_type, void* descriptor,
                    unsigned width, unsigned height, unsigned rt_format = VA_RT_FORMAT_YUV420);
    /// The surface's image, with its pixels mapped.
    std::uint8_t* map(VASurfaceID surface, VAImage& image);
    void unmap(const VAImage& image);

    VADisplay display_ = nullptr;
    std::string said_;  ///< What the driver last told the display's info callback.
};

/// VA_RT_FORMAT_* of a fourcc that the driver knows.
unsigned rt_format_of(std::uint32_t fourcc);
VAImageFormat image_format_of(std::uint32_t fourcc);

/// Shared memory that a test imports, seen through a mapping of the test's own.
class Memfd {
  public:
    explicit Memfd(std::size_t size_bytes);
    Memfd(const Memfd&) = delete;
    Memfd& operator=(const Memfd&) = delete;
    ~Memfd();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint8_t* data() const { return data_; }
    [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }

  private:
    Fd fd_;
    std::size_t size_bytes_;
    std::uint8_t* data_;
};

/// NV12 with both planes in one object, chroma right after luma.
VADRMPRIMESurfaceDescriptor nv12_prime_2(int fd, std::uint32_t size_bytes, std::uint32_t width,
                                         std::uint32_t height, std::uint32_t pitch);
VASurfaceAttribExternalBuffers nv12_buffers(std::uintptr_t* handles, std::uint32_t count,
                                            std::uint32_t size_bytes, std::uint32_t width,
                                            std::uint32_t height, std::uint32_t pitch);

unsigned open_descriptors();
ino_t inode_of(int fd);

}  // namespace mrda::va_soft
