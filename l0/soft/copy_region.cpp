// SPDX-License-Identifier: MIT
#include "copy_region.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mrda::ze_soft {

namespace {

bool multiply_add(std::size_t count, std::size_t step, std::size_t& sum) {
    std::size_t product = 0;
    return !__builtin_mul_overflow(count, step, &product) &&
           !__builtin_add_overflow(sum, product, &sum);
}

/// A depth of 0 is Level Zero's way to say 2D.
std::size_t slices_of(const ze_copy_region_t& region) {
    return std::max(region.depth, 1U);
}

bool is_empty(const ze_copy_region_t& region) {
    return region.width == 0 || region.height == 0;
}

ze_result_t make_side(const RegionArgument& argument, RegionSide& side) {
    const ze_copy_region_t& region = *argument.region;
    const std::size_t rows = region.height;
    const std::size_t slices = slices_of(region);
    const bool one_row = rows == 1 && slices == 1 && region.originY == 0 && region.originZ == 0;
    const std::size_t row_end = std::size_t{region.originX} + region.width;
    const std::size_t last_row = std::size_t{region.originY} + rows;
    if (!one_row && argument.pitch_bytes < row_end) {
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    const bool one_slice = slices == 1 && region.originZ == 0;
    std::size_t slice_end = 0;
    if (!multiply_add(last_row, argument.pitch_bytes, slice_end) ||
        (!one_slice && argument.slice_pitch_bytes < slice_end)) {
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    std::size_t offset = region.originX;
    std::size_t span = region.width;
    if (!multiply_add(region.originY, argument.pitch_bytes, offset) ||
        !multiply_add(region.originZ, argument.slice_pitch_bytes, offset) ||
        !multiply_add(rows - 1, argument.pitch_bytes, span) ||
        !multiply_add(slices - 1, argument.slice_pitch_bytes, span)) {
        return ZE_RESULT_ERROR_INVALID_SIZE;
    }
    std::uintptr_t end = reinterpret_cast<std::uintptr_t>(argument.base);
    if (__builtin_add_overflow(end, offset, &end) || __builtin_add_overflow(end, span, &end)) {
        return ZE_RESULT_ERROR_INVALID_SIZE;
    }
    auto* const base = const_cast<std::byte*>(static_cast<const std::byte*>(argument.base));
    side = {base + offset, argument.pitch_bytes, argument.slice_pitch_bytes, span};
    return ZE_RESULT_SUCCESS;
}

/// Whether two rows of boxes of equal pitch share a byte, `distance` bytes apart. Rows do not reach
/// into each other (make_side saw to it), so only the nearest few whole pitches need a look.
bool rows_overlap(const RegionCopy& copy, std::int64_t distance) {
    const auto width = static_cast<std::int64_t>(copy.width_bytes);
    const auto rows = static_cast<std::int64_t>(copy.rows);
    const auto pitch = static_cast<std::int64_t>(copy.source.pitch_bytes);
    const std::int64_t nearest = rows == 1 ? 0 : distance / pitch;
    for (std::int64_t k = nearest - 1; k <= nearest + 1; ++k) {
        const std::int64_t rest = distance - k * pitch;
        if (k > -rows && k < rows && rest > -width && rest < width) {
            return true;
        }
    }
    return false;
}

/// Exact where both sides step alike. Where they do not, each row is copied as memmove does it, and
/// a client that overlaps rows of different pitch gets what it asked for.
bool overlaps(const RegionCopy& copy) {
    const auto source = reinterpret_cast<std::uintptr_t>(copy.source.start);
    const auto destination = reinterpret_cast<std::uintptr_t>(copy.destination.start);
    const bool apart = source + copy.source.span_bytes <= destination ||
                       destination + copy.destination.span_bytes <= source;
    if (apart || (copy.rows > 1 && copy.source.pitch_bytes != copy.destination.pitch_bytes) ||
        (copy.slices > 1 && copy.source.slice_pitch_bytes != copy.destination.slice_pitch_bytes)) {
        return false;
    }
    const auto distance = static_cast<std::int64_t>(destination - source);
    const auto slices = static_cast<std::int64_t>(copy.slices);
    const auto slice_pitch = static_cast<std::int64_t>(copy.source.slice_pitch_bytes);
    const std::int64_t nearest = slices == 1 ? 0 : distance / slice_pitch;
    for (std::int64_t k = nearest - 1; k <= nearest + 1; ++k) {
        if (k > -slices && k < slices && rows_overlap(copy, distance - k * slice_pitch)) {
            return true;
        }
    }
    return false;
}

}  // namespace

ze_result_t make_region_copy(const RegionArgument& destination, const RegionArgument& source,
                             RegionCopy& copy) {
    const ze_copy_region_t& to = *destination.region;
    const ze_copy_region_t& from = *source.region;
    if (to.width != from.width || to.height != from.height || slices_of(to) != slices_of(from)) {
        return ZE_RESULT_ERROR_INVALID_ARGUMENT;
    }
    if (is_empty(to)) {
        return ZE_RESULT_ERROR_INVALID_SIZE;
    }
    if (const auto result = make_side(destination, copy.destination); result != ZE_RESULT_SUCCESS) {
        return result;
    }
    if (const auto result = make_side(source, copy.source); result != ZE_RESULT_SUCCESS) {
        return result;
    }
    copy.width_bytes = to.width;
    copy.rows = to.height;
    copy.slices = slices_of(to);
    return overlaps(copy) ? ZE_RESULT_ERROR_OVERLAPPING_REGIONS : ZE_RESULT_SUCCESS;
}

void RegionCopy::run() const {
    for (std::size_t slice = 0; slice < slices; ++slice) {
        for (std::size_t row = 0; row < rows; ++row) {
            std::memmove(destination.start + slice * destination.slice_pitch_bytes +
                             row * destination.pitch_bytes,
                         source.start + slice * source.slice_pitch_bytes + row * source.pitch_bytes,
                         width_bytes);
        }
    }
}

}  // namespace mrda::ze_soft
