// SPDX-License-Identifier: MIT
#include "kinds.h"

#include <i915_drm.h>

#include <algorithm>
#include <array>

namespace mrda::stub {

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::uint64_t kHevcAndEnhance =
    I915_VIDEO_CLASS_CAPABILITY_HEVC | I915_VIDEO_AND_ENHANCE_CLASS_CAPABILITY_SFC;
constexpr std::uint64_t kEnhance = I915_VIDEO_AND_ENHANCE_CLASS_CAPABILITY_SFC;

constexpr std::array kIntegratedI915{
    Engine{I915_ENGINE_CLASS_RENDER, 0, 0, 0},
    Engine{I915_ENGINE_CLASS_COPY, 0, 0, 0},
    Engine{I915_ENGINE_CLASS_VIDEO, 0, 0, kHevcAndEnhance},
    Engine{I915_ENGINE_CLASS_VIDEO, 1, 0, I915_VIDEO_CLASS_CAPABILITY_HEVC},
    Engine{I915_ENGINE_CLASS_VIDEO_ENHANCE, 0, 0, kEnhance},
};
constexpr std::array kDiscreteI915{
    Engine{I915_ENGINE_CLASS_RENDER, 0, 0, 0},
    Engine{I915_ENGINE_CLASS_COPY, 0, 0, 0},
    Engine{I915_ENGINE_CLASS_VIDEO, 0, 0, kHevcAndEnhance},
    Engine{I915_ENGINE_CLASS_VIDEO, 1, 0, I915_VIDEO_CLASS_CAPABILITY_HEVC},
    Engine{I915_ENGINE_CLASS_VIDEO_ENHANCE, 0, 0, kEnhance},
    Engine{I915_ENGINE_CLASS_COMPUTE, 0, 0, 0},
};
// xe_drm.h's classes: 0 render, 1 copy, 2 video decode, 3 video enhance, 4 compute. Its media
// engines stand on a GT of their own.
constexpr std::array kXe{
    Engine{0, 0, 0, 0}, Engine{1, 0, 0, 0}, Engine{4, 0, 0, 0},
    Engine{2, 0, 1, 0}, Engine{3, 0, 1, 0},
};

constexpr std::array kKinds{
    // Debian 12's media driver knows Alder Lake-P by revision 00.
    DeviceKind{"adlp", "Alder Lake-P, Iris Xe", KernelDriver::i915, 0x46a6, 0x00, 0,
               kIntegratedI915, 6, 16, 1200, 1200},
    DeviceKind{"dg2", "DG2, Arc A770", KernelDriver::i915, 0x56a0, 0x08, 16 * kGiB, kDiscreteI915,
               32, 16, 1255, 1255},
    DeviceKind{"lnl", "Lunar Lake, Arc 140V", KernelDriver::xe, 0x64a0, 0x04, 0, kXe, 8, 8, 2004,
               2000},
    DeviceKind{"bmg", "Battlemage, Arc B580", KernelDriver::xe, 0xe20b, 0x00, 12 * kGiB, kXe, 20, 8,
               2001, 1301},
    // What no driver knows.
    DeviceKind{"unknown", "a device that no driver knows", KernelDriver::i915, 0xffff, 0x00, 0,
               kIntegratedI915, 6, 16, 1200, 1200},
};

constexpr std::array<std::string_view, 3> kAddresses{"0000:00:02.0", "0000:03:00.0",
                                                     "0000:08:00.0"};

bool is_address(std::string_view text) {
    constexpr std::string_view kForm = "0000:00:00.0";
    return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char c, char form) {
        return form == '0' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == form;
    });
}

bool is_taken(std::span<const Device> devices, std::string_view address) {
    return std::any_of(devices.begin(), devices.end(),
                       [&](const Device& device) { return device.pci_address == address; });
}

/// The first of kAddresses that no device has yet; empty where there is none.
std::string_view free_address(std::span<const Device> devices) {
    const auto* found = std::find_if_not(kAddresses.begin(), kAddresses.end(),
                                         [&](auto address) { return is_taken(devices, address); });
    return found == kAddresses.end() ? std::string_view() : *found;
}

}  // namespace

const char* name_of(KernelDriver driver) {
    return driver == KernelDriver::i915 ? "i915" : "xe";
}

std::span<const DeviceKind> device_kinds() {
    return kKinds;
}

const DeviceKind* find_kind(std::string_view name) {
    const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                     [&](const DeviceKind& kind) { return kind.name == name; });
    return found == kKinds.end() ? nullptr : found;
}

std::vector<Device> parse_devices(std::string_view text) {
    std::vector<Device> devices;
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), entry.size() + 1));
        const std::size_t at = entry.find('@');
        const DeviceKind* kind = find_kind(entry.substr(0, at));
        const std::string_view address =
            at == std::string_view::npos ? free_address(devices) : entry.substr(at + 1);
        if (kind == nullptr || !is_address(address) || is_taken(devices, address)) {
            return {};
        }
        const auto index = static_cast<int>(devices.size());
        devices.push_back({kind, std::string(address), index});
    }
    return devices;
}

}  // namespace mrda::stub
