// SPDX-License-Identifier: MIT
#include "config.h"

#include <span>

#include "driver.h"
#include "entries.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

VAStatus check_pair(VAProfile profile, VAEntrypoint entrypoint) {
    if (profile != VAProfileNone) {
        return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
    }
    return entrypoint == VAEntrypointVideoProc ? VA_STATUS_SUCCESS
                                               : VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT;
}

std::uint32_t attribute_value(VAConfigAttribType type) {
    switch (type) {
        case VAConfigAttribRTFormat:
            return supported_rt_formats();
        case VAConfigAttribMaxPictureWidth:
        case VAConfigAttribMaxPictureHeight:
            return kMaxSize_px;
        default:
            return VA_ATTRIB_NOT_SUPPORTED;
    }
}

}  // namespace

VAStatus query_config_profiles(VADriverContextP, VAProfile* profiles, int* count) {
    profiles[0] = VAProfileNone;
    *count = 1;
    return VA_STATUS_SUCCESS;
}

VAStatus query_config_entrypoints(VADriverContextP, VAProfile profile, VAEntrypoint* entrypoints,
                                  int* count) {
    *count = 0;
    if (profile != VAProfileNone) {
        return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
    }
    entrypoints[(*count)++] = VAEntrypointVideoProc;
    return VA_STATUS_SUCCESS;
}

VAStatus get_config_attributes(VADriverContextP, VAProfile profile, VAEntrypoint entrypoint,
                               VAConfigAttrib* attributes, int count) {
    if (const VAStatus status = check_pair(profile, entrypoint); status != VA_STATUS_SUCCESS) {
        return status;
    }
    for (int index = 0; index < count; ++index) {
        attributes[index].value = attribute_value(attributes[index].type);
    }
    return VA_STATUS_SUCCESS;
}

VAStatus create_config(VADriverContextP ctx, VAProfile profile, VAEntrypoint entrypoint,
                       VAConfigAttrib* attributes, int count, VAConfigID* id) {
    return guarded([&] {
        if (const VAStatus status = check_pair(profile, entrypoint); status != VA_STATUS_SUCCESS) {
            return status;
        }
        if (count < 0 || (attributes == nullptr && count > 0)) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        auto config = std::make_shared<Config>();
        config->rt_formats = supported_rt_formats();
        for (const VAConfigAttrib& attribute :
             std::span(attributes, static_cast<std::size_t>(count))) {
            if (attribute.type != VAConfigAttribRTFormat) {
                return VA_STATUS_ERROR_ATTR_NOT_SUPPORTED;
            }
            if (attribute.value == 0 || (attribute.value & ~supported_rt_formats()) != 0) {
                return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
            }
            config->rt_formats = attribute.value;
        }
        *id = driver_of(ctx).configs.insert(std::move(config));
        return *id != VA_INVALID_ID ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ALLOCATION_FAILED;
    });
}

VAStatus destroy_config(VADriverContextP ctx, VAConfigID id) {
    return guarded([&] {
        return driver_of(ctx).configs.remove(id) != nullptr ? VA_STATUS_SUCCESS
                                                            : VA_STATUS_ERROR_INVALID_CONFIG;
    });
}

VAStatus query_config_attributes(VADriverContextP ctx, VAConfigID id, VAProfile* profile,
                                 VAEntrypoint* entrypoint, VAConfigAttrib* attributes, int* count) {
    return guarded([&] {
        const auto config = driver_of(ctx).configs.find(id);
        if (config == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONFIG;
        }
        *profile = VAProfileNone;
        *entrypoint = VAEntrypointVideoProc;
        attributes[0] = {VAConfigAttribRTFormat, config->rt_formats};
        *count = 1;
        return VA_STATUS_SUCCESS;
    });
}

}  // namespace mrda::va_soft
