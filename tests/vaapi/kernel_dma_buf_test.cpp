// SPDX-License-Identifier: MIT
// DMA-BUFs that the kernel makes, and a device of the kernel's that uses them, with the software
// drivers beside it.
#include <drm_fourcc.h>
#include <gtest/gtest.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include "mrda/interop/udmabuf.h"
#include "mrda/vaapi/image.h"
#include "mrda/vaapi/import.h"
#include "support/kernel_dma_buf.h"
#include "support/memfd.h"
#include "support/platform.h"
#include "vaapi/vgem.h"

namespace mrda::vaapi {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr const char* kUdmabuf = "/dev/udmabuf";
constexpr const char* kHeap = "/dev/dma_heap/system";

/// Whether a thread of this process waits in the kernel: proc(5), the state behind the name.
bool sleeps(pid_t thread) {
    std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/stat");
    std::string text;
    std::getline(status, text);
    const std::size_t name_end = text.rfind(')');
    return name_end != std::string::npos &&
           (text[name_end + 2] == 'S' || text[name_end + 2] == 'D');
}

class KernelDmaBuf : public test::DisplayTest {
  protected:
    void SetUp() override {
        MRDA_ONLY_ON(software, "a GPU's driver does not share memory with vgem");
        DisplayTest::SetUp();
    }

    [[nodiscard]] DmaBuf new_udmabuf() const {
        auto made = export_range_as_dma_buf(memory_.get(), 0, bytes_);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    [[nodiscard]] DmaBuf adopted(Fd fd) const {
        auto made = DmaBuf::adopt(std::move(fd), 0, layout_.size_bytes(), "the kernel");
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    [[nodiscard]] Surface surface_over(const DmaBuf& object) const {
        auto made = import_surface(*display_, {&object, nullptr, 0, {}}, layout_, Route::prime_2);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        EXPECT_EQ(made->verification, "probe pattern seen through the surface");
        return std::move(made->surface);
    }
    /// Whether `touch` waits for the device to be done with what is handle's.
    template <typename Touch>
    [[nodiscard]] bool waits_for_the_device(std::uint32_t handle, Touch touch) const {
        const std::uint32_t fence = vgem_.begin_write(handle);
        std::atomic<pid_t> thread = 0;
        std::atomic<bool> done = false;
        std::atomic<bool> signalled = false;
        bool waited = false;
        std::thread toucher([&] {
            thread = ::gettid();
            touch();
            waited = signalled;
            done = true;
        });
        while (!done && (thread == 0 || !sleeps(thread))) {
            std::this_thread::yield();
        }
        signalled = true;
        vgem_.end_work(fence);
        toucher.join();
        return waited;
    }

    const FrameLayout layout_ = *FrameLayout::linear(DRM_FORMAT_NV12, 320, 192);
    const std::uint64_t bytes_ = (layout_.size_bytes() + kPageBytes - 1) / kPageBytes * kPageBytes;
    const Fd memory_ = test::new_memfd(bytes_);
    const test::Vgem vgem_;
};

TEST_F(KernelDmaBuf, of_udmabuf_is_taken_by_a_kernel_device_which_gives_back_the_same_object) {
    MRDA_NEEDS_NODE(kUdmabuf);
    MRDA_NEEDS_VGEM(vgem_);
    const DmaBuf object = new_udmabuf();
    const std::uint32_t handle = vgem_.import(object.fd());
    ASSERT_NE(handle, 0U);
    EXPECT_EQ(vgem_.import(object.fd()), handle) << "it is known already";
    const Fd again = vgem_.export_handle(handle);
    EXPECT_EQ(*identify(again.get()), object.identity());
}

TEST_F(KernelDmaBuf, of_udmabuf_is_a_surface_on_the_very_pages_of_the_memfd) {
    MRDA_NEEDS_NODE(kUdmabuf);
    const DmaBuf object = new_udmabuf();
    const Surface surface = surface_over(object);
    const test::MappedObject memfd(memory_.get(), bytes_);
    CopyLedger ledger;
    const auto image = MappedImage::map(surface, ledger);
    ASSERT_TRUE(image.ok()) << to_string(image.error());
    memfd.data()[9] = 0x55;
    EXPECT_EQ(image->plane(0)[9], std::byte{0x55});
    image->plane(1)[11] = std::byte{0x66};
    EXPECT_EQ(memfd.data()[layout_.planes()[1].offset_bytes + 11], 0x66);
    EXPECT_EQ(ledger.total_bytes(), 0U);
    EXPECT_EQ(surface.export_dma_buf()->object.identity(), object.identity());
}

TEST_F(KernelDmaBuf, that_a_device_writes_has_a_sync_file_which_signals_when_it_is_done) {
    MRDA_NEEDS_NODE(kUdmabuf);
    MRDA_NEEDS_VGEM(vgem_);
    const DmaBuf object = new_udmabuf();
    const std::uint32_t fence = vgem_.begin_write(vgem_.import(object.fd()));
    auto exported = object.export_sync_file(DmaBuf::Access::read);
    ASSERT_TRUE(exported.ok()) << to_string(exported.error());
    const Sync written = Sync::sync_file(std::move(*exported));
    EXPECT_EQ(written.wait(0).error().code, Errc::timeout);
    vgem_.end_work(fence);
    EXPECT_TRUE(written.wait().ok());
}

TEST_F(KernelDmaBuf, passes_one_objects_sync_file_on_to_the_users_of_another) {
    MRDA_NEEDS_NODE(kUdmabuf);
    MRDA_NEEDS_VGEM(vgem_);
    const DmaBuf first = new_udmabuf();
    const DmaBuf second = new_udmabuf();
    const std::uint32_t fence = vgem_.begin_write(vgem_.import(first.fd()));
    const auto written = first.export_sync_file(DmaBuf::Access::read);
    ASSERT_TRUE(second.import_sync_file(written->get(), DmaBuf::Access::write).ok());
    const Sync both = Sync::sync_file(std::move(*second.export_sync_file(DmaBuf::Access::read)));
    EXPECT_EQ(both.wait(0).error().code, Errc::timeout);
    vgem_.end_work(fence);
    EXPECT_TRUE(both.wait().ok());
}

TEST_F(KernelDmaBuf, that_a_device_writes_is_waited_for_before_a_cpu_reads_it) {
    MRDA_NEEDS_NODE(kUdmabuf);
    MRDA_NEEDS_VGEM(vgem_);
    const DmaBuf object = new_udmabuf();
    EXPECT_TRUE(waits_for_the_device(vgem_.import(object.fd()), [&] {
        EXPECT_TRUE(object.begin_cpu_access(DmaBuf::Access::read).ok());
        EXPECT_TRUE(object.end_cpu_access(DmaBuf::Access::read).ok());
    }));
}

TEST_F(KernelDmaBuf, that_a_device_writes_is_waited_for_by_the_driver_that_imported_it) {
    MRDA_NEEDS_NODE(kUdmabuf);
    MRDA_NEEDS_VGEM(vgem_);
    const DmaBuf object = new_udmabuf();
    const Surface surface = surface_over(object);
    EXPECT_TRUE(waits_for_the_device(vgem_.import(object.fd()), [&] {
        CopyLedger ledger;
        EXPECT_TRUE(MappedImage::map(surface, ledger).ok());
    }));
}

TEST_F(KernelDmaBuf, that_a_device_writes_is_waited_for_by_the_driver_that_exported_it) {
    MRDA_NEEDS_NODE(kUdmabuf);
    MRDA_NEEDS_VGEM(vgem_);
    const auto surface = Surface::allocate(*display_, DRM_FORMAT_NV12, 320, 192);
    ASSERT_TRUE(surface.ok()) << to_string(surface.error());
    const auto exported = surface->export_dma_buf();
    ASSERT_TRUE(exported.ok()) << to_string(exported.error());
    EXPECT_EQ(test::kernel_exporter_of(exported->object.fd()), "udmabuf");
    EXPECT_TRUE(waits_for_the_device(vgem_.import(exported->object.fd()), [&] {
        CopyLedger ledger;
        EXPECT_TRUE(MappedImage::map(*surface, ledger).ok());
    }));
}

TEST_F(KernelDmaBuf, of_a_heap_becomes_a_surface) {
    MRDA_NEEDS_NODE(kHeap);
    const Fd heap(::open(kHeap, O_RDWR | O_CLOEXEC));
    dma_heap_allocation_data request{};
    request.len = bytes_;
    request.fd_flags = O_RDWR | O_CLOEXEC;
    ASSERT_EQ(::ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &request), 0);
    const DmaBuf object = adopted(Fd(static_cast<int>(request.fd)));
    EXPECT_EQ(object.kind(), DmaBuf::Kind::dma_buf);
    EXPECT_EQ(test::kernel_exporter_of(object.fd()), "system");
    const Surface surface = surface_over(object);
    EXPECT_EQ(surface.export_dma_buf()->object.identity(), object.identity());
}

TEST_F(KernelDmaBuf, of_a_kernel_device_becomes_a_surface) {
    MRDA_NEEDS_VGEM(vgem_);
    const std::uint32_t handle = vgem_.allocate(320, 192 * 3 / 2);
    const DmaBuf object = adopted(vgem_.export_handle(handle));
    EXPECT_EQ(test::kernel_exporter_of(object.fd()), "drm");
    const Surface surface = surface_over(object);
    EXPECT_TRUE(waits_for_the_device(handle, [&] {
        CopyLedger ledger;
        EXPECT_TRUE(MappedImage::map(surface, ledger).ok());
    }));
}

}  // namespace
}  // namespace mrda::vaapi
