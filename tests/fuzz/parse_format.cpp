// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "check.h"
#include "mrda/interop/frame_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = mrda::parse_format(text);
    if (!parsed.ok()) {
        check(!parsed.error().message.empty());
        return 0;
    }
    const auto again = mrda::parse_format(mrda::to_string(*parsed));
    check(again.ok() && *again == *parsed);
    return 0;
}
