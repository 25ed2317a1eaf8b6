// SPDX-License-Identifier: MIT
#include "l0/plugin/plugin_fixture.h"

#include <cstring>

namespace mrda::l0::plugin_test {

void PluginTest::SetUp() {
    auto loaded = media::LoadedPlugin::load(MRDA_PLUGIN_DIR, "l0");
    ASSERT_TRUE(loaded.ok()) << to_string(loaded.error());
    plugin_ = *loaded;
    ASSERT_NE(plugin_->table().devices, nullptr);
    info_.size_bytes = sizeof info_;
    ASSERT_EQ(devices().open(0, &info_, &device_, &error_), MRDA_MEDIA_OK) << error_.message;
}

void PluginTest::TearDown() {
    if (device_ != nullptr) {
        devices().close(device_);
    }
}

Memory PluginTest::allocate(std::uint32_t bank, std::uint64_t length_bytes) {
    Memory memory;
    EXPECT_EQ(
        devices().allocate(device_, bank, length_bytes, &memory.buffer, &memory.handle, &error_),
        MRDA_MEDIA_OK)
        << error_.message;
    return memory;
}

void PluginTest::write(const Memory& memory, std::span<const std::byte> bytes) {
    ASSERT_EQ(devices().copy_in(device_, memory.handle, 0, bytes.data(), bytes.size(), &error_),
              MRDA_MEDIA_OK)
        << error_.message;
}

std::vector<std::byte> PluginTest::read(const Memory& memory) {
    std::vector<std::byte> bytes(memory.buffer.length_bytes);
    EXPECT_EQ(devices().copy_out(device_, memory.handle, 0, bytes.data(), bytes.size(), &error_),
              MRDA_MEDIA_OK)
        << error_.message;
    return bytes;
}

std::vector<std::uint32_t> PluginTest::read_words(const Memory& memory) {
    const auto bytes = read(memory);
    std::vector<std::uint32_t> words(bytes.size() / sizeof(std::uint32_t));
    std::memcpy(words.data(), bytes.data(), words.size() * sizeof(std::uint32_t));
    return words;
}

Errc errc_of(int status) {
    EXPECT_LT(status, 0);
    return static_cast<Errc>(-1 - status);
}

}  // namespace mrda::l0::plugin_test
