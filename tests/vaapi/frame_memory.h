// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/frame_layout.h"
#include "support/memfd.h"

namespace mrda::test {

/// Shared memory of `size_bytes` in which a frame begins at `offset_bytes`, as a descriptor and as
/// the CPU sees it.
class FrameMemory {
  public:
    explicit FrameMemory(std::size_t size_bytes, std::size_t offset_bytes = 0)
        : whole_bytes_(size_bytes + offset_bytes), offset_bytes_(offset_bytes) {
        Fd fd = new_memfd(whole_bytes_);
        void* const data =
            ::mmap(nullptr, whole_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        EXPECT_NE(data, MAP_FAILED);
        data_ = static_cast<std::byte*>(data);
        auto made = DmaBuf::adopt(std::move(fd), offset_bytes, size_bytes, "a test");
        EXPECT_TRUE(made.ok());
        buffer_.push_back(std::move(*made));
        for (std::size_t i = 0; i < whole_bytes_; ++i) {
            data_[i] = byte_at(i);
        }
    }
    ~FrameMemory() { ::munmap(data_, whole_bytes_); }
    FrameMemory(const FrameMemory&) = delete;
    FrameMemory& operator=(const FrameMemory&) = delete;

    [[nodiscard]] const DmaBuf& buffer() const { return buffer_[0]; }
    [[nodiscard]] std::byte* frame() const { return data_ + offset_bytes_; }
    /// Whether every byte is as it was made.
    [[nodiscard]] bool untouched() const {
        for (std::size_t i = 0; i < whole_bytes_; ++i) {
            if (data_[i] != byte_at(i)) {
                return false;
            }
        }
        return true;
    }

  private:
    static std::byte byte_at(std::size_t i) {
        return static_cast<std::byte>((i * 7 + i / 251) & 0xffU);
    }

    std::size_t whole_bytes_;
    std::size_t offset_bytes_;
    std::byte* data_ = nullptr;
    std::vector<DmaBuf> buffer_;  // One; a DmaBuf has no empty state.
};

}  // namespace mrda::test
