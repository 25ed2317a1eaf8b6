// SPDX-License-Identifier: MIT
#include "xe_query.h"

#include <xe_drm.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <type_traits>

#include "trace.h"

namespace mrda::stub {

namespace {

constexpr std::uint64_t kSystemBytes = std::uint64_t{16} << 30;
constexpr std::uint32_t kSystemPage = 4096;
constexpr std::uint32_t kLocalPage = 65536;

/// The bytes of one answer. Zeroed, and aligned for any of the structures.
struct Answer {
    alignas(8) std::array<std::byte, 2048> bytes{};
    std::uint32_t length = 0;

    template <typename T>
    T& begin(std::size_t more_bytes = 0) {
        length = static_cast<std::uint32_t>(sizeof(T) + more_bytes);
        return *reinterpret_cast<T*>(bytes.data());
    }
};

bool has_local_memory(const DeviceKind& kind) {
    return kind.local_memory_bytes != 0;
}

void tell_engines(const DeviceKind& kind, Answer* answer) {
    auto& told = answer->begin<drm_xe_query_engines>(kind.engines.size() * sizeof(drm_xe_engine));
    told.num_engines = static_cast<std::uint32_t>(kind.engines.size());
    auto* each = told.engines;
    for (const Engine& engine : kind.engines) {
        each->instance.engine_class = engine.engine_class;
        each->instance.engine_instance = engine.instance;
        each->instance.gt_id = engine.gt;
        ++each;
    }
}

void tell_regions(const DeviceKind& kind, Answer* answer) {
    const std::uint32_t count = has_local_memory(kind) ? 2 : 1;
    auto& told = answer->begin<drm_xe_query_mem_regions>(count * sizeof(drm_xe_mem_region));
    told.num_mem_regions = count;
    told.mem_regions[0].mem_class = DRM_XE_MEM_REGION_CLASS_SYSMEM;
    told.mem_regions[0].min_page_size = kSystemPage;
    told.mem_regions[0].total_size = kSystemBytes;
    if (count == 2) {
        auto& local = told.mem_regions[1];
        local.mem_class = DRM_XE_MEM_REGION_CLASS_VRAM;
        local.instance = 1;
        local.min_page_size = kLocalPage;
        local.total_size = local.cpu_visible_size = kind.local_memory_bytes;
    }
}

void tell_config(const DeviceKind& kind, Answer* answer) {
    constexpr std::uint32_t kParams = 5;
    auto& told = answer->begin<drm_xe_query_config>(kParams * sizeof(std::uint64_t));
    told.num_params = kParams;
    told.info[DRM_XE_QUERY_CONFIG_REV_AND_DEVICE_ID] =
        std::uint64_t{kind.pci_id} | std::uint64_t{kind.revision} << 16;
    told.info[DRM_XE_QUERY_CONFIG_FLAGS] =
        has_local_memory(kind) ? DRM_XE_QUERY_CONFIG_FLAG_HAS_VRAM : 0;
    told.info[DRM_XE_QUERY_CONFIG_MIN_ALIGNMENT] =
        has_local_memory(kind) ? kLocalPage : kSystemPage;
    told.info[DRM_XE_QUERY_CONFIG_VA_BITS] = 48;
    told.info[DRM_XE_QUERY_CONFIG_MAX_EXEC_QUEUE_PRIORITY] = 2;
}

void tell_gts(const DeviceKind& kind, Answer* answer) {
    constexpr std::uint32_t kGts = 2;
    auto& told = answer->begin<drm_xe_query_gt_list>(kGts * sizeof(drm_xe_gt));
    told.num_gt = kGts;
    for (std::uint16_t id = 0; id < kGts; ++id) {
        drm_xe_gt& gt = told.gt_list[id];
        const std::uint16_t version = id == 0 ? kind.graphics_version : kind.media_version;
        gt.type = id == 0 ? DRM_XE_QUERY_GT_TYPE_MAIN : DRM_XE_QUERY_GT_TYPE_MEDIA;
        gt.gt_id = id;
        gt.reference_clock = 19'200'000;
        // Bits of tell_regions()'s entries: the second is the device's own memory.
        gt.near_mem_regions = has_local_memory(kind) ? 2 : 1;
        gt.far_mem_regions = has_local_memory(kind) ? 1 : 0;
        gt.ip_ver_major = version / 100;
        gt.ip_ver_minor = version % 100;
    }
}

void tell_topology(const DeviceKind& kind, Answer* answer) {
    constexpr std::uint32_t kMaskBytes = 8;
    constexpr std::array<std::uint16_t, 4> kTypes{DRM_XE_TOPO_DSS_GEOMETRY, DRM_XE_TOPO_DSS_COMPUTE,
                                                  DRM_XE_TOPO_L3_BANK,
                                                  DRM_XE_TOPO_SIMD16_EU_PER_DSS};
    const std::uint64_t subslices = (std::uint64_t{1} << kind.subslices) - 1;
    const std::uint64_t units = (std::uint64_t{1} << kind.execution_units) - 1;
    for (const std::uint16_t type : kTypes) {
        auto& mask =
            *reinterpret_cast<drm_xe_query_topology_mask*>(answer->bytes.data() + answer->length);
        mask.type = type;
        mask.num_bytes = kMaskBytes;
        const std::uint64_t bits = type == DRM_XE_TOPO_SIMD16_EU_PER_DSS ? units
                                   : type == DRM_XE_TOPO_L3_BANK         ? 0xff
                                                                         : subslices;
        std::memcpy(mask.mask, &bits, kMaskBytes);
        answer->length += static_cast<std::uint32_t>(sizeof mask) + kMaskBytes;
    }
}

void tell_firmware(const drm_xe_device_query& asked, Answer* answer) {
    auto& told = answer->begin<drm_xe_query_uc_fw_version>();
    if (asked.size >= sizeof told && asked.data != 0) {
        told.uc_type = reinterpret_cast<const drm_xe_query_uc_fw_version*>(asked.data)->uc_type;
    }
    const bool huc = told.uc_type == XE_QUERY_UC_TYPE_HUC;
    told.major_ver = huc ? 9 : 1;
    told.minor_ver = huc ? 4 : 17;
}

void tell_cycles(const drm_xe_device_query& asked, Answer* answer) {
    auto& told = answer->begin<drm_xe_query_engine_cycles>();
    if (asked.size >= sizeof told && asked.data != 0) {
        told = *reinterpret_cast<const drm_xe_query_engine_cycles*>(asked.data);
    }
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    told.width = 36;
    told.engine_cycles = device_ticks();
    told.cpu_timestamp = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

int xe_device_query(const Call& call) {
    auto& asked = call.as<drm_xe_device_query>();
    const DeviceKind& kind = *call.node.device->kind;
    Answer answer;
    switch (asked.query) {
        case DRM_XE_DEVICE_QUERY_ENGINES:
            tell_engines(kind, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_MEM_REGIONS:
            tell_regions(kind, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_CONFIG:
            tell_config(kind, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_GT_LIST:
            tell_gts(kind, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_GT_TOPOLOGY:
            tell_topology(kind, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_UC_FW_VERSION:
            tell_firmware(asked, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_ENGINE_CYCLES:
            tell_cycles(asked, &answer);
            break;
        case DRM_XE_DEVICE_QUERY_HWCONFIG:
            // The table that the firmware has: empty, and the drivers take their own.
            asked.size = 0;
            return 0;
        default:
            trace("UNKNOWN query=%u -> EINVAL", asked.query);
            return -EINVAL;
    }
    // xe_drm.h: a size of 0 asks for the size.
    if (asked.size == 0) {
        asked.size = answer.length;
        return 0;
    }
    if (asked.size != answer.length) {
        return -EINVAL;
    }
    std::memcpy(reinterpret_cast<void*>(asked.data), answer.bytes.data(), answer.length);
    return 0;
}

}  // namespace mrda::stub
