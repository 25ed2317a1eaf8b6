// SPDX-License-Identifier: MIT
#include "resource_manager.h"

#include <gtest/gtest.h>

namespace mrda::service {
namespace {

TEST(ResourceManager, reads_the_kernels_counters) {
    const auto ticks = parse_cpu_ticks("cpu  10 1 5 100 20 2 3 4 50 0\ncpu0 1 1 1 1\n");
    ASSERT_TRUE(ticks.ok());
    EXPECT_EQ(ticks->total, 145U);
    EXPECT_EQ(ticks->busy, 25U);
    EXPECT_EQ(parse_meminfo("MemTotal: 100 kB\nMemAvailable:    7 kB\n", "MemAvailable").value(),
              7U * 1024);
}

TEST(ResourceManager, refuses_what_is_no_proc_file) {
    for (const char* text :
         {"", "cpu", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3", "cpu  a b c d e f g h"}) {
        EXPECT_FALSE(parse_cpu_ticks(text).ok()) << text;
    }
    EXPECT_FALSE(parse_meminfo("", "MemTotal").ok());
    EXPECT_FALSE(parse_meminfo("MemTotal", "MemTotal").ok());
    EXPECT_FALSE(parse_meminfo("MemTotal:", "MemTotal").ok());
}

TEST(ResourceManager, samples_this_machine) {
    ResourceManager manager({});
    ASSERT_TRUE(manager.sample().ok());
    EXPECT_GT(manager.last().memory_total_bytes, manager.last().memory_available_bytes);
    EXPECT_GE(manager.last().cpu_count, 1U);
}

TEST(ResourceManager, admits_up_to_its_ceiling_and_says_the_figures) {
    ResourceManager manager({.pixels_per_second = 1000, .cpu_load = 2, .memory_reserve_bytes = 0});
    ASSERT_TRUE(manager.sample().ok());
    ASSERT_TRUE(manager.place(600).ok());
    manager.reserve({}, 600);
    const auto refused = manager.place(401);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::exhausted);
    for (const char* figure : {"401", "600", "1000"}) {
        EXPECT_NE(refused.error().message.find(figure), std::string::npos) << figure;
    }
    EXPECT_TRUE(manager.place(400).ok());
    manager.release({}, 600);
    EXPECT_TRUE(manager.place(1000).ok());
    EXPECT_FALSE(manager.place(~std::uint64_t{0}).ok());
}

TEST(ResourceManager, keeps_memory_in_reserve) {
    ResourceManager manager(
        {.pixels_per_second = 1000, .cpu_load = 2, .memory_reserve_bytes = std::uint64_t{1} << 60});
    ASSERT_TRUE(manager.sample().ok());
    const auto refused = manager.place(1);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("MiB of memory"), std::string::npos);
}

class Gpus : public testing::Test {
  protected:
    static DeviceReading reading(const char* address, std::uint64_t active_us,
                                 std::uint64_t timestamp_us) {
        return {address, "GPU", {{active_us, timestamp_us}}};
    }
    static ResourceLimits limits(Strategy strategy) {
        return {.strategy = strategy,
                .pixels_per_second = 100,
                .gpu_pixels_per_second = 1000,
                .cpu_load = 2,
                .memory_reserve_bytes = 0};
    }
    static constexpr const char* kA = "0000:03:00.0";
    static constexpr const char* kB = "0000:04:00.0";
};

TEST_F(Gpus, take_turns) {
    ResourceManager manager(limits(Strategy::gpu_first));
    manager.set_devices({reading(kA, 0, 0), reading(kB, 0, 0)});
    EXPECT_EQ(manager.place(10)->pci_address, kA);
    EXPECT_EQ(manager.place(10)->pci_address, kB);
    EXPECT_EQ(manager.place(10)->pci_address, kA);
}

TEST_F(Gpus, above_their_ceiling_are_passed_over) {
    ResourceManager manager(limits(Strategy::gpu_first));
    manager.set_devices({reading(kA, 0, 0), reading(kB, 0, 0)});
    manager.set_devices({reading(kA, 95, 100), reading(kB, 10, 100)});
    EXPECT_EQ(manager.place(10)->pci_address, kB);
    EXPECT_EQ(manager.place(10)->pci_address, kB);
    manager.set_devices({reading(kA, 100, 200), reading(kB, 109, 200)});
    EXPECT_EQ(manager.place(10)->pci_address, kA);
}

TEST_F(Gpus, that_are_full_leave_the_processor_and_then_nothing) {
    ResourceManager manager(limits(Strategy::gpu_first));
    ASSERT_TRUE(manager.sample().ok());
    manager.set_devices({reading(kA, 0, 0)});
    manager.reserve({kA}, 950);
    EXPECT_FALSE(manager.place(100)->on_gpu());
    manager.reserve({}, 50);
    const auto refused = manager.place(100);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find(kA), std::string::npos);
    EXPECT_NE(refused.error().message.find("950"), std::string::npos);
    EXPECT_EQ(manager.devices()[0].sessions, 1U);
    manager.release({kA}, 950);
    EXPECT_EQ(manager.place(100)->pci_address, kA);
}

TEST_F(Gpus, come_second_where_the_processor_is_first) {
    ResourceManager manager(limits(Strategy::cpu_first));
    ASSERT_TRUE(manager.sample().ok());
    manager.set_devices({reading(kA, 0, 0)});
    EXPECT_FALSE(manager.place(100)->on_gpu());
    manager.reserve({}, 100);
    EXPECT_EQ(manager.place(1)->pci_address, kA);
}

TEST_F(Gpus, that_were_asked_for_by_name_are_not_replaced_by_the_processor) {
    ResourceManager manager(limits(Strategy::gpu_only));
    ASSERT_TRUE(manager.sample().ok());
    EXPECT_EQ(manager.place(1).error().code, Errc::exhausted) << "there is none";
    manager.set_devices({reading(kA, 0, 0)});
    EXPECT_EQ(manager.place(100)->pci_address, kA);
    manager.reserve({kA}, 1000);
    EXPECT_EQ(manager.place(100).error().code, Errc::exhausted);
}

TEST_F(Gpus, that_vanish_get_nothing_new_and_keep_count_of_what_they_had) {
    ResourceManager manager(limits(Strategy::gpu_first));
    ASSERT_TRUE(manager.sample().ok());
    manager.set_devices({reading(kA, 0, 0)});
    manager.reserve({kA}, 10);
    manager.set_devices({});
    EXPECT_FALSE(manager.place(10)->on_gpu());
    manager.release({kA}, 10);
    EXPECT_EQ(manager.devices()[0].pixels_reserved, 0U);
}

}  // namespace
}  // namespace mrda::service
