// SPDX-License-Identifier: MIT
// A small process that looks at devices, so that a driver which hangs or crashes takes nobody with
// it.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "chain_check.h"
#include "device_list.h"
#include "mrda/interop/exit_code.h"

namespace {

int check(mrda::PlatformRequest request, const std::optional<mrda::PciAddress>& device) {
    // Automatic means GPU here: who asks wants to know whether it may be chosen.
    const auto platform =
        request == mrda::PlatformRequest::software ? mrda::Platform::software : mrda::Platform::gpu;
    const auto checked = mrda::probe::check_chain(platform, device);
    std::cout << (checked.ok() ? *checked : mrda::to_string(checked.error())) << '\n';
    return checked.ok() ? 0 : mrda::exit_code_of(checked.error().code);
}

int fail(const mrda::Error& error) {
    std::cout << mrda::to_string(error) << '\n';
    return mrda::exit_code_of(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Looks at the GPUs of this machine. Without --chain: lists them with their load, as JSON.\n"
        "With --chain: encodes one frame through the whole chain; exits 0 if that works, else 1 "
        "with the\n"
        "reason on standard output."};
    bool chain = false;
    std::string platform_word = "gpu";
    std::string device_word;
    app.add_flag("--chain", chain, "walk the whole chain once");
    app.add_option("--platform", platform_word, "gpu or software")->capture_default_str();
    app.add_option("--device", device_word,
                   "PCI address of the GPU, to look at no other: 0000:03:00.0");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : mrda::kExitUsage;
    }

    const auto request = mrda::parse_platform(platform_word);
    if (!request) {
        return fail(request.error());
    }
    std::optional<mrda::PciAddress> device;
    if (!device_word.empty()) {
        auto parsed = mrda::parse_pci_address(device_word);
        if (!parsed) {
            return fail(parsed.error());
        }
        device = *parsed;
    }
    if (*request == mrda::PlatformRequest::software) {
        if (device) {
            return fail(mrda::make_error(
                mrda::Errc::invalid_argument,
                "--device " + mrda::to_string(*device) +
                    " with --platform software: the software device has no PCI address; leave one "
                    "of the two out"));
        }
        if (const auto used = mrda::use_software_drivers(); !used.ok()) {
            return fail(used.error());
        }
    }
    // Sysman answers only a process that asked for it before its first Level Zero call.
    ::setenv("ZES_ENABLE_SYSMAN", "1", 1);
    if (chain) {
        return check(*request, device);
    }
    const auto listed = mrda::probe::list_devices(device);
    if (!listed) {
        return fail(listed.error());
    }
    // What drivers call themselves need not be UTF-8.
    std::cout << listed->dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return 0;
}
