// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <sys/mman.h>

#include <cstring>
#include <thread>

#include "l0/plugin/plugin_fixture.h"

namespace mrda::l0::plugin_test {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr std::uint64_t kBytes = 100'000;
constexpr std::uint32_t kDeviceBank = 0;
constexpr std::uint32_t kHostBank = 1;
constexpr std::uint32_t kSharedBank = 2;

using L0PluginDevice = PluginTest;

TEST_F(L0PluginDevice, is_the_one_that_the_loader_finds) {
    std::uint32_t count = 0;
    ASSERT_EQ(devices().count(&count, &error_), MRDA_MEDIA_OK) << error_.message;
    EXPECT_EQ(count, 1U);
    EXPECT_STREQ(info_.name, "MRDA software device (CPU)");
    EXPECT_STREQ(info_.address, "") << "it is on no bus";
    ASSERT_EQ(info_.bank_count, 3U);
    EXPECT_STREQ(info_.banks[kDeviceBank].name, "device");
    EXPECT_GT(info_.banks[kDeviceBank].size_bytes, 0U);
    EXPECT_STREQ(info_.banks[kHostBank].name, "host");
    EXPECT_STREQ(info_.banks[kSharedBank].name, "shared");
}

TEST_F(L0PluginDevice, number_beyond_the_last_is_not_found) {
    mrda_device_info info{};
    info.size_bytes = sizeof info;
    void* device = nullptr;
    EXPECT_EQ(errc_of(devices().open(7, &info, &device, &error_)), Errc::not_found);
    EXPECT_THAT(error_.message, HasSubstr("number 7"));
}

TEST_F(L0PluginDevice, writes_no_more_of_its_description_than_the_host_has_room_for) {
    mrda_device_info info;
    std::memset(&info, 0xa5, sizeof info);
    info.size_bytes = offsetof(mrda_device_info, banks);
    void* device = nullptr;
    ASSERT_EQ(devices().open(0, &info, &device, &error_), MRDA_MEDIA_OK) << error_.message;
    EXPECT_STREQ(info.name, info_.name);
    EXPECT_EQ(info.banks[0].memory, 0xa5a5a5a5);
    devices().close(device);
}

TEST_F(L0PluginDevice, reaches_memory_of_each_bank_as_the_bank_says) {
    for (std::uint32_t bank = 0; bank < info_.bank_count; ++bank) {
        SCOPED_TRACE(info_.banks[bank].name);
        const Memory memory = allocate(bank, kBytes);
        const mrda_buffer& buffer = memory.buffer;
        EXPECT_EQ(buffer.memory, info_.banks[bank].memory);
        EXPECT_EQ(buffer.length_bytes, kBytes);
        EXPECT_NE(buffer.address, 0U);
        EXPECT_EQ(buffer.pages != nullptr, (buffer.memory & MRDA_MEMORY_PAGES) != 0);
        EXPECT_EQ(buffer.fd >= 0, (buffer.memory & MRDA_MEMORY_OBJECT) != 0);
        EXPECT_EQ(buffer.pages == nullptr, bank == kDeviceBank);
        release(memory);
    }
}

TEST_F(L0PluginDevice, clears_memory_and_copies_within_it) {
    for (std::uint32_t bank = 0; bank < info_.bank_count; ++bank) {
        SCOPED_TRACE(info_.banks[bank].name);
        const Memory memory = allocate(bank, kBytes);
        EXPECT_THAT(read(memory), Each(std::byte{0}));
        constexpr std::byte kWritten[] = {std::byte{1}, std::byte{2}, std::byte{3}};
        ASSERT_EQ(devices().copy_in(device_, memory.handle, kBytes - 3, kWritten, 3, &error_),
                  MRDA_MEDIA_OK)
            << error_.message;
        std::byte back[4] = {};
        ASSERT_EQ(devices().copy_out(device_, memory.handle, kBytes - 4, back, 4, &error_),
                  MRDA_MEDIA_OK)
            << error_.message;
        EXPECT_EQ(back[0], std::byte{0});
        EXPECT_EQ(std::memcmp(back + 1, kWritten, 3), 0);
        release(memory);
    }
}

TEST_F(L0PluginDevice, memory_is_the_object_that_it_exports) {
    const Memory memory = allocate(kDeviceBank, kBytes);
    ASSERT_GE(memory.buffer.fd, 0);
    EXPECT_TRUE(memory.buffer.flags & MRDA_BUFFER_SEALED);
    void* const mapped = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                                memory.buffer.fd, static_cast<off_t>(memory.buffer.offset_bytes));
    ASSERT_NE(mapped, MAP_FAILED);
    std::memset(mapped, 77, kBytes);
    EXPECT_THAT(read(memory), Each(std::byte{77}));
    ::munmap(mapped, kBytes);
    release(memory);
}

TEST_F(L0PluginDevice, memory_of_no_bytes_or_no_bank_is_refused) {
    Memory memory;
    EXPECT_EQ(
        errc_of(devices().allocate(device_, 3, kBytes, &memory.buffer, &memory.handle, &error_)),
        Errc::invalid_argument);
    EXPECT_THAT(error_.message, HasSubstr("bank 3"));
    EXPECT_EQ(errc_of(devices().allocate(device_, 0, 0, &memory.buffer, &memory.handle, &error_)),
              Errc::invalid_argument);
}

TEST_F(L0PluginDevice, serves_more_threads_than_it_has_command_lists) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 24; ++i) {
        threads.emplace_back([this, i] {
            mrda_media_error error{};
            Memory memory;
            ASSERT_EQ(devices().allocate(device_, kDeviceBank, kBytes, &memory.buffer,
                                         &memory.handle, &error),
                      MRDA_MEDIA_OK)
                << error.message;
            const std::vector<std::byte> own(kBytes, static_cast<std::byte>(i));
            std::vector<std::byte> back(kBytes);
            for (int round = 0; round < 10; ++round) {
                EXPECT_EQ(devices().copy_in(device_, memory.handle, 0, own.data(), kBytes, &error),
                          MRDA_MEDIA_OK);
                EXPECT_EQ(
                    devices().copy_out(device_, memory.handle, 0, back.data(), kBytes, &error),
                    MRDA_MEDIA_OK);
                EXPECT_EQ(back, own);
            }
            release(memory);
        });
    }
}

}  // namespace
}  // namespace mrda::l0::plugin_test
