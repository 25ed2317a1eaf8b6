// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <xf86drm.h>

#include <cstdint>
#include <memory>
#include <string>

#include "mrda/interop/fd.h"

namespace mrda::test {

/// The kernel's GPU without hardware: it takes and gives DMA-BUFs as a GPU does, and its work on
/// one is done when the test says so.
class Vgem {
  public:
    /// Not open where there is none: skip the test then.
    Vgem() {
        for (int card = 0; card < kMostCards && !node_; ++card) {
            Fd node(::open(("/dev/dri/card" + std::to_string(card)).c_str(), O_RDWR | O_CLOEXEC));
            const std::unique_ptr<drmVersion, decltype(&drmFreeVersion)> driver(
                node ? drmGetVersion(node.get()) : nullptr, drmFreeVersion);
            if (driver && std::string(driver->name) == "vgem") {
                node_ = std::move(node);
            }
        }
    }
    [[nodiscard]] bool is_open() const { return node_.valid(); }

    /// A handle for the DMA-BUF; 0 if it is refused.
    [[nodiscard]] std::uint32_t import(int dma_buf) const {
        std::uint32_t handle = 0;
        EXPECT_EQ(drmPrimeFDToHandle(node_.get(), dma_buf, &handle), 0);
        return handle;
    }
    [[nodiscard]] Fd export_handle(std::uint32_t handle) const {
        int fd = -1;
        EXPECT_EQ(drmPrimeHandleToFD(node_.get(), handle, DRM_CLOEXEC | DRM_RDWR, &fd), 0);
        return Fd(fd);
    }
    /// Memory of its own, linear, of at least so many bytes.
    [[nodiscard]] std::uint32_t allocate(std::uint32_t width_bytes, std::uint32_t rows) const {
        drm_mode_create_dumb request{};
        request.width = width_bytes;
        request.height = rows;
        request.bpp = 8;
        EXPECT_EQ(drmIoctl(node_.get(), DRM_IOCTL_MODE_CREATE_DUMB, &request), 0);
        return request.handle;
    }

    /// From now on it writes to the object, until end_work().
    [[nodiscard]] std::uint32_t begin_write(std::uint32_t handle) const {
        FenceAttach request{handle, kWrites, 0, 0};
        EXPECT_EQ(drmIoctl(node_.get(), kAttach, &request), 0);
        return request.fence;
    }
    void end_work(std::uint32_t fence) const {
        FenceSignal request{fence, 0};
        EXPECT_EQ(drmIoctl(node_.get(), kSignal, &request), 0);
    }

  private:
    // The kernel's vgem_drm.h, which Debian packages nowhere.
    struct FenceAttach {
        std::uint32_t handle;
        std::uint32_t flags;
        std::uint32_t fence;
        std::uint32_t unused;
    };
    struct FenceSignal {
        std::uint32_t fence;
        std::uint32_t flags;
    };
    static constexpr std::uint32_t kWrites = 1;
    static constexpr unsigned long kAttach = DRM_IOWR(DRM_COMMAND_BASE + 1, FenceAttach);
    static constexpr unsigned long kSignal = DRM_IOW(DRM_COMMAND_BASE + 2, FenceSignal);
    static constexpr int kMostCards = 16;

    Fd node_;
};

}  // namespace mrda::test

#define MRDA_NEEDS_VGEM(vgem)                                              \
    do {                                                                   \
        if (!(vgem).is_open()) {                                           \
            GTEST_SKIP() << "no vgem among /dev/dri/card*: modprobe vgem"; \
        }                                                                  \
    } while (false)
