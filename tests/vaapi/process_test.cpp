// SPDX-License-Identifier: MIT
// One memory in two processes: exported by one, sent through a socket, imported by the other.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "l0/device_bytes.h"
#include "mrda/interop/run_child.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/surface.h"
#include "support/descriptor_socket.h"
#include "support/platform.h"
#include "vaapi/memory_peer.h"

namespace mrda::vaapi {
namespace {

constexpr std::uint64_t kPatienceNs = 60'000'000'000;

/// What memory_peer says of `object`.
Result<ChildOutcome> show_to_peer(const char* how, const DmaBuf& object) {
    const auto [ours, theirs] = test::socket_pair();
    EXPECT_TRUE(test::send_descriptor(ours.get(), object.fd()));
    return run_child({MRDA_MEMORY_PEER, how, std::to_string(theirs.get())}, kPatienceNs);
}

class AcrossProcesses : public test::DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        ASSERT_FALSE(HasFatalFailure());
        auto made = l0::UsmBuffer::allocate(*context_, l0::UsmKind::device, bytes_,
                                            l0::Exportable::dma_buf);
        ASSERT_TRUE(made.ok()) << to_string(made.error());
        usm_.emplace(std::move(*made));
        auto exported = usm_->export_dma_buf();
        ASSERT_TRUE(exported.ok()) << to_string(exported.error());
        object_.emplace(std::move(*exported));
    }

    const std::size_t bytes_ = test::peer_layout()->size_bytes();
    std::optional<l0::UsmBuffer> usm_;
    std::optional<DmaBuf> object_;
};

TEST_F(AcrossProcesses, usm_of_one_is_usm_of_the_other) {
    auto bytes = test::pattern(bytes_, 1);
    bytes.front() = std::byte{17};
    bytes.back() = std::byte{200};
    test::write_bytes(*context_, usm_->data(), bytes);
    const auto peer = show_to_peer("usm", *object_);
    ASSERT_TRUE(peer.ok()) << to_string(peer.error());
    ASSERT_EQ(peer->signal, 0);
    ASSERT_EQ(peer->exit_code, 0) << peer->output;
    MRDA_NEEDS_PIXELS("both processes copy out of the memory");
    EXPECT_EQ(peer->output, "17 200");
    bytes.front() = ~bytes.front();
    bytes.back() = ~bytes.back();
    EXPECT_EQ(test::read_bytes(*context_, usm_->data(), bytes_), bytes);
}

TEST_F(AcrossProcesses, usm_of_one_is_a_surface_of_the_other) {
    // By the CPU on both sides: no engine has a part in this.
    void* const mapped =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, object_->fd(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    auto* const bytes = static_cast<std::byte*>(mapped);
    ASSERT_TRUE(object_->begin_cpu_access(DmaBuf::Access::write).ok());
    bytes[0] = std::byte{17};
    bytes[bytes_ - 1] = std::byte{200};
    ASSERT_TRUE(object_->end_cpu_access(DmaBuf::Access::write).ok());
    const auto peer = show_to_peer("surface", *object_);
    ASSERT_TRUE(peer.ok()) << to_string(peer.error());
    ASSERT_EQ(peer->signal, 0);
    ASSERT_EQ(peer->exit_code, 0) << peer->output;
    EXPECT_EQ(peer->output, "17 200");
    ASSERT_TRUE(object_->begin_cpu_access(DmaBuf::Access::read).ok());
    EXPECT_EQ(bytes[0], ~std::byte{17});
    EXPECT_EQ(bytes[bytes_ - 1], ~std::byte{200});
    ASSERT_TRUE(object_->end_cpu_access(DmaBuf::Access::read).ok());
    ::munmap(mapped, bytes_);
}

}  // namespace
}  // namespace mrda::vaapi
