// SPDX-License-Identifier: MIT
#include "mrda/interop/platform.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "config.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/run_child.h"

namespace mrda {

namespace {

constexpr std::uint64_t kProbeTimeoutNs = 20'000'000'000;
/// ld.so(8): of a program whose libraries are not all there. It says so to standard error.
constexpr int kExitNotLoaded = 127;

std::filesystem::path program_dir() {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

/// The first of `places` that exists and has `file` in it.
template <std::size_t N>
Result<std::string> find_beside(const std::array<std::filesystem::path, N>& places,
                                const char* file, const char* what) {
    std::string tried;
    for (const auto& place : places) {
        std::error_code ignored;
        if (!place.empty() && std::filesystem::exists(place / file, ignored)) {
            return std::filesystem::absolute(place).lexically_normal().string();
        }
        const std::string line = "\n  " + (place / file).lexically_normal().string();
        if (!place.empty() && tried.find(line) == std::string::npos) {
            tried += line;
        }
    }
    return make_error(Errc::not_found, std::string(what) +
                                           " not found (MRDA_BIN_DIR and MRDA_DRIVER_DIR name "
                                           "other folders); looked for:" +
                                           tried);
}

std::filesystem::path from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

Result<void> set_environment(const char* name, const std::string& value) {
    if (::setenv(name, value.c_str(), 1) != 0) {
        return os_error("setenv", errno, "cannot set " + std::string(name));
    }
    return {};
}

/// Whether the whole chain works on a GPU. Errors: why not, with the probe's own kind of error.
Result<void> ask_probe(const std::optional<PciAddress>& device) {
    MRDA_ASSIGN(const std::string dir, find_beside<3>({from_environment("MRDA_BIN_DIR"),
                                                       program_dir(), MRDA_INSTALL_BIN_DIR},
                                                      "mrda-probe", "mrda-probe"));
    std::vector<std::string> command{dir + "/mrda-probe", "--chain"};
    if (device) {
        command.insert(command.end(), {"--device", to_string(*device)});
    }
    MRDA_ASSIGN(const ChildOutcome child, run_child(command, kProbeTimeoutNs));
    if (child.exit_code == 0) {
        return {};
    }
    const std::string words = child.output.substr(0, child.output.find_last_not_of(" \n") + 1);
    if (child.signal != 0) {
        return make_error(
            Errc::io,
            "the GPU's drivers ended mrda-probe by signal " + std::to_string(child.signal) +
                (words.empty() ? "; mrdactl doctor tells which one does" : ", after:\n" + words));
    }
    if (child.exit_code == kExitNotLoaded) {
        return make_error(
            Errc::not_found,
            "mrda-probe does not start, because a library is missing that it needs "
            "for a GPU; the lines before this name it, and mrdactl doctor its package");
    }
    return make_error(errc_of_exit_code(child.exit_code),
                      words.empty() ? "mrda-probe ended with " + std::to_string(child.exit_code) +
                                          " and gave no reason"
                                    : words);
}

}  // namespace

Result<PlatformRequest> parse_platform(std::string_view text) {
    if (text == "auto") {
        return PlatformRequest::automatic;
    }
    if (text == "gpu") {
        return PlatformRequest::gpu;
    }
    if (text == "software") {
        return PlatformRequest::software;
    }
    return make_error(Errc::invalid_argument,
                      "platform \"" + std::string(text) + "\": choose auto, gpu or software");
}

std::string_view to_string(Platform platform) {
    return platform == Platform::gpu ? "gpu" : "software";
}

Result<PlatformChoice> choose_platform(PlatformRequest request,
                                       const std::optional<PciAddress>& device) {
    quieten_libva();
    PlatformChoice choice;
    if (request != PlatformRequest::software) {
        const auto asked = ask_probe(device);
        if (asked.ok()) {
            choice.platform = Platform::gpu;
            return choice;
        }
        const std::string reason = to_string(asked.error());
        if (request == PlatformRequest::gpu) {
            return make_error(asked.error().code, "no usable GPU: " + reason);
        }
        choice.notice = "no usable GPU, so the software drivers are used: " + reason;
    }
    MRDA_TRY(use_software_drivers());
    return choice;
}

Result<std::string> software_driver_dir() {
    const auto named = from_environment("MRDA_DRIVER_DIR");
    if (!named.empty()) {  // Whoever names a folder wants that one or none.
        return find_beside<1>({named}, "libmrda_ze.so", "MRDA's software drivers");
    }
    return find_beside<3>({program_dir() / MRDA_DRIVERS_FROM_BUILD_BIN,
                           program_dir() / MRDA_DRIVERS_FROM_BIN, MRDA_INSTALL_DRIVER_DIR},
                          "libmrda_ze.so", "MRDA's software drivers");
}

void quieten_libva() {
    // va.c: 1 is errors. A failure leaves more words than are needed.
    static_cast<void>(::setenv("LIBVA_MESSAGING_LEVEL", "1", 0));
}

Result<void> use_software_drivers() {
    MRDA_ASSIGN(const std::string dir, software_driver_dir());
    MRDA_TRY(set_environment("ZE_ENABLE_ALT_DRIVERS", dir + "/libmrda_ze.so"));
    MRDA_TRY(set_environment("LIBVA_DRIVERS_PATH", dir));
    MRDA_TRY(set_environment("LIBVA_DRIVER_NAME", kSoftwareVaDriver));
    return set_environment("ONEVPL_PRIORITY_PATH", dir);
}

}  // namespace mrda
