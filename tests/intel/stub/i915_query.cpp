// SPDX-License-Identifier: MIT
#include "i915_query.h"

#include <drm.h>
#include <i915_drm.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "trace.h"

namespace mrda::stub {

namespace {

// Newer than the i915_drm.h of Debian 12's libdrm.
constexpr std::uint64_t kQueryGucSubmissionVersion = 7;
constexpr int kParamOaTimestampFrequency = 57;
struct GucSubmissionVersion {
    std::uint32_t branch, major, minor, patch;
};

constexpr std::uint64_t kSystemBytes = std::uint64_t{16} << 30;

/// The bytes of one answer. Zeroed, and aligned for any of the structures.
struct Answer {
    alignas(8) std::array<std::byte, 2048> bytes{};
    std::int32_t length = -EINVAL;

    template <typename T>
    T& begin(std::size_t more_bytes = 0) {
        length = static_cast<std::int32_t>(sizeof(T) + more_bytes);
        return *reinterpret_cast<T*>(bytes.data());
    }
};

void tell_topology(const DeviceKind& kind, Answer* answer) {
    const std::uint32_t subslice_bytes = (kind.subslices + 7) / 8;
    const std::uint32_t unit_bytes = (kind.execution_units + 7) / 8;
    const std::uint32_t data_bytes = 1 + subslice_bytes + kind.subslices * unit_bytes;
    auto& told = answer->begin<drm_i915_query_topology_info>(data_bytes);
    told.max_slices = 1;
    told.max_subslices = static_cast<std::uint16_t>(kind.subslices);
    told.max_eus_per_subslice = static_cast<std::uint16_t>(kind.execution_units);
    told.subslice_offset = 1;
    told.subslice_stride = static_cast<std::uint16_t>(subslice_bytes);
    told.eu_offset = static_cast<std::uint16_t>(1 + subslice_bytes);
    told.eu_stride = static_cast<std::uint16_t>(unit_bytes);
    auto* masks = reinterpret_cast<std::uint8_t*>(answer->bytes.data() + sizeof told);
    masks[0] = 1;
    const std::uint64_t subslices = subslice_mask(kind);
    std::memcpy(masks + 1, &subslices, subslice_bytes);
    std::memset(masks + 1 + subslice_bytes, 0xff, std::size_t{kind.subslices} * unit_bytes);
}

void tell_engines(const DeviceKind& kind, Answer* answer) {
    auto& told = answer->begin<drm_i915_query_engine_info>(kind.engines.size() *
                                                           sizeof(drm_i915_engine_info));
    told.num_engines = static_cast<std::uint32_t>(kind.engines.size());
    auto* each = told.engines;
    for (const Engine& engine : kind.engines) {
        each->engine.engine_class = engine.engine_class;
        each->engine.engine_instance = engine.instance;
        each->logical_instance = engine.instance;
        each->flags = I915_ENGINE_INFO_HAS_LOGICAL_INSTANCE;
        each->capabilities = engine.capabilities;
        ++each;
    }
}

void tell_regions(const DeviceKind& kind, Answer* answer) {
    const std::uint32_t count = kind.local_memory_bytes == 0 ? 1 : 2;
    auto& told =
        answer->begin<drm_i915_query_memory_regions>(count * sizeof(drm_i915_memory_region_info));
    told.num_regions = count;
    told.regions[0].region.memory_class = I915_MEMORY_CLASS_SYSTEM;
    told.regions[0].probed_size = told.regions[0].unallocated_size = kSystemBytes;
    if (count == 2) {
        auto& local = told.regions[1];
        local.region.memory_class = I915_MEMORY_CLASS_DEVICE;
        local.probed_size = local.unallocated_size = kind.local_memory_bytes;
        local.probed_cpu_visible_size = local.unallocated_cpu_visible_size =
            kind.local_memory_bytes;
    }
}

void tell(const DeviceKind& kind, std::uint64_t what, Answer* answer) {
    switch (what) {
        case DRM_I915_QUERY_TOPOLOGY_INFO:
        case DRM_I915_QUERY_GEOMETRY_SUBSLICES:
            return tell_topology(kind, answer);
        case DRM_I915_QUERY_ENGINE_INFO:
            return tell_engines(kind, answer);
        case DRM_I915_QUERY_MEMORY_REGIONS:
            return tell_regions(kind, answer);
        case kQueryGucSubmissionVersion:
            answer->begin<GucSubmissionVersion>() = {0, 1, 13, 0};
            return;
        default:
            trace("UNKNOWN query=%llu -> EINVAL", static_cast<unsigned long long>(what));
    }
}

}  // namespace

std::uint64_t subslice_mask(const DeviceKind& kind) {
    return (std::uint64_t{1} << kind.subslices) - 1;
}

int i915_getparam(const Call& call) {
    const auto& asked = call.as<drm_i915_getparam>();
    const DeviceKind& kind = *call.node.device->kind;
    int& value = *asked.value;
    switch (asked.param) {
        case I915_PARAM_CHIPSET_ID:
            value = kind.pci_id;
            return 0;
        case I915_PARAM_REVISION:
            value = kind.revision;
            return 0;
        case I915_PARAM_NUM_FENCES_AVAIL:
            value = 32;
            return 0;
        case I915_PARAM_HAS_ALIASING_PPGTT:
            value = 3;  // Full page tables of 48 bits.
            return 0;
        case I915_PARAM_CMD_PARSER_VERSION:
            value = 10;
            return 0;
        case I915_PARAM_SUBSLICE_TOTAL:
            value = static_cast<int>(kind.subslices);
            return 0;
        case I915_PARAM_EU_TOTAL:
            value = static_cast<int>(kind.subslices * kind.execution_units);
            return 0;
        case I915_PARAM_MMAP_GTT_VERSION:
            value = 4;  // DRM_I915_GEM_MMAP_OFFSET.
            return 0;
        case I915_PARAM_CS_TIMESTAMP_FREQUENCY:
        case kParamOaTimestampFrequency:
            value = 19'200'000;
            return 0;
        case I915_PARAM_SLICE_MASK:
            value = 1;
            return 0;
        case I915_PARAM_SUBSLICE_MASK:
            value = static_cast<int>(subslice_mask(kind));
            return 0;
        case I915_PARAM_HAS_SCHEDULER:
            value = 0x1f;
            return 0;
        case I915_PARAM_PERF_REVISION:
            value = 5;
            return 0;
        case I915_PARAM_HAS_POOLED_EU:
        case I915_PARAM_MIN_EU_IN_POOL:
        case I915_PARAM_HAS_RESOURCE_STREAMER:
            value = 0;
            return 0;
        case I915_PARAM_HAS_LLC:
            value = kind.local_memory_bytes == 0 ? 1 : 0;
            return 0;
        default:
            if (asked.param > 60) {
                trace("UNKNOWN param=%d -> EINVAL", asked.param);
                return -EINVAL;
            }
            value = 1;  // The rest are features that Linux 6 has.
            return 0;
    }
}

int i915_query(const Call& call) {
    const auto& asked = call.as<drm_i915_query>();
    auto* items = reinterpret_cast<drm_i915_query_item*>(asked.items_ptr);
    for (drm_i915_query_item& item : std::span(items, asked.num_items)) {
        Answer answer;
        tell(*call.node.device->kind, item.query_id, &answer);
        // i915_drm.h: a length of 0 asks for the length.
        if (answer.length > 0 && item.length != 0) {
            if (item.length < answer.length) {
                answer.length = -EINVAL;
            } else {
                std::memcpy(reinterpret_cast<void*>(item.data_ptr), answer.bytes.data(),
                            static_cast<std::size_t>(answer.length));
            }
        }
        item.length = answer.length;
    }
    return 0;
}

}  // namespace mrda::stub
