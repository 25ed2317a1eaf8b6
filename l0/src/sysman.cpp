// SPDX-License-Identifier: MIT
#include "mrda/l0/sysman.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "ze_error.h"

namespace mrda::l0 {

namespace {

std::string group_name(zes_engine_group_t type) {
    switch (type) {
        case ZES_ENGINE_GROUP_COMPUTE_ALL:
        case ZES_ENGINE_GROUP_COMPUTE_SINGLE:
            return "compute";
        case ZES_ENGINE_GROUP_RENDER_ALL:
        case ZES_ENGINE_GROUP_RENDER_SINGLE:
            return "render";
        case ZES_ENGINE_GROUP_MEDIA_ALL:
        case ZES_ENGINE_GROUP_MEDIA_DECODE_SINGLE:
        case ZES_ENGINE_GROUP_MEDIA_ENCODE_SINGLE:
        case ZES_ENGINE_GROUP_MEDIA_ENHANCEMENT_SINGLE:
            return "media";
        case ZES_ENGINE_GROUP_COPY_ALL:
        case ZES_ENGINE_GROUP_COPY_SINGLE:
            return "copy";
        default:
            return "other";
    }
}

}  // namespace

Result<Sysman> Sysman::open(const Context& context) {
    // zes_api.h, before version 1.5: a Level Zero device is its own Sysman device.
    const Sysman sysman(reinterpret_cast<zes_device_handle_t>(context.device()));
    zes_device_properties_t properties{};
    properties.stype = ZES_STRUCTURE_TYPE_DEVICE_PROPERTIES;
    const ze_result_t result = zesDeviceGetProperties(sysman.device_, &properties);
    if (result != ZE_RESULT_SUCCESS) {
        const char* const asked = std::getenv("ZES_ENABLE_SYSMAN");
        Error error =
            ze_error("zesDeviceGetProperties", result,
                     "no load figures from " + context.info().name +
                         (asked != nullptr && std::string_view(asked) == "1"
                              ? "; its driver's Sysman does not start on this device"
                              : "; set ZES_ENABLE_SYSMAN=1 before the program starts, if its "
                                "driver has Sysman"));
        if (result == ZE_RESULT_ERROR_UNINITIALIZED) {  // The loader's word for "not asked for".
            error.code = Errc::unsupported;
        }
        return error;
    }
    return sysman;
}

Result<std::vector<EngineReading>> Sysman::read_engines() const {
    std::uint32_t count = 0;
    MRDA_ZE_TRY(zesDeviceEnumEngineGroups, (device_, &count, nullptr), "cannot list engine groups");
    std::vector<zes_engine_handle_t> engines(count);
    if (count != 0) {
        MRDA_ZE_TRY(zesDeviceEnumEngineGroups, (device_, &count, engines.data()),
                    "cannot list engine groups");
        engines.resize(count);
    }
    std::vector<EngineReading> readings;
    for (zes_engine_handle_t engine : engines) {
        zes_engine_properties_t properties{};
        properties.stype = ZES_STRUCTURE_TYPE_ENGINE_PROPERTIES;
        MRDA_ZE_TRY(zesEngineGetProperties, (engine, &properties),
                    "cannot describe an engine group");
        zes_engine_stats_t stats{};
        MRDA_ZE_TRY(zesEngineGetActivity, (engine, &stats),
                    "cannot read an engine group's activity");
        readings.push_back({group_name(properties.type), stats.activeTime, stats.timestamp});
    }
    return readings;
}

Result<std::vector<MemoryReading>> Sysman::read_memory() const {
    std::uint32_t count = 0;
    MRDA_ZE_TRY(zesDeviceEnumMemoryModules, (device_, &count, nullptr), "cannot list memories");
    std::vector<zes_mem_handle_t> memories(count);
    if (count != 0) {
        MRDA_ZE_TRY(zesDeviceEnumMemoryModules, (device_, &count, memories.data()),
                    "cannot list memories");
        memories.resize(count);
    }
    std::vector<MemoryReading> readings;
    for (zes_mem_handle_t memory : memories) {
        zes_mem_state_t state{};
        state.stype = ZES_STRUCTURE_TYPE_MEM_STATE;
        MRDA_ZE_TRY(zesMemoryGetState, (memory, &state), "cannot read a memory's state");
        readings.push_back({state.free, state.size});
    }
    return readings;
}

std::optional<double> engine_load(const EngineReading& before, const EngineReading& after) {
    if (after.timestamp_us <= before.timestamp_us || after.active_us < before.active_us) {
        return std::nullopt;
    }
    const double load = static_cast<double>(after.active_us - before.active_us) /
                        static_cast<double>(after.timestamp_us - before.timestamp_us);
    return std::min(load, 1.0);
}

}  // namespace mrda::l0
