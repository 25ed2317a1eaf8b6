// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <system_error>

namespace mrda::ze_soft {

/// Runs the body of an entry point; what it throws becomes Level Zero's own code.
template <typename Body>
ze_result_t guarded(Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return ZE_RESULT_ERROR_OUT_OF_HOST_MEMORY;
    } catch (const std::system_error&) {  // std::thread, when the system grants no further one
        return ZE_RESULT_ERROR_OUT_OF_HOST_MEMORY;
    } catch (...) {
        return ZE_RESULT_ERROR_UNKNOWN;
    }
}

/// Level Zero's way to list things: a count of 0 asks for the number, any other for that many of
/// them. `write(out, item)` fills one; it decides what of an extensible struct is the driver's to
/// write.
template <typename Item, typename Out, typename Write>
ze_result_t list(std::span<const Item> items, uint32_t* count, Out* out, Write write) {
    if (count == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    const auto available = static_cast<uint32_t>(items.size());
    if (*count == 0) {
        *count = available;
        return ZE_RESULT_SUCCESS;
    }
    *count = std::min(*count, available);
    if (out != nullptr) {
        for (uint32_t i = 0; i < *count; ++i) {
            write(out[i], items[i]);
        }
    }
    return ZE_RESULT_SUCCESS;
}

/// Level Zero's way to give a text, with the 0 at its end: without `out` its size, else as much as
/// there is room for.
inline ze_result_t give_text(std::string_view text, size_t* size_bytes, char* out) {
    if (size_bytes == nullptr) {
        return ZE_RESULT_ERROR_INVALID_NULL_POINTER;
    }
    const size_t whole = text.size() + 1;
    if (out != nullptr && *size_bytes != 0) {
        const size_t kept = std::min(text.size(), *size_bytes - 1);
        *std::copy_n(text.data(), kept, out) = '\0';
    }
    *size_bytes = whole;
    return ZE_RESULT_SUCCESS;
}

}  // namespace mrda::ze_soft
