// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "check.h"
#include "mrda/interop/pci_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = mrda::parse_pci_address(text);
    if (!parsed.ok()) {
        check(!parsed.error().message.empty());
        return 0;
    }
    check(parsed->bus <= 0xff && parsed->device <= 0x1f && parsed->function <= 7);
    const auto again = mrda::parse_pci_address(mrda::to_string(*parsed));
    check(again.ok() && *again == *parsed);
    return 0;
}
