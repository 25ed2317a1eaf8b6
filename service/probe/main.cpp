// SPDX-License-Identifier: MIT
// A small process that looks at devices, so that a driver which hangs or crashes takes nobody with
// it.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "chain_check.h"
#include "device_list.h"
#include "mrda/interop/exit_code.h"
#include "plugin_list.h"

namespace {

int check(mrda::PlatformRequest request, const std::optional<mrda::PciAddress>& device) {
    // Automatic means GPU here: who asks wants to know whether it may be chosen.
    const auto platform =
        request == mrda::PlatformRequest::software ? mrda::Platform::software : mrda::Platform::gpu;
    const auto checked = mrda::probe::check_chain(platform, device);
    std::cout << (checked.ok() ? *checked : mrda::to_string(checked.error())) << '\n';
    return checked.ok() ? 0 : mrda::exit_code_of(checked.error().code);
}

/// What drivers and plugins call themselves need not be UTF-8.
std::string text_of(const nlohmann::json& value, int indent) {
    return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

/// One plugin, loaded here: what it prints goes elsewhere, and its ending is not waited for.
[[noreturn]] void describe(const std::string& folder, const std::string& name) {
    // Not for what a plugin starts: whoever waits for the answer's end would wait for that, too.
    const int answer = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (answer < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        ::_exit(mrda::kExitFailed);
    }
    // Whatever a plugin does, it does not outlive who asked.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string text = text_of(mrda::probe::describe_plugin(folder, name), -1);
    const ssize_t written = ::write(answer, text.data(), text.size());
    ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : mrda::kExitFailed);
}

int fail(const mrda::Error& error) {
    std::cout << mrda::to_string(error) << '\n';
    return mrda::exit_code_of(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Looks at the GPUs of this machine, or at plugins. Without --chain and --plugins: lists "
        "GPUs with\n"
        "their load, as JSON. With --chain: encodes one frame through the whole chain; exits 0 if "
        "that\n"
        "works, else 1 with the reason on standard output. With --plugins: lists the plugins of "
        "folders\n"
        "and what each can do, as JSON."};
    bool chain = false;
    std::string platform_word = "gpu";
    std::string device_word;
    std::vector<std::string> plugin_folders;
    std::string plugin;
    app.add_flag("--chain", chain, "walk the whole chain once");
    app.add_option("--platform", platform_word, "gpu or software")->capture_default_str();
    app.add_option("--device", device_word,
                   "PCI address of the GPU, to look at no other: 0000:03:00.0");
    app.add_option("--plugins", plugin_folders, "a folder of plugins; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--plugin", plugin, "of the first folder, this plugin alone, loaded here")
        ->needs("--plugins");
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
    if (!plugin.empty()) {
        describe(plugin_folders.front(), plugin);
    }
    if (!plugin_folders.empty()) {
        std::cout << text_of(mrda::probe::list_plugins("/proc/self/exe", plugin_folders), -1);
        return 0;
    }
    mrda::quieten_libva();
    // Sysman answers only a process that asked for it before its first Level Zero call.
    ::setenv("ZES_ENABLE_SYSMAN", "1", 1);
    if (chain) {
        return check(*request, device);
    }
    const auto listed = mrda::probe::list_devices(device);
    if (!listed) {
        return fail(listed.error());
    }
    std::cout << text_of(*listed, 2);
    return 0;
}
