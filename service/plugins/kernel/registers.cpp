// SPDX-License-Identifier: MIT
#include "registers.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace mrda::plugins::kernel {

namespace {

Error not_possible(const mrda_parameter& parameter, const mrda_unit_argument& argument) {
    return make_error(Errc::invalid_argument,
                      std::string("parameter ") + parameter.name + " of type " +
                          std::to_string(parameter.type) + " for an argument of " +
                          std::to_string(argument.size_bytes) +
                          " bytes: integers go into 1, 2, 4 and 8, reals into 4 and 8");
}

/// Whether an integer can be had from its low bytes, as a signed or an unsigned one.
bool fits(std::int64_t value, std::uint32_t bytes) {
    if (bytes == sizeof value) {
        return true;
    }
    const std::int64_t range = std::int64_t{1} << (8 * bytes);
    return value >= -range / 2 && value < range;
}

bool is_integer_size(std::uint32_t bytes) {
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

}  // namespace

Result<void> put(const mrda_parameter& parameter, const mrda_unit_argument& argument,
                 std::span<std::byte> registers) {
    std::byte* const at = registers.data() + argument.offset_bytes;
    const std::uint32_t bytes = argument.size_bytes;
    if (parameter.type == MRDA_PARAMETER_INTEGER && is_integer_size(bytes)) {
        if (!fits(parameter.value.integer, bytes)) {
            return make_error(Errc::invalid_argument,
                              std::string("parameter ") + parameter.name + " is " +
                                  std::to_string(parameter.value.integer) +
                                  ", which does not fit into " + std::to_string(bytes) + " bytes");
        }
        std::memcpy(at, &parameter.value.integer, bytes);
    } else if (parameter.type == MRDA_PARAMETER_REAL && bytes == sizeof(float)) {
        const auto narrow = static_cast<float>(parameter.value.real);
        std::memcpy(at, &narrow, sizeof narrow);
    } else if (parameter.type == MRDA_PARAMETER_REAL && bytes == sizeof(double)) {
        std::memcpy(at, &parameter.value.real, sizeof(double));
    } else {
        return not_possible(parameter, argument);
    }
    return {};
}

Result<void> get(std::span<const std::byte> registers, const mrda_unit_argument& argument,
                 mrda_parameter& parameter) {
    const std::byte* const at = registers.data() + argument.offset_bytes;
    const std::uint32_t bytes = argument.size_bytes;
    if (parameter.type == MRDA_PARAMETER_INTEGER && is_integer_size(bytes)) {
        std::uint64_t value = 0;
        std::memcpy(&value, at, bytes);
        const std::uint32_t unused_bits = 64 - 8 * bytes;
        parameter.value.integer = static_cast<std::int64_t>(value << unused_bits) >> unused_bits;
    } else if (parameter.type == MRDA_PARAMETER_REAL && bytes == sizeof(float)) {
        float narrow = 0;
        std::memcpy(&narrow, at, sizeof narrow);
        parameter.value.real = static_cast<double>(narrow);
    } else if (parameter.type == MRDA_PARAMETER_REAL && bytes == sizeof(double)) {
        std::memcpy(&parameter.value.real, at, sizeof(double));
    } else {
        return not_possible(parameter, argument);
    }
    return {};
}

}  // namespace mrda::plugins::kernel
