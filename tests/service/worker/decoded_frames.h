// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>

#include "scripted_guest.h"

namespace mrda::service::test {

/// How many frames another decoder finds in what was encoded. Nothing: none is installed.
std::optional<std::size_t> decoded_frames(const std::vector<ScriptedGuest::Packet>& packets,
                                          const char* format);

}  // namespace mrda::service::test
