// SPDX-License-Identifier: MIT
#include "vm_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mrda::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

VmConfig with_devices(std::uint32_t devices) {
    VmConfig config;
    config.name = "vm1";
    config.devices = devices;
    return config;
}

void expect_refused(const VmConfig& config, const std::string& says) {
    const auto checked = check_vm_config(config);
    ASSERT_FALSE(checked.ok()) << says;
    EXPECT_EQ(checked.error().code, Errc::invalid_argument);
    EXPECT_THAT(checked.error().message, HasSubstr("vm1"));
    EXPECT_THAT(checked.error().message, HasSubstr(says));
}

TEST(VmConfig, a_device_of_no_power_of_two_is_refused_naming_the_next_one_up) {
    VmConfig config = with_devices(1);
    EXPECT_TRUE(check_vm_config(config).ok());
    config.memory_bytes = 100'000'000;
    expect_refused(config, "134217728 (128 MiB)");
    config.memory_bytes = 4096;
    expect_refused(config, "1048576 (1 MiB)");
    config.memory_bytes = ~std::uint64_t{0};
    expect_refused(config, "1099511627776 (1048576 MiB)");
    config.devices = 0;
    EXPECT_TRUE(check_vm_config(config).ok()) << "memory without a device may have any size";
}

TEST(VmConfig, both_devices_are_looked_at_where_there_are_two) {
    VmConfig config = with_devices(2);
    config.out_memory_bytes = 3'000'000;
    expect_refused(config, "4194304 (4 MiB)");
    config.devices = 1;
    EXPECT_TRUE(check_vm_config(config).ok());
}

TEST(VmConfig, devices_vectors_and_paths_that_cannot_be_are_refused) {
    expect_refused(with_devices(3), "3 devices");
    for (const std::uint32_t vectors : {0U, 65U}) {
        VmConfig config = with_devices(1);
        config.vectors = vectors;
        expect_refused(config, std::to_string(vectors) + " vectors");
    }
    VmConfig both = with_devices(1);
    both.in_device_path = both.out_device_path = "/dev/shm/x";
    expect_refused(both, "not both");
}

TEST(VmConfig, devices_are_named_after_their_vm) {
    EXPECT_THAT(device_names(with_devices(0)), IsEmpty());
    EXPECT_THAT(device_names(with_devices(1)), ElementsAre("vm1"));
    EXPECT_THAT(device_names(with_devices(2)), ElementsAre("vm1.in", "vm1.out"));
}

TEST(VmConfig, is_read_as_it_was_written) {
    VmConfig config = with_devices(2);
    config.vectors = 3;
    config.qemu_user = "\"somebody\"";
    config.out_memory_bytes = 1 << 21;
    config.max_sessions = 5;
    const auto read = parse_vm_list(vm_list_text({config, with_devices(0)}));
    ASSERT_TRUE(read.ok());
    ASSERT_EQ(read->size(), 2U);
    const VmConfig& first = read->front();
    EXPECT_TRUE(same_devices(first, config));
    EXPECT_EQ(first.vectors, 3U);
    EXPECT_EQ(first.qemu_user, config.qemu_user);
    EXPECT_EQ(first.max_sessions, 5U);
    EXPECT_FALSE(same_devices(first, read->back()));
}

TEST(VmConfig, of_an_older_service_has_no_devices) {
    const auto read = parse_vm_list(R"([{"name": "old", "memory_bytes": 4096,
        "in_device_path": "", "out_device_path": "", "out_memory_bytes": 0, "max_sessions": 1,
        "max_creates_per_second": 2, "max_pixels_per_second": 3}])");
    ASSERT_TRUE(read.ok()) << to_string(read.error());
    EXPECT_EQ(read->front().devices, 0U);
    EXPECT_EQ(read->front().vectors, 16U);
    EXPECT_EQ(read->front().qemu_user, "");
    EXPECT_EQ(read->front().max_pixels_per_second, 3U);
}

TEST(VmConfig, a_list_that_is_none_is_corrupt) {
    for (const char* text : {"", "{", "[1]", R"([{"name": 1}])"}) {
        const auto read = parse_vm_list(text);
        ASSERT_FALSE(read.ok()) << text;
        EXPECT_EQ(read.error().code, Errc::corrupt) << text;
    }
}

}  // namespace
}  // namespace mrda::service
