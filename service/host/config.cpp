// SPDX-License-Identifier: MIT
#include "config.h"

#include <toml++/toml.h>
#include <set>
#include <sstream>

namespace mrda::service {

namespace {

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
    reader.get("socket_dir", config.socket_dir);
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

}  // namespace mrda::service
