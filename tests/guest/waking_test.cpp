// SPDX-License-Identifier: MIT
#include "waking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/pci_folders.h"

namespace mrda::guest::core {
namespace {

using testing::HasSubstr;

class WakingTest : public testing::Test, protected ivshmem::test::PciFolders {
  protected:
    static v1::WakeAgreement agreed(v1::WakeBy guest, v1::WakeBy host) {
        v1::WakeAgreement agreement;
        agreement.set_guest(guest);
        agreement.set_host(host);
        return agreement;
    }
    [[nodiscard]] std::shared_ptr<ivshmem::PciDevice> device(bool doorbell) const {
        const PciAddress address = add("0000:00:10.0");
        if (doorbell) {
            add_doorbell("0000:00:10.0");
        }
        return ivshmem::share_ivshmem_device(address, paths_).value();
    }
    Result<std::unique_ptr<ivshmem::Wakeup>> wakeup(
        const v1::WakeAgreement& agreement, const std::shared_ptr<ivshmem::PciDevice>& device) {
        return wakeup_of(agreement, device, *control_, 1, nullptr);
    }

    // Nobody is asked before a wake stream begins.
    std::unique_ptr<Control> control_ =
        Control::make("unix:/nowhere", Token::from(""), TlsFiles{}).value();
};

TEST_F(WakingTest, by_futex_is_the_channels_own) {
    const auto made = wakeup(agreed(v1::WAKE_BY_FUTEX, v1::WAKE_BY_FUTEX), nullptr);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(*made, nullptr);
}

TEST_F(WakingTest, refuses_what_does_not_go_together) {
    EXPECT_EQ(wakeup(agreed(v1::WAKE_BY_FUTEX, v1::WAKE_BY_POLLING), nullptr).error().code,
              Errc::corrupt);
    auto agreement = agreed(v1::WAKE_BY_POLLING, v1::WAKE_BY_POLLING);
    agreement.set_vector(0x1'0000);
    EXPECT_EQ(wakeup(agreement, nullptr).error().code, Errc::corrupt);
}

TEST_F(WakingTest, refuses_a_doorbell_that_is_not_there) {
    const auto agreement = agreed(v1::WAKE_BY_POLLING, v1::WAKE_BY_DOORBELL);
    EXPECT_THAT(wakeup(agreement, nullptr).error().message, HasSubstr("not there"));
    EXPECT_THAT(wakeup(agreement, device(false)).error().message, HasSubstr("not there"));
}

TEST_F(WakingTest, rings_the_hosts_peer_by_the_devices_register) {
    auto agreement = agreed(v1::WAKE_BY_POLLING, v1::WAKE_BY_DOORBELL);
    agreement.set_host_peer(3);
    agreement.set_vector(5);
    const auto made = wakeup(agreement, device(true));
    ASSERT_TRUE(made.ok()) << to_string(made.error());
    (*made)->wake_peer();
    std::uint32_t value = 0;
    std::memcpy(&value, read("0000:00:10.0/resource0").data() + 0x100 + 12, sizeof value);
    EXPECT_EQ(value, 0x3'0005U);
}

TEST_F(WakingTest, says_why_its_device_does_not_interrupt) {
    EXPECT_THAT(
        wakeup(agreed(v1::WAKE_BY_DOORBELL, v1::WAKE_BY_POLLING), device(true)).error().message,
        HasSubstr("vfio-pci"));
}

TEST_F(WakingTest, is_told_in_words_with_the_reason) {
    auto agreement = agreed(v1::WAKE_BY_STREAM, v1::WAKE_BY_DOORBELL);
    EXPECT_EQ(words_of(agreement), "guest by stream, host by doorbell");
    agreement.set_reason("all are in use");
    EXPECT_EQ(words_of(agreement), "guest by stream, host by doorbell (all are in use)");
}

}  // namespace
}  // namespace mrda::guest::core
