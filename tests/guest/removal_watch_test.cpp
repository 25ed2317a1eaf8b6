// SPDX-License-Identifier: MIT
#include "removal_watch.h"

#include <gtest/gtest.h>

#include "mrda/ivshmem/wakeup.h"
#include "support/pci_folders.h"

namespace mrda::guest::core {
namespace {

constexpr std::uint64_t kPatienceNs = 5'000'000'000;

class RemovalWatchTest : public testing::Test, protected ivshmem::test::PciFolders {
  protected:
    [[nodiscard]] std::shared_ptr<ivshmem::PciDevice> open(const std::string& address) const {
        return ivshmem::share_ivshmem_device(add(address), paths_).value();
    }
    /// Of somebody who asks all the time.
    static bool notices(RemovalWatch& watch) {
        const std::uint64_t end_ns = ivshmem::now_ns() + kPatienceNs;
        while (watch.all_there() && ivshmem::now_ns() < end_ns) {
        }
        return !watch.all_there();
    }
};

TEST_F(RemovalWatchTest, notices_either_device_without_being_told) {
    for (const char* const removed : {"0000:00:10.0", "0000:00:11.0"}) {
        const auto watch = RemovalWatch::make({open("0000:00:10.0"), open("0000:00:11.0")}).value();
        EXPECT_TRUE(watch->all_there());
        remove(removed);
        EXPECT_TRUE(notices(*watch)) << removed;
    }
}

TEST_F(RemovalWatchTest, a_device_that_was_gone_once_stays_gone) {
    const auto watch = RemovalWatch::make({open("0000:00:10.0")}).value();
    std::filesystem::rename(path("0000:00:10.0"), path("aside"));
    EXPECT_FALSE(watch->seen());
    std::filesystem::rename(path("aside"), path("0000:00:10.0"));
    EXPECT_FALSE(watch->seen());
    EXPECT_FALSE(watch->all_there());
}

TEST_F(RemovalWatchTest, holds_its_devices) {
    auto out = open("0000:00:11.0");
    const std::weak_ptr<ivshmem::PciDevice> held = out;
    auto watch = RemovalWatch::make({open("0000:00:10.0"), std::move(out)}).value();
    EXPECT_FALSE(held.expired());
    watch.reset();
    EXPECT_TRUE(held.expired());
}

TEST_F(RemovalWatchTest, each_has_events_of_its_own) {
    const auto device = open("0000:00:10.0");
    const auto one = RemovalWatch::make({device}).value();
    const auto other = RemovalWatch::make({device}).value();
    EXPECT_NE(one->events(), other->events());
    EXPECT_TRUE(one->seen()) << "nothing was told, and it does not wait";
    EXPECT_TRUE(other->all_there());
}

}  // namespace
}  // namespace mrda::guest::core
