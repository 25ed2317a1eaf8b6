// SPDX-License-Identifier: MIT
// Devices that a plugin reaches.
#include <algorithm>
#include <string>
#include <utility>

#include "call_plugin.h"
#include "mrda/media/device.h"

namespace mrda::media {

namespace {

/// The plugin's device, open. Shared by what lies and runs on it.
class OpenDevice {
  public:
    static Result<std::shared_ptr<const OpenDevice>> open(
        const std::shared_ptr<const LoadedPlugin>& plugin, std::uint32_t index,
        mrda_device_info& info) {
        void* handle = nullptr;
        MRDA_TRY(call_plugin(*plugin, "open", [&](mrda_media_error* error) {
            return plugin->table().devices->open(index, &info, &handle, error);
        }));
        return std::shared_ptr<const OpenDevice>(new OpenDevice(plugin, handle));
    }
    ~OpenDevice() { kind().close(handle_); }
    OpenDevice(const OpenDevice&) = delete;
    OpenDevice& operator=(const OpenDevice&) = delete;

    [[nodiscard]] const LoadedPlugin& plugin() const { return *plugin_; }
    [[nodiscard]] const mrda_device_kind& kind() const { return *plugin_->table().devices; }
    [[nodiscard]] void* handle() const { return handle_; }

  private:
    OpenDevice(std::shared_ptr<const LoadedPlugin> plugin, void* handle)
        : plugin_(std::move(plugin)), handle_(handle) {}

    std::shared_ptr<const LoadedPlugin> plugin_;
    void* handle_;
};

class PluginBuffer final : public Buffer {
  public:
    PluginBuffer(const mrda_buffer& view, std::shared_ptr<const OpenDevice> device, void* memory)
        : Buffer(view), device_(std::move(device)), memory_(memory) {}
    ~PluginBuffer() override { device_->kind().release(device_->handle(), memory_); }

  private:
    Result<void> copy_out(std::uint64_t offset_bytes, std::span<std::byte> into) const override {
        return call_plugin(device_->plugin(), "copy_out", [&](mrda_media_error* error) {
            return device_->kind().copy_out(device_->handle(), memory_, offset_bytes, into.data(),
                                            into.size(), error);
        });
    }
    Result<void> copy_in(std::uint64_t offset_bytes,
                         std::span<const std::byte> from) const override {
        return call_plugin(device_->plugin(), "copy_in", [&](mrda_media_error* error) {
            return device_->kind().copy_in(device_->handle(), memory_, offset_bytes, from.data(),
                                           from.size(), error);
        });
    }

    std::shared_ptr<const OpenDevice> device_;
    void* memory_;
};

class PluginCode final : public UnitCode {
  public:
    PluginCode(std::shared_ptr<const OpenDevice> device, void* unit)
        : device_(std::move(device)), unit_(unit) {}
    ~PluginCode() override { device_->kind().unload(device_->handle(), unit_); }

    Result<std::int32_t> run(std::span<std::byte> registers) override {
        std::int32_t return_code = 0;
        MRDA_TRY(call_plugin(device_->plugin(), "run", [&](mrda_media_error* error) {
            return device_->kind().run(device_->handle(), unit_, registers.data(), &return_code,
                                       error);
        }));
        return return_code;
    }

  private:
    std::shared_ptr<const OpenDevice> device_;
    void* unit_;
};

class PluginDevice final : public Device {
  public:
    PluginDevice(std::uint32_t index, const mrda_device_info& info, std::vector<Bank> banks,
                 std::shared_ptr<const OpenDevice> device)
        : Device(index, text_of(info.name), text_of(info.address), std::move(banks)),
          device_(std::move(device)) {}

    Result<std::unique_ptr<UnitCode>> load(const mrda_unit_kind& kind) override {
        void* unit = nullptr;
        MRDA_TRY(call_plugin(device_->plugin(), "load", [&](mrda_media_error* error) {
            return device_->kind().load(device_->handle(), &kind, &unit, error);
        }));
        return std::unique_ptr<UnitCode>(std::make_unique<PluginCode>(device_, unit));
    }

  private:
    Result<std::shared_ptr<Buffer>> make(std::uint32_t bank, std::uint64_t length_bytes) override {
        mrda_buffer view{};
        view.size_bytes = sizeof view;
        view.fd = -1;
        void* memory = nullptr;
        MRDA_TRY(call_plugin(device_->plugin(), "allocate", [&](mrda_media_error* error) {
            return device_->kind().allocate(device_->handle(), bank, length_bytes, &view, &memory,
                                            error);
        }));
        view.device = index();
        view.bank = bank;
        return std::shared_ptr<Buffer>(std::make_shared<PluginBuffer>(view, device_, memory));
    }

    std::shared_ptr<const OpenDevice> device_;
};

std::vector<Bank> banks_of(const mrda_device_info& info) {
    std::vector<Bank> banks;
    for (std::uint32_t bank = 0; bank < std::min(info.bank_count, MRDA_MAX_BANKS); ++bank) {
        banks.push_back(
            {text_of(info.banks[bank].name), info.banks[bank].memory, info.banks[bank].size_bytes});
    }
    return banks;
}

}  // namespace

Result<std::vector<std::shared_ptr<Device>>> open_devices(
    const std::shared_ptr<const LoadedPlugin>& plugin, std::uint32_t first_index,
    std::vector<std::string>& notes) {
    const mrda_device_kind* const kind = plugin->table().devices;
    if (kind == nullptr) {
        return make_error(Errc::unsupported,
                          std::string("plugin ") + plugin->table().name + " has no devices");
    }
    std::uint32_t count = 0;
    MRDA_TRY(call_plugin(*plugin, "count",
                         [&](mrda_media_error* error) { return kind->count(&count, error); }));
    std::vector<std::shared_ptr<Device>> devices;
    for (std::uint32_t index = 0; index < count; ++index) {
        mrda_device_info info{};
        info.size_bytes = sizeof info;
        auto device = OpenDevice::open(plugin, index, info);
        if (!device.ok()) {
            notes.push_back("device " + std::to_string(index) + " of plugin " +
                            plugin->table().name + ": " + to_string(device.error()));
            continue;
        }
        devices.push_back(
            std::make_shared<PluginDevice>(first_index + static_cast<std::uint32_t>(devices.size()),
                                           info, banks_of(info), std::move(*device)));
    }
    return devices;
}

}  // namespace mrda::media
