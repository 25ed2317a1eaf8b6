// SPDX-License-Identifier: MIT
#include "device_list.h"

#include "mrda/l0/context.h"
#include "mrda/l0/sysman.h"
#include "mrda/vaapi/drm_node.h"

namespace mrda::probe {

namespace {

using nlohmann::json;

template <typename T>
json error_of(const Result<T>& result) {
    return {{"error", to_string(result.error())}};
}

using Only = std::optional<PciAddress>;

json render_nodes(const Only& only) {
    const auto nodes = vaapi::list_render_nodes();
    if (!nodes) {
        return error_of(nodes);
    }
    json listed = json::array();
    for (const vaapi::RenderNode& node : *nodes) {
        if (only && node.pci != *only) {
            continue;
        }
        listed.push_back({{"path", node.path},
                          {"driver", node.driver},
                          {"pci", to_string(node.pci)},
                          {"refused", node.usable ? json(*node.usable) : json(nullptr)}});
    }
    return listed;
}

json engines_of(const l0::Sysman& sysman) {
    const auto readings = sysman.read_engines();
    if (!readings) {
        return error_of(readings);
    }
    json listed = json::array();
    for (const l0::EngineReading& reading : *readings) {
        listed.push_back({{"group", reading.group},
                          {"active_us", reading.active_us},
                          {"timestamp_us", reading.timestamp_us}});
    }
    return listed;
}

json memory_of(const l0::Sysman& sysman) {
    const auto readings = sysman.read_memory();
    if (!readings) {
        return error_of(readings);
    }
    json listed = json::array();
    for (const l0::MemoryReading& reading : *readings) {
        listed.push_back({{"free_bytes", reading.free_bytes}, {"size_bytes", reading.size_bytes}});
    }
    return listed;
}

json load_of(std::uint32_t index) {
    const auto context = l0::Context::open(index);
    if (!context) {
        return error_of(context);
    }
    const auto sysman = l0::Sysman::open(*context);
    if (!sysman) {
        return error_of(sysman);
    }
    return {{"engines", engines_of(*sysman)}, {"memory", memory_of(*sysman)}};
}

json level_zero_devices(const Only& only) {
    const auto devices = l0::Context::list_devices();
    if (!devices) {
        return error_of(devices);
    }
    json listed = json::array();
    for (const l0::DeviceInfo& device : *devices) {
        if (only && device.pci != only) {
            continue;
        }
        listed.push_back({{"index", device.index},
                          {"name", device.name},
                          {"pci", device.pci ? json(to_string(*device.pci)) : json(nullptr)},
                          {"exports_dma_buf", device.exports_dma_buf},
                          {"imports_dma_buf", device.imports_dma_buf},
                          {"max_allocation_bytes", device.max_allocation_bytes},
                          {"load", load_of(device.index)}});
    }
    return listed;
}

}  // namespace

Result<json> list_devices(const std::optional<PciAddress>& only) {
    if (only) {
        MRDA_TRY(vaapi::find_render_node(*only));
    }
    return json{{"render_nodes", render_nodes(only)}, {"level_zero", level_zero_devices(only)}};
}

}  // namespace mrda::probe
