// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::media {

/// For plugins in C++: what a session was given by name. Nothing: it was not given. Of a name that
/// is given twice the first counts.

/// Errors: invalid_argument (a name that is not one of `known`).
Result<void> check_parameters(const mrda_session_config& config,
                              std::initializer_list<std::string_view> known);

/// Errors: invalid_argument (another type, or beyond `least` to `most`).
Result<std::optional<std::int64_t>> integer_parameter(const mrda_session_config& config,
                                                      std::string_view name, std::int64_t least,
                                                      std::int64_t most);

/// The position among `choices` of what was chosen. Errors: invalid_argument (another type, or none
/// of them).
Result<std::optional<std::size_t>> integer_choice(const mrda_session_config& config,
                                                  std::string_view name,
                                                  std::initializer_list<std::int64_t> choices);
Result<std::optional<std::size_t>> text_choice(const mrda_session_config& config,
                                               std::string_view name,
                                               std::initializer_list<std::string_view> choices);

}  // namespace mrda::media
