// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mrda::stub {

enum class KernelDriver : std::uint8_t { i915, xe };
const char* name_of(KernelDriver driver);

/// An engine in the words of its kernel driver's uAPI: i915_drm.h's or xe_drm.h's classes.
struct Engine {
    std::uint16_t engine_class;
    std::uint16_t instance;
    std::uint16_t gt;
    std::uint64_t capabilities;  ///< i915: I915_VIDEO_CLASS_CAPABILITY_*.
};

/// A kind of device, as Intel's drivers ask the kernel about it.
struct DeviceKind {
    std::string_view name;
    std::string_view what;
    KernelDriver driver;
    std::uint16_t pci_id;
    std::uint8_t revision;
    std::uint64_t local_memory_bytes;  ///< 0: integrated, with no memory of its own.
    std::span<const Engine> engines;
    std::uint32_t subslices;
    std::uint32_t execution_units;   ///< Of a subslice.
    std::uint16_t graphics_version;  ///< xe: 100 * major + minor of the main GT.
    std::uint16_t media_version;     ///< xe: the same of the media GT.
};

/// The table of devices; a new one is a row.
std::span<const DeviceKind> device_kinds();
const DeviceKind* find_kind(std::string_view name);

/// A device of the tree: its kind, and where it is.
struct Device {
    const DeviceKind* kind;
    std::string pci_address;  ///< "0000:00:02.0"
    int index;                ///< Of renderD(128 + index) and card(index).

    int render_minor() const { return 128 + index; }
};

/// "adlp", "adlp@0000:00:02.0,bmg@0000:03:00.0": kinds, each with an address or at the next free
/// one. Empty where a kind is not in the table, an address is none or is taken, or none is free.
std::vector<Device> parse_devices(std::string_view text);

}  // namespace mrda::stub
