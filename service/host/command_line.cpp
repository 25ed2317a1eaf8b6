// SPDX-License-Identifier: MIT
#include <arpa/inet.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "config.h"
#include "mrda/interop/version.h"
#include "private_dir.h"
#include "runtime_dir.h"
#include "worker_protocol.h"

namespace mrda::service {

namespace {

/// An hour.
constexpr std::uint64_t kMostMs = 3'600'000;

/// What the command line says; empty, 0 and false: nothing.
struct Given {
    std::string file;
    std::string platform;
    std::string log_format;
    std::string address;
    std::string runtime_dir;
    std::string state_dir;
    std::string socket_dir;
    std::string device;
    std::vector<std::string> plugin_dirs;
    std::uint64_t lease_ms = 0;
    bool no_doorbell = false;
    TlsFiles tls;
};

void add_options(CLI::App& app, Given& given) {
    app.set_version_flag("--version", std::string("mrda-service ") + version());
    app.add_option("--config", given.file, "a TOML file; the command line wins");
    app.add_option("--addr", given.address, "HOST:PORT, or unix:PATH, beside the local socket");
    app.add_option("--runtime-dir", given.runtime_dir, "sockets and the default token");
    app.add_option("--state-dir", given.state_dir, "VMs and their tokens");
    app.add_option(
        "--socket-dir", given.socket_dir,
        "where QEMU finds the sockets of VMs' devices; for a QEMU of another user's, one "
        "that this user can enter. Without it, vm in the runtime folder");
    app.add_option("--plugin-dir", given.plugin_dirs,
                   "a folder of codec plugins, instead of MRDA's own; may be repeated: the first "
                   "that has a plugin counts")
        ->allow_extra_args(false);
    app.add_option("--platform", given.platform, "auto, gpu or software");
    app.add_option("--device", given.device, "PCI address of the GPU");
    app.add_option("--lease-ms", given.lease_ms, "how long a guest may be silent");
    app.add_flag("--no-start-doorbell", given.no_doorbell,
                 "somebody else starts mrda-doorbell, and again where it ended");
    app.add_option("--log-format", given.log_format, "text or json");
    app.add_option("--tls-cert", given.tls.certificate, "this service's certificate, PEM");
    app.add_option("--tls-key", given.tls.key, "its key, PEM");
    app.add_option("--tls-client-ca", given.tls.client_ca,
                   "who signs guests' certificates, PEM; their common name is their VM");
}

/// Over what the file says.
Result<void> take(const Given& given, Config& config) {
    const auto take_text = [](const std::string& text, std::string& into) {
        into = text.empty() ? into : text;
    };
    take_text(given.address, config.address);
    take_text(given.runtime_dir, config.runtime_dir);
    take_text(given.state_dir, config.state_dir);
    take_text(given.socket_dir, config.socket_dir);
    take_text(given.device, config.device);
    take_text(given.tls.certificate, config.tls.certificate);
    take_text(given.tls.key, config.tls.key);
    take_text(given.tls.client_ca, config.tls.client_ca);
    if (!given.plugin_dirs.empty()) {
        config.plugin_dirs = given.plugin_dirs;
    }
    config.lease_ms = given.lease_ms == 0 ? config.lease_ms : given.lease_ms;
    config.start_doorbell = config.start_doorbell && !given.no_doorbell;
    if (!given.platform.empty()) {
        MRDA_ASSIGN(config.platform, parse_platform(given.platform));
    }
    if (!given.log_format.empty()) {
        if (given.log_format != "text" && given.log_format != "json") {
            return make_error(Errc::invalid_argument,
                              "--log-format " + given.log_format + ": choose text or json");
        }
        config.json_log = given.log_format == "json";
    }
    return {};
}

/// Workers begin in another folder, and are told in one message.
Result<void> settle_plugin_dirs(std::vector<std::string>& folders) {
    std::size_t all_bytes = 0;
    for (std::string& folder : folders) {
        std::error_code error;
        const auto absolute = std::filesystem::absolute(folder, error);
        if (folder.empty() || error) {
            return make_error(Errc::invalid_argument,
                              "plugin folder \"" + folder + "\": name a folder");
        }
        folder = absolute.lexically_normal().string();
        all_bytes += folder.size();
    }
    if (folders.size() > kMaxPluginDirs || all_bytes > kMaxPluginDirsBytes) {
        return make_error(Errc::invalid_argument,
                          std::to_string(folders.size()) + " plugin folders, with names of " +
                              std::to_string(all_bytes) + " bytes; at most " +
                              std::to_string(kMaxPluginDirs) + " and " +
                              std::to_string(kMaxPluginDirsBytes) + " bytes are taken");
    }
    return {};
}

std::string default_state_dir(const std::string& runtime_dir) {
    if (const char* named = std::getenv("XDG_STATE_HOME"); named != nullptr && *named == '/') {
        return std::string(named) + "/mrda";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
        return std::string(home) + "/.local/state/mrda";
    }
    return runtime_dir + "/state";
}

bool is_loopback(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    in_addr v4{};
    in6_addr v6{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24U) == 127;
    }
    if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return host == "localhost";
}

/// Others are let into it, and must not be let into the state.
Result<void> settle_socket_dir(Config& config) {
    if (config.socket_dir.empty()) {
        return {};
    }
    MRDA_ASSIGN(config.socket_dir, absolute_dir(config.socket_dir));
    for (const std::string* const other : {&config.runtime_dir, &config.state_dir}) {
        MRDA_ASSIGN(const std::string kept, absolute_dir(*other));
        if (lies_in(kept, config.socket_dir)) {
            return make_error(Errc::invalid_argument,
                              "socket_dir " + config.socket_dir + " is, or holds, " + kept +
                                  ", which is private; name a folder of its own");
        }
    }
    return {};
}

/// What nobody said, and whether the whole can be.
Result<void> settle(Config& config) {
    MRDA_TRY(settle_plugin_dirs(config.plugin_dirs));
    if (config.runtime_dir.empty()) {
        MRDA_ASSIGN(config.runtime_dir, runtime_dir());
    }
    if (config.state_dir.empty()) {
        config.state_dir = default_state_dir(config.runtime_dir);
    }
    MRDA_TRY(settle_socket_dir(config));
    for (const auto& [name, ms] :
         {std::pair("lease_ms", config.lease_ms), std::pair("drain_ms", config.drain_ms)}) {
        if (ms == 0 || ms > kMostMs) {
            return make_error(Errc::invalid_argument, std::string(name) + " " + std::to_string(ms) +
                                                          ": from 1 to " + std::to_string(kMostMs));
        }
    }
    return {};
}

}  // namespace

Result<Config> parse_command_line(int argc, const char* const* argv) {
    // The first generation's service was started with one dash: -addr HOST:PORT.
    std::vector<std::string> arguments(argv + 1, argv + argc);
    for (std::string& argument : arguments) {
        argument = argument == "-addr" ? "--addr" : argument;
    }
    CLI::App app(
        "Lets virtual machines and local programs encode on this host. Without options it serves "
        "this user, on a socket of its own.",
        "mrda-service");
    Given given;
    add_options(app, given);
    std::reverse(arguments.begin(), arguments.end());
    try {
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        return make_error(Errc::end_of_stream, app.help());
    } catch (const CLI::CallForVersion& asked) {
        return make_error(Errc::end_of_stream, asked.what() + std::string("\n"));
    } catch (const CLI::ParseError& wrong) {
        return make_error(Errc::invalid_argument, std::string(wrong.what()) + "; try --help");
    }
    Config config;
    if (!given.file.empty()) {
        MRDA_TRY(read_config_file(given.file, config));
    }
    MRDA_TRY(take(given, config));
    MRDA_TRY(settle(config));
    return config;
}

Result<void> check_address(const Config& config) {
    const bool with_tls = !config.tls.certificate.empty();
    const bool some = with_tls || !config.tls.key.empty() || !config.tls.client_ca.empty();
    if (some && (!with_tls || config.tls.key.empty() || config.tls.client_ca.empty())) {
        return make_error(Errc::invalid_argument,
                          "TLS here is mutual: name --tls-cert, --tls-key and --tls-client-ca");
    }
    const std::string& address = config.address;
    if (address.empty() || address.rfind("unix:", 0) == 0) {
        return {};
    }
    if (address.rfind(':') == std::string::npos) {
        return make_error(Errc::invalid_argument,
                          "address \"" + address + "\": HOST:PORT or unix:PATH is wanted");
    }
    if (!with_tls && !is_loopback(address)) {
        return make_error(
            Errc::invalid_argument,
            "address " + address +
                " can be reached from other machines, and without TLS everybody there "
                "could read the tokens; use 127.0.0.1, or --tls-cert, --tls-key and "
                "--tls-client-ca");
    }
    return {};
}

}  // namespace mrda::service
