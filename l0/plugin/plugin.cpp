// SPDX-License-Identifier: MIT
// Level Zero's devices, behind the C table that hosts load. The loader decides which there are.
#include "mrda/media/plugin.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "device.h"
#include "mrda/media/answer.h"
#include "unit.h"

using mrda::Errc;
using mrda::Result;
using mrda::l0::plugin::Device;
using mrda::l0::plugin::Memory;
using mrda::l0::plugin::Unit;
using mrda::media::answer;

namespace {

Device& device_of(void* device) {
    return *static_cast<Device*>(device);
}

std::byte* address_of(void* memory, std::uint64_t offset_bytes) {
    return static_cast<std::byte*>(static_cast<Memory*>(memory)->usm.data()) + offset_bytes;
}

/// What can only succeed or fail.
template <typename Call>
int done(mrda_media_error* error, const Call& call) noexcept {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(call());
        return int{MRDA_MEDIA_OK};
    });
}

int count(std::uint32_t* count, mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        const auto devices = mrda::l0::Context::list_devices();
        if (!devices.ok() && devices.error().code != Errc::not_found) {
            return devices.error();
        }
        *count = devices.ok() ? static_cast<std::uint32_t>(devices.value().size()) : 0;
        return {};
    });
}

int open(std::uint32_t index, mrda_device_info* info, void** device, mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        MRDA_ASSIGN(auto opened, Device::open(index));
        opened->describe(*info);
        *device = opened.release();
        return {};
    });
}

void close(void* device) {
    delete static_cast<Device*>(device);
}

int allocate(void* device, std::uint32_t bank, std::uint64_t length_bytes, mrda_buffer* buffer,
             void** memory, mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        MRDA_ASSIGN(auto allocated, device_of(device).allocate(bank, length_bytes));
        Device::describe(*allocated, *buffer);
        *memory = allocated.release();
        return {};
    });
}

void release(void* /*device*/, void* memory) {
    delete static_cast<Memory*>(memory);
}

int copy_out(void* device, void* memory, std::uint64_t offset_bytes, void* into,
             std::uint64_t length_bytes, mrda_media_error* error) {
    return done(error, [&] {
        return device_of(device).copy(into, address_of(memory, offset_bytes), length_bytes);
    });
}

int copy_in(void* device, void* memory, std::uint64_t offset_bytes, const void* from,
            std::uint64_t length_bytes, mrda_media_error* error) {
    return done(error, [&] {
        return device_of(device).copy(address_of(memory, offset_bytes), from, length_bytes);
    });
}

int load(void* device, const mrda_unit_kind* kind, void** unit, mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        MRDA_ASSIGN(auto loaded, Unit::load(device_of(device).context(), *kind));
        *unit = loaded.release();
        return {};
    });
}

void unload(void* /*device*/, void* unit) {
    delete static_cast<Unit*>(unit);
}

int run(void* /*device*/, void* unit, void* registers, std::int32_t* return_code,
        mrda_media_error* error) {
    return done(error, [&]() -> Result<void> {
        MRDA_ASSIGN(*return_code,
                    static_cast<Unit*>(unit)->run(static_cast<std::byte*>(registers)));
        return {};
    });
}

constexpr mrda_device_kind kDevices{.size_bytes = sizeof(mrda_device_kind),
                                    .count = count,
                                    .open = open,
                                    .close = close,
                                    .allocate = allocate,
                                    .release = release,
                                    .copy_out = copy_out,
                                    .copy_in = copy_in,
                                    .load = load,
                                    .unload = unload,
                                    .run = run};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "l0",
                              .version = "1",
                              .devices = &kDevices};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &kPlugin;
}
