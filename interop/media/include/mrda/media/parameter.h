// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "mrda/media/buffer.h"

namespace mrda::media {

/// A named value, for a session's start and for kernels.
struct Parameter {
    std::string name;
    std::variant<std::int64_t, double, std::string, std::shared_ptr<const Buffer>> value;
};

/// As plugins see them; these borrow the texts, and the buffers, of `parameters`.
std::vector<mrda_parameter> to_media(std::span<const Parameter> parameters);

/// Errors: invalid_argument (no name, no text, a type that is none, a buffer: it cannot be told
/// whose it is).
Result<Parameter> from_media(const mrda_parameter& parameter);

}  // namespace mrda::media
