// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "handles.h"
#include "mrda/media/answer.h"
#include "mrda/media/media.h"

namespace mrda::media {

/// As answer() of mrda/media/answer.h, for callers that may not want the words.
template <typename Call>
int answer_if_asked(mrda_media_error* error, const Call& call) noexcept {
    mrda_media_error ignored;
    return answer(error != nullptr ? error : &ignored, call);
}

/// Errors: invalid_argument, naming it.
template <typename T>
Result<void> check_given(const T* pointer, const char* what) {
    if (pointer == nullptr) {
        return make_error(Errc::invalid_argument, std::string(what) + " is null");
    }
    return {};
}

/// What the caller's structure has room for, of `value`: callers may be older than this library.
/// Errors: invalid_argument (its size_bytes is not set).
template <typename T>
Result<void> tell_as_known(T value, T* told, const char* what) {
    MRDA_TRY(check_given(told, what));
    const std::uint32_t known = told->size_bytes;
    if (known < sizeof told->size_bytes) {
        return make_error(Errc::invalid_argument,
                          std::string(what) + " does not say its size_bytes; set it to sizeof");
    }
    value.size_bytes = std::min<std::uint32_t>(known, sizeof value);
    std::memcpy(told, &value, value.size_bytes);
    return {};
}

/// The caller's structure, zeros where it is older than this library. `least_bytes` is what the
/// first one had. Errors: invalid_argument.
template <typename T>
Result<T> as_known(const T* given, std::size_t least_bytes, const char* what) {
    MRDA_TRY(check_given(given, what));
    if (given->size_bytes < least_bytes) {
        return make_error(Errc::invalid_argument,
                          std::string(what) + " of " + std::to_string(given->size_bytes) +
                              " bytes, of at least " + std::to_string(least_bytes));
    }
    T known{};
    std::memcpy(&known, given, std::min<std::size_t>(given->size_bytes, sizeof known));
    return known;
}

inline std::string text(const char* given) {
    return given == nullptr ? "" : given;
}

}  // namespace mrda::media
