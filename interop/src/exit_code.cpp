// SPDX-License-Identifier: MIT
#include "mrda/interop/exit_code.h"

#include <array>
#include <utility>

namespace mrda {

namespace {

constexpr std::array<std::pair<Errc, int>, 7> kExitCodes{{
    {Errc::invalid_argument, kExitUsage},
    {Errc::not_found, 3},
    {Errc::unsupported, 4},
    {Errc::permission_denied, 5},
    {Errc::exhausted, 6},
    {Errc::out_of_memory, 6},
    {Errc::corrupt, 7},
}};

}  // namespace

int exit_code_of(Errc code) {
    for (const auto& [known, exit_code] : kExitCodes) {
        if (known == code) {
            return exit_code;
        }
    }
    return kExitFailed;
}

Errc errc_of_exit_code(int exit_code) {
    for (const auto& [code, known] : kExitCodes) {
        if (known == exit_code) {
            return code;
        }
    }
    return Errc::io;
}

}  // namespace mrda
