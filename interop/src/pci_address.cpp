// SPDX-License-Identifier: MIT
#include "mrda/interop/pci_address.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace mrda {

namespace {

/// Takes a hexadecimal number of `digits` digits, at most `limit`, off the front of `text`, and the
/// separator behind it (0: the end).
bool take(std::string_view& text, std::size_t digits, std::uint32_t limit, char separator,
          std::uint32_t& value) {
    if (text.size() < digits) {
        return false;
    }
    const char* const last = text.data() + digits;
    const auto [end, problem] = std::from_chars(text.data(), last, value, 16);
    text.remove_prefix(digits);
    if (problem != std::errc() || end != last || value > limit) {
        return false;
    }
    if (separator == '\0') {
        return text.empty();
    }
    if (!text.starts_with(separator)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

}  // namespace

Result<PciAddress> parse_pci_address(std::string_view text) {
    PciAddress address;
    std::string_view rest = text;
    // lspci leaves the domain out where it is 0, and Intel's VMD makes domains of five digits.
    constexpr std::size_t kWithoutDomain = sizeof("03:00.0") - 1;
    const bool whole = rest.size() != kWithoutDomain;
    const std::size_t domain_digits =
        rest.size() > kWithoutDomain + 1 ? rest.size() - kWithoutDomain - 1 : 0;
    if ((whole && (domain_digits < 4 || domain_digits > 8 ||
                   !take(rest, domain_digits, 0xffffffff, ':', address.domain))) ||
        !take(rest, 2, 0xff, ':', address.bus) || !take(rest, 2, 0x1f, '.', address.device) ||
        !take(rest, 1, 7, '\0', address.function)) {
        return make_error(Errc::invalid_argument,
                          "\"" + std::string(text) +
                              "\" is no PCI address; write it as lspci -D does: 0000:03:00.0");
    }
    return address;
}

std::string to_string(const PciAddress& address) {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%x", address.domain,
                                     address.bus, address.device, address.function);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace mrda
