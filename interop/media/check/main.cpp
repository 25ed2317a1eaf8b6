// SPDX-License-Identifier: MIT
// mrda-plugin-check: what every plugin must do, for its author.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/platform.h"

namespace {

using mrda::Errc;
using mrda::Result;
using mrda::check::Check;
using mrda::check::Finding;
using mrda::media::LoadedPlugin;

constexpr const char* kUsage =
    "usage: mrda-plugin-check [--platform software|gpu] [--allow-leak-kib N] PLUGIN.so\n"
    "Checks a plugin as hosts will use it, each check in a process of its own: lifecycle, "
    "statuses,\n"
    "leaks, threads, wrong arguments. --platform software points vendors' loaders at MRDA's "
    "drivers;\n"
    "with gpu, what a GPU's encoders lack is skipped and not a fault.\n"
    "--allow-leak-kib lets each session lose so much, where a library behind the plugin does.\n"
    "Exits with 0 if all hold, 1 if one does not, 2 for wrong use, 77 if nothing could be "
    "checked,\n"
    "else why the plugin cannot be loaded.\n";
/// What test drivers take for "skipped".
constexpr int kExitSkipped = 77;

/// DIR/libmrda_NAME.so, in the words of who loads plugins.
Result<std::shared_ptr<const LoadedPlugin>> load(const std::string& file) {
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
    return LoadedPlugin::load(
        folder, name.substr(kBefore.size(), name.size() - kBefore.size() - kAfter.size()));
}

std::vector<Check> checks_of(const std::shared_ptr<const LoadedPlugin>& plugin,
                             const mrda_session_kind& kind) {
    switch (kind.type) {
        case MRDA_SESSION_ENCODER:
            return mrda::check::encoder_checks(kind);
        case MRDA_SESSION_DECODER:
            return mrda::check::decoder_checks(kind);
        case MRDA_SESSION_KERNEL:
            return mrda::check::kernel_checks(plugin, kind);
        default:
            return mrda::check::frame_checks(kind);
    }
}

std::vector<Check> all_checks(const std::shared_ptr<const LoadedPlugin>& plugin) {
    const mrda_plugin& table = plugin->table();
    std::vector<Check> all;
    const auto add = [&all](std::vector<Check> checks) {
        std::move(checks.begin(), checks.end(), std::back_inserter(all));
    };
    // What others stand on first: its fault is theirs, too.
    if (table.devices != nullptr) {
        add(mrda::check::device_checks(*table.devices));
    }
    for (const mrda_unit_kind* const kind : mrda::media::units_of(table)) {
        add(mrda::check::unit_checks(plugin, *kind));
    }
    for (const mrda_session_kind* const kind : mrda::media::kinds_of(table)) {
        add(checks_of(plugin, *kind));
    }
    return all;
}

int run(const std::shared_ptr<const LoadedPlugin>& plugin) {
    std::printf("plugin %s, version %s\n", plugin->table().name, plugin->table().version);
    int failed = 0;
    int passed = 0;
    int skipped = 0;
    for (const Check& check : all_checks(plugin)) {
        std::fflush(stdout);
        const Finding found = run_apart(check);
        if (!found.fault.empty()) {
            std::printf("  FAIL  %s: %s\n", check.name.c_str(), found.fault.c_str());
            ++failed;
        } else if (!found.skipped.empty()) {
            std::printf("  skip  %s: %s\n", check.name.c_str(), found.skipped.c_str());
            ++skipped;
        } else {
            std::printf("  ok    %s\n", check.name.c_str());
            ++passed;
        }
    }
    std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    if (failed > 0) {
        return mrda::kExitFailed;
    }
    if (passed == 0) {
        std::printf("nothing of this plugin could be checked here\n");
        return kExitSkipped;
    }
    return 0;
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
        const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
        if (argument == "--platform" && value == "gpu") {
            ++i;
            mrda::quieten_libva();
            mrda::check::encoders_on_gpu = true;
        } else if (argument == "--platform" && value == "software") {
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
    return plugin.ok() ? run(*plugin) : fail(plugin.error());
}
