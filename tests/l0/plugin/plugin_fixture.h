// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::l0::plugin_test {

/// Memory of the device, as hosts see it.
struct Memory {
    mrda_buffer buffer{};
    void* handle = nullptr;
};

/// The software device, reached as a host does: through the plugin's table.
class PluginTest : public testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    [[nodiscard]] const mrda_device_kind& devices() const { return *plugin_->table().devices; }
    Memory allocate(std::uint32_t bank, std::uint64_t length_bytes);
    void release(const Memory& memory) { devices().release(device_, memory.handle); }
    void write(const Memory& memory, std::span<const std::byte> bytes);
    std::vector<std::byte> read(const Memory& memory);
    std::vector<std::uint32_t> read_words(const Memory& memory);

    std::shared_ptr<const media::LoadedPlugin> plugin_;
    mrda_device_info info_{};
    void* device_ = nullptr;
    mrda_media_error error_{};
};

/// What a status of the plugin's says.
Errc errc_of(int status);

}  // namespace mrda::l0::plugin_test
