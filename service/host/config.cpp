// SPDX-License-Identifier: MIT
#include "config.h"

#include <arpa/inet.h>

#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "mrda/interop/version.h"
#include "runtime_dir.h"
#include "worker_protocol.h"

namespace mrda::service {

namespace {

/// An hour.
constexpr std::uint64_t kMostMs = 3'600'000;

/// Reads keys of one TOML table, and knows which it was asked for.
class Table {
  public:
    Table(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

    void get(const char* key, std::string& out) {
        if (const auto* const node = take(key)) {
            const auto value = node->value_exact<std::string>();
            value ? static_cast<void>(out = *value) : wrong(key, "text");
        }
    }
    void get(const char* key, std::uint64_t& out) {
        if (const auto* const node = take(key)) {
            const auto value = node->value_exact<std::int64_t>();
            value&&* value >= 0 ? static_cast<void>(out = static_cast<std::uint64_t>(*value))
                                : wrong(key, "a number from 0 on");
        }
    }
    void get(const char* key, std::uint32_t& out) {
        std::uint64_t wide = out;
        get(key, wide);
        wide <= UINT32_MAX ? static_cast<void>(out = static_cast<std::uint32_t>(wide))
                           : wrong(key, "a smaller number");
    }
    void get(const char* key, bool& out) {
        if (const auto* const node = take(key)) {
            const auto value = node->value_exact<bool>();
            value ? static_cast<void>(out = *value) : wrong(key, "true or false");
        }
    }
    void get(const char* key, double& out) {
        if (const auto* const node = take(key)) {
            const auto value = node->value<double>();
            value ? static_cast<void>(out = *value) : wrong(key, "a number");
        }
    }
    void get(const char* key, std::vector<std::string>& out) {
        const auto* const node = take(key);
        if (node == nullptr) {
            return;
        }
        const toml::array* const list = node->as_array();
        for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
            const auto value = list->get(i)->value_exact<std::string>();
            value ? out.push_back(*value) : wrong(key, "a list of texts");
        }
        if (list == nullptr) {
            wrong(key, "a list of texts");
        }
    }
    const toml::table* table(const char* key) {
        const auto* const node = take(key);
        if (node != nullptr && !node->is_table()) {
            wrong(key, "a table");
        }
        return node == nullptr ? nullptr : node->as_table();
    }
    const toml::array* tables(const char* key) {
        const auto* const node = take(key);
        if (node != nullptr && !node->is_array_of_tables()) {
            wrong(key, "a list of tables");
            return nullptr;
        }
        return node == nullptr ? nullptr : node->as_array();
    }
    [[nodiscard]] Result<void> done() const {
        if (!error_.empty()) {
            return make_error(Errc::invalid_argument, where_ + error_);
        }
        for (const auto& [key, node] : table_) {
            if (asked_.count(std::string(key.str())) == 0) {
                return make_error(Errc::invalid_argument,
                                  where_ + "key \"" + std::string(key.str()) + "\" is unknown");
            }
        }
        return {};
    }

  private:
    const toml::node* take(const char* key) {
        asked_.insert(key);
        return table_.get(key);
    }
    void wrong(const char* key, const char* wanted) {
        error_ = "key \"" + std::string(key) + "\" must be " + wanted;
    }

    const toml::table& table_;
    std::string where_;
    std::set<std::string> asked_;
    std::string error_;
};

Result<void> read_vm(const toml::table& table, const std::string& where, Config& config) {
    VmConfig vm;
    Table reader(table, where + "[[vm]] ");
    reader.get("name", vm.name);
    reader.get("memory_bytes", vm.memory_bytes);
    reader.get("in_device", vm.in_device_path);
    reader.get("out_device", vm.out_device_path);
    reader.get("out_memory_bytes", vm.out_memory_bytes);
    reader.get("devices", vm.devices);
    reader.get("vectors", vm.vectors);
    reader.get("qemu_user", vm.qemu_user);
    reader.get("max_sessions", vm.max_sessions);
    reader.get("max_creates_per_second", vm.max_creates_per_second);
    reader.get("max_pixels_per_second", vm.max_pixels_per_second);
    MRDA_TRY(reader.done());
    config.vms.push_back(std::move(vm));
    return {};
}

Result<void> read_limits(const toml::table& table, const std::string& where,
                         ResourceLimits& limits) {
    std::uint64_t reserve_mib = limits.memory_reserve_bytes >> 20U;
    std::uint64_t worker_mib = limits.worker_memory_bytes >> 20U;
    std::string strategy = "gpu-first";
    Table reader(table, where + "[limits] ");
    reader.get("strategy", strategy);
    reader.get("max_pixels_per_second", limits.pixels_per_second);
    reader.get("max_gpu_pixels_per_second", limits.gpu_pixels_per_second);
    reader.get("gpu_load", limits.gpu_load);
    reader.get("cpu_load", limits.cpu_load);
    reader.get("memory_reserve_mib", reserve_mib);
    reader.get("worker_memory_mib", worker_mib);
    MRDA_TRY(reader.done());
    limits.memory_reserve_bytes = reserve_mib << 20U;
    limits.worker_memory_bytes = worker_mib << 20U;
    if (strategy != "gpu-first" && strategy != "cpu-first") {
        return make_error(Errc::invalid_argument, where + "[limits] strategy \"" + strategy +
                                                      "\": choose gpu-first or cpu-first");
    }
    limits.strategy = strategy == "gpu-first" ? Strategy::gpu_first : Strategy::cpu_first;
    return {};
}

Result<void> read_tls(const toml::table& table, const std::string& where, TlsFiles& tls) {
    Table reader(table, where + "[tls] ");
    reader.get("certificate", tls.certificate);
    reader.get("key", tls.key);
    reader.get("client_ca", tls.client_ca);
    return reader.done();
}

/// One folder may be said as plugin_dir, several are said as plugin_dirs.
Result<void> take_plugin_dirs(const std::string& one, std::vector<std::string> several,
                              const std::string& where, Config& config) {
    if (!one.empty() && !several.empty()) {
        return make_error(Errc::invalid_argument,
                          where + "plugin_dir and plugin_dirs: put all folders into plugin_dirs");
    }
    config.plugin_dirs = one.empty() ? std::move(several) : std::vector<std::string>{one};
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

}  // namespace

Result<void> read_config_file(const std::string& path, Config& config) {
    toml::table file;
    try {
        file = toml::parse_file(path);
    } catch (const toml::parse_error& wrong) {
        std::ostringstream where;
        where << wrong.source().begin;
        return make_error(Errc::invalid_argument, "config " + path + ", " + where.str() + ": " +
                                                      std::string(wrong.description()));
    }
    const std::string where = "config " + path + ": ";
    std::string platform;
    std::string log_format;
    Table reader(file, where);
    reader.get("addr", config.address);
    reader.get("runtime_dir", config.runtime_dir);
    reader.get("state_dir", config.state_dir);
    std::string plugin_dir;
    std::vector<std::string> plugin_dirs;
    reader.get("plugin_dir", plugin_dir);
    reader.get("plugin_dirs", plugin_dirs);
    reader.get("worker", config.worker_program);
    reader.get("spare_worker", config.spare_worker);
    reader.get("start_doorbell", config.start_doorbell);
    reader.get("device", config.device);
    reader.get("lease_ms", config.lease_ms);
    reader.get("drain_ms", config.drain_ms);
    reader.get("platform", platform);
    reader.get("log_format", log_format);
    const toml::table* const limits = reader.table("limits");
    const toml::table* const tls = reader.table("tls");
    const toml::array* const vms = reader.tables("vm");
    MRDA_TRY(reader.done());
    MRDA_TRY(take_plugin_dirs(plugin_dir, std::move(plugin_dirs), where, config));
    if (!platform.empty()) {
        MRDA_ASSIGN(config.platform, parse_platform(platform));
    }
    if (!log_format.empty() && log_format != "text" && log_format != "json") {
        return make_error(Errc::invalid_argument,
                          where + "log_format \"" + log_format + "\": choose text or json");
    }
    config.json_log = log_format == "json";
    if (limits != nullptr) {
        MRDA_TRY(read_limits(*limits, where, config.limits));
    }
    if (tls != nullptr) {
        MRDA_TRY(read_tls(*tls, where, config.tls));
    }
    for (std::size_t i = 0; vms != nullptr && i < vms->size(); ++i) {
        MRDA_TRY(read_vm(*vms->get_as<toml::table>(i), where, config));
    }
    return {};
}

Result<Config> parse_command_line(int argc, const char* const* argv) {
    // The first generation's service was started with one dash: -addr HOST:PORT.
    std::vector<std::string> arguments(argv + 1, argv + argc);
    for (std::string& argument : arguments) {
        argument = argument == "-addr" ? "--addr" : argument;
    }
    Config config;
    std::string file;
    std::string platform;
    std::string log_format;
    CLI::App app(
        "Lets virtual machines and local programs encode on this host. Without options it serves "
        "this user, on a socket of its own.",
        "mrda-service");
    app.set_version_flag("--version", std::string("mrda-service ") + version());
    app.add_option("--config", file, "a TOML file; the command line wins");
    std::string address;
    app.add_option("--addr", address, "HOST:PORT, or unix:PATH, beside the local socket");
    std::string given_runtime;
    std::string given_state;
    std::string given_device;
    std::vector<std::string> given_plugins;
    std::uint64_t lease_ms = 0;
    TlsFiles tls;
    app.add_option("--runtime-dir", given_runtime, "sockets and the default token");
    app.add_option("--state-dir", given_state, "VMs and their tokens");
    app.add_option("--plugin-dir", given_plugins,
                   "a folder of codec plugins, instead of MRDA's own; may be repeated: the first "
                   "that has a plugin counts")
        ->allow_extra_args(false);
    app.add_option("--platform", platform, "auto, gpu or software");
    app.add_option("--device", given_device, "PCI address of the GPU");
    app.add_option("--lease-ms", lease_ms, "how long a guest may be silent");
    bool no_doorbell = false;
    app.add_flag("--no-start-doorbell", no_doorbell,
                 "somebody else starts mrda-doorbell, and again where it ended");
    app.add_option("--log-format", log_format, "text or json");
    app.add_option("--tls-cert", tls.certificate, "this service's certificate, PEM");
    app.add_option("--tls-key", tls.key, "its key, PEM");
    app.add_option("--tls-client-ca", tls.client_ca,
                   "who signs guests' certificates, PEM; their common name is their VM");
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
    if (!file.empty()) {
        MRDA_TRY(read_config_file(file, config));
    }
    const auto take = [](const std::string& given, std::string& into) {
        into = given.empty() ? into : given;
    };
    take(address, config.address);
    take(given_runtime, config.runtime_dir);
    take(given_state, config.state_dir);
    if (!given_plugins.empty()) {
        config.plugin_dirs = given_plugins;
    }
    MRDA_TRY(settle_plugin_dirs(config.plugin_dirs));
    take(given_device, config.device);
    take(tls.certificate, config.tls.certificate);
    take(tls.key, config.tls.key);
    take(tls.client_ca, config.tls.client_ca);
    config.lease_ms = lease_ms == 0 ? config.lease_ms : lease_ms;
    config.start_doorbell = config.start_doorbell && !no_doorbell;
    if (!platform.empty()) {
        MRDA_ASSIGN(config.platform, parse_platform(platform));
    }
    if (!log_format.empty()) {
        if (log_format != "text" && log_format != "json") {
            return make_error(Errc::invalid_argument,
                              "--log-format " + log_format + ": choose text or json");
        }
        config.json_log = log_format == "json";
    }
    if (config.runtime_dir.empty()) {
        MRDA_ASSIGN(config.runtime_dir, runtime_dir());
    }
    for (const auto& [name, ms] :
         {std::pair("lease_ms", config.lease_ms), std::pair("drain_ms", config.drain_ms)}) {
        if (ms == 0 || ms > kMostMs) {
            return make_error(Errc::invalid_argument, std::string(name) + " " + std::to_string(ms) +
                                                          ": from 1 to " + std::to_string(kMostMs));
        }
    }
    take(config.state_dir.empty() ? default_state_dir(config.runtime_dir) : "", config.state_dir);
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
