// SPDX-License-Identifier: MIT
#include "filters.h"

#include <va/va_vpp.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "driver.h"
#include "entries.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

// Clients know this range from Intel's drivers.
constexpr float kStrongest = 64;
constexpr float kUsual = 32;

struct FilterRow {
    VAProcFilterType type;
    float direction;  ///< Away from its neighbourhood, or towards it.
};
constexpr std::array kRows{
    FilterRow{VAProcFilterNoiseReduction, -1},
    FilterRow{VAProcFilterSharpening, 1},
};

const FilterRow* find_row(VAProcFilterType type) {
    const auto* found = std::find_if(kRows.begin(), kRows.end(),
                                     [&](const FilterRow& row) { return row.type == type; });
    return found != kRows.end() ? found : nullptr;
}

Result<float> read_filter(const Buffer& buffer) {
    const auto base = buffer.first<VAProcFilterParameterBufferBase>();
    if (buffer.type() != VAProcFilterParameterBufferType || !base) {
        return refusal(VA_STATUS_ERROR_INVALID_BUFFER, "a filter's buffer has another type");
    }
    const FilterRow* const row = find_row(base->type);
    if (row == nullptr) {
        return refusal(VA_STATUS_ERROR_UNSUPPORTED_FILTER,
                       "filter " + std::to_string(base->type) +
                           ": there are noise reduction and sharpening alone");
    }
    const auto parameters = buffer.first<VAProcFilterParameterBuffer>();
    if (!parameters || !(parameters->value >= 0 && parameters->value <= kStrongest)) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "a filter's value must be from 0 to " + std::to_string(kStrongest));
    }
    return row->direction * parameters->value / kStrongest;
}

}  // namespace

Result<Filters> read_filters(Driver& driver, const VABufferID* ids, std::size_t count) {
    if (count > VAProcFilterCount || (ids == nullptr && count > 0)) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER, "a list of filters that cannot be");
    }
    Filters filters;
    for (const VABufferID id : std::span(ids, count)) {
        const auto buffer = driver.buffers.find(id);
        if (buffer == nullptr) {
            return refusal(VA_STATUS_ERROR_INVALID_BUFFER, "a filter's buffer does not exist");
        }
        MRDA_ASSIGN(const float amount, read_filter(*buffer));
        filters.push_back(amount);
    }
    return filters;
}

VAStatus query_filters(VADriverContextP ctx, VAContextID id, VAProcFilterType* types,
                       unsigned* count) {
    return guarded([&] {
        if (driver_of(ctx).contexts.find(id) == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONTEXT;
        }
        const unsigned room = *count;
        *count = static_cast<unsigned>(kRows.size());
        if (room < kRows.size()) {
            return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
        }
        std::transform(kRows.begin(), kRows.end(), types,
                       [](const FilterRow& row) { return row.type; });
        return VA_STATUS_SUCCESS;
    });
}

VAStatus query_filter_caps(VADriverContextP ctx, VAContextID id, VAProcFilterType type,
                           void* capabilities, unsigned* count) {
    return guarded([&] {
        if (driver_of(ctx).contexts.find(id) == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONTEXT;
        }
        const unsigned room = *count;
        *count = 0;
        if (find_row(type) == nullptr) {
            return VA_STATUS_ERROR_UNSUPPORTED_FILTER;
        }
        *count = 1;
        if (room < 1) {
            return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
        }
        static_cast<VAProcFilterCap*>(capabilities)->range = {
            .min_value = 0, .max_value = kStrongest, .default_value = kUsual, .step = 1};
        return VA_STATUS_SUCCESS;
    });
}

}  // namespace mrda::va_soft
