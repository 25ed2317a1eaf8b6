// SPDX-License-Identifier: MIT
// mrda-plugin-check: what every plugin must do, for its author.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "checks.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/platform.h"

namespace {

using mrda::Errc;
using mrda::Result;
using mrda::check::Check;
using mrda::check::Fault;

constexpr const char* kUsage =
    "usage: mrda-plugin-check [--platform software] [--allow-leak-kib N] PLUGIN.so\n"
    "Checks a plugin as hosts will use it, each check in a process of its own: lifecycle, "
    "statuses,\n"
    "leaks, threads, wrong arguments. --platform software points vendors' loaders at MRDA's "
    "drivers.\n"
    "--allow-leak-kib lets each session lose so much, where a library behind the plugin does.\n"
    "Exits with 0 if all hold, 1 if one does not, 2 for wrong use, else why the plugin cannot be "
    "loaded.\n";

/// DIR/libmrda_NAME.so, in the words of who loads plugins.
Result<std::shared_ptr<const mrda::media::LoadedPlugin>> load(const std::string& file) {
    const std::filesystem::path path(file);
    const std::string name = path.filename().string();
    constexpr std::string_view kBefore = "libmrda_";
    constexpr std::string_view kAfter = ".so";
    if (name.size() <= kBefore.size() + kAfter.size() || !name.starts_with(kBefore) ||
        !name.ends_with(kAfter)) {
        return mrda::make_error(Errc::invalid_argument,
                                file + ": hosts look for plugins by the name libmrda_NAME.so");
    }
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    return mrda::media::LoadedPlugin::load(
        folder, name.substr(kBefore.size(), name.size() - kBefore.size() - kAfter.size()));
}

std::vector<Check> checks_of(const mrda_session_kind& kind) {
    switch (kind.type) {
        case MRDA_SESSION_ENCODER:
            return mrda::check::encoder_checks(kind);
        case MRDA_SESSION_DECODER:
            return mrda::check::decoder_checks(kind);
        default:
            return mrda::check::frame_checks(kind);
    }
}

int run(const mrda_plugin& table) {
    std::printf("plugin %s, version %s\n", table.name, table.version);
    int failed = 0;
    int passed = 0;
    for (const mrda_session_kind* const kind : mrda::media::kinds_of(table)) {
        for (const Check& check : checks_of(*kind)) {
            std::fflush(stdout);
            const Fault fault = run_apart(check);
            if (fault.empty()) {
                std::printf("  ok    %s\n", check.name.c_str());
                ++passed;
            } else {
                std::printf("  FAIL  %s: %s\n", check.name.c_str(), fault.c_str());
                ++failed;
            }
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : mrda::kExitFailed;
}

int fail(const mrda::Error& error) {
    std::fprintf(stderr, "mrda-plugin-check: %s\n", to_string(error).c_str());
    return mrda::exit_code_of(error.code);
}

}  // namespace

int main(int argc, char** argv) {
    std::string file;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help" || argument == "-h") {
            std::fputs(kUsage, stdout);
            return 0;
        }
        if (argument == "--platform" && i + 1 < argc &&
            std::string_view(argv[i + 1]) == "software") {
            ++i;
            if (const auto chosen = mrda::use_software_drivers(); !chosen.ok()) {
                return fail(chosen.error());
            }
        } else if (argument == "--allow-leak-kib" && i + 1 < argc) {
            mrda::check::allowed_leak_bytes = std::strtoul(argv[++i], nullptr, 10) * 1024;
        } else if (file.empty() && !argument.starts_with("-")) {
            file = argument;
        } else {
            std::fputs(kUsage, stderr);
            return mrda::kExitUsage;
        }
    }
    if (file.empty()) {
        std::fputs(kUsage, stderr);
        return mrda::kExitUsage;
    }
    const auto plugin = load(file);
    return plugin.ok() ? run((*plugin)->table()) : fail(plugin.error());
}
