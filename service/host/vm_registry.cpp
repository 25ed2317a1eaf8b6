// SPDX-License-Identifier: MIT
#include "vm_registry.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime_dir.h"

namespace mrda::service {

namespace {

using nlohmann::json;

bool is_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Result<void> check(const VmConfig& config) {
    if (!is_name(config.name)) {
        return make_error(
            Errc::invalid_argument,
            "VM \"" + config.name + "\": names have up to 64 letters a-z, digits, _ and -");
    }
    for (const std::string* path : {&config.in_device_path, &config.out_device_path}) {
        if (!path->empty() && path->front() != '/') {
            return make_error(Errc::invalid_argument, "VM " + config.name + ": device path \"" +
                                                          *path + "\" must begin with /");
        }
    }
    if (config.in_device_path.empty() != config.out_device_path.empty()) {
        return make_error(
            Errc::invalid_argument,
            "VM " + config.name + ": give both device paths (they may be the same), or none");
    }
    if (config.memory_bytes == 0 || config.max_sessions == 0 ||
        config.max_creates_per_second == 0 || config.max_pixels_per_second == 0) {
        return make_error(Errc::invalid_argument, "VM " + config.name + ": a limit of 0");
    }
    return {};
}

json to_json(const VmConfig& config) {
    return {{"name", config.name},
            {"memory_bytes", config.memory_bytes},
            {"in_device_path", config.in_device_path},
            {"out_device_path", config.out_device_path},
            {"out_memory_bytes", config.out_memory_bytes},
            {"max_sessions", config.max_sessions},
            {"max_creates_per_second", config.max_creates_per_second},
            {"max_pixels_per_second", config.max_pixels_per_second}};
}

VmConfig config_from(const json& object) {
    VmConfig config;
    config.name = object.at("name").get<std::string>();
    config.memory_bytes = object.at("memory_bytes").get<std::uint64_t>();
    config.in_device_path = object.at("in_device_path").get<std::string>();
    config.out_device_path = object.at("out_device_path").get<std::string>();
    config.out_memory_bytes = object.at("out_memory_bytes").get<std::uint64_t>();
    config.max_sessions = object.at("max_sessions").get<std::uint32_t>();
    config.max_creates_per_second = object.at("max_creates_per_second").get<std::uint32_t>();
    config.max_pixels_per_second = object.at("max_pixels_per_second").get<std::uint64_t>();
    return config;
}

Result<void> open_files(Vm& vm) {
    const VmConfig& config = vm.config;
    if (config.in_device_path.empty() || vm.in_file != nullptr) {
        return {};
    }
    const bool one = config.out_device_path == config.in_device_path;
    MRDA_ASSIGN(auto input, vm.device_files->open(config.in_device_path, config.memory_bytes,
                                                  config.name, config.name + (one ? "" : ".in")));
    if (one) {
        vm.out_file = input;
    } else {
        const std::uint64_t size_bytes =
            config.out_memory_bytes == 0 ? config.memory_bytes : config.out_memory_bytes;
        MRDA_ASSIGN(vm.out_file, vm.device_files->open(config.out_device_path, size_bytes,
                                                       config.name, config.name + ".out"));
    }
    vm.in_file = std::move(input);
    return {};
}

}  // namespace

Result<VmRegistry> VmRegistry::open(std::string state_dir, std::string runtime_dir) {
    VmRegistry registry(std::move(state_dir), std::move(runtime_dir));
    MRDA_TRY(make_private_dir(registry.state_dir_ + "/tokens"));
    const std::string path = registry.state_dir_ + "/vms.json";
    MRDA_ASSIGN(const auto text, read_private_file(path));
    if (!text) {
        return registry;
    }
    std::vector<VmConfig> configs;
    try {
        for (const json& vm : json::parse(*text)) {
            configs.push_back(config_from(vm));
        }
    } catch (const json::exception& wrong) {
        return make_error(Errc::corrupt, path + ": " + wrong.what());
    }
    // All or none: what is saved again must not be less than what was read.
    for (VmConfig& config : configs) {
        MRDA_TRY(check(config));
        MRDA_TRY(registry.insert(std::move(config), true));
    }
    for (const auto& [name, vm] : registry.vms_) {
        // Now, in the order of their names, so that a file is its VM's before a guest asks. One
        // that cannot be opened is told to its guests, and no other VM's trouble.
        static_cast<void>(open_files(*vm).ok());
    }
    return registry;
}

Result<std::string> VmRegistry::token_of(const std::string& name) const {
    const std::string path = token_path(name);
    MRDA_ASSIGN(const auto kept, read_private_file(path));
    if (kept && kept->size() >= 64) {
        return kept->substr(0, 64);
    }
    MRDA_ASSIGN(std::string token, random_token());
    MRDA_TRY(write_private_file(path, token + "\n"));
    return token;
}

Result<std::string> VmRegistry::add(VmConfig config, bool keep) {
    return add(std::move(config), keep, false);
}

Result<std::string> VmRegistry::add_default(VmConfig config) {
    return add(std::move(config), true, true);
}

Result<std::string> VmRegistry::add(VmConfig config, bool keep, bool as_default) {
    MRDA_TRY(check(config));
    const std::string name = config.name;
    const auto known = find(name);
    const Vm before = known == nullptr ? Vm() : *known;
    const bool was_kept = known != nullptr && kept_.at(name);
    const bool had_token = ::access(token_path(name).c_str(), F_OK) == 0;
    const auto changed = change(std::move(config), keep, as_default);
    if (changed.ok()) {
        return token_path(name);
    }
    // As if it had not been asked: a VM that was refused must not come with a restart.
    if (known != nullptr) {
        *known = before;
        kept_[name] = was_kept;
    } else {
        vms_.erase(name);
        kept_.erase(name);
    }
    if (!had_token) {
        ::unlink(token_path(name).c_str());
    }
    return changed.error();
}

Result<void> VmRegistry::change(VmConfig config, bool keep, bool as_default) {
    const std::string name = config.name;
    MRDA_TRY(insert(std::move(config), keep));
    Vm& vm = *vms_.at(name);
    MRDA_TRY(open_files(vm));
    std::vector<FileText> files;
    if (as_default) {
        files = default_files(vm);
    }
    files.push_back(list_file());
    return write_private_files(files);
}

Result<void> VmRegistry::insert(VmConfig config, bool keep) {
    const std::string name = config.name;
    for (const auto& [other, vm] : vms_) {
        for (const std::string* path : {&config.in_device_path, &config.out_device_path}) {
            const bool taken =
                *path == vm->config.in_device_path || *path == vm->config.out_device_path;
            if (other != name && !path->empty() && taken) {
                return make_error(Errc::busy, "device path " + *path + " asked for VM " + name +
                                                  " is VM " + other + "'s");
            }
        }
    }
    // A VM that is there stays the same object: its sessions go on, and count.
    const auto old = find(name);
    const auto vm = old == nullptr ? std::make_shared<Vm>() : old;
    MRDA_ASSIGN(vm->token, token_of(name));
    vm->device_files = device_files_;
    if (config.in_device_path != vm->config.in_device_path ||
        config.out_device_path != vm->config.out_device_path) {
        vm->in_file.reset();
        vm->out_file.reset();
    }
    if (config.memory_bytes != vm->config.memory_bytes) {
        // Sealed, so it cannot grow. Sessions that run hold it on.
        vm->memfd.reset();
    }
    vm->config = std::move(config);
    vms_[name] = vm;
    kept_[name] = keep;
    return {};
}

Result<void> VmRegistry::make_default(const std::string& name) {
    const auto vm = find(name);
    if (vm == nullptr) {
        return make_error(Errc::not_found, "no VM \"" + name + "\"");
    }
    return write_private_files(default_files(*vm));
}

Result<std::string> VmRegistry::default_vm() const {
    MRDA_ASSIGN(const auto kept, read_private_file(default_path()));
    const std::string name = kept ? kept->substr(0, kept->find('\n')) : std::string();
    return find(name) == nullptr ? std::string() : name;
}

Result<void> VmRegistry::remove(const std::string& name) {
    if (find(name) == nullptr) {
        return make_error(Errc::not_found, "no VM \"" + name + "\"");
    }
    MRDA_ASSIGN(const std::string chosen, default_vm());
    auto vm = vms_.extract(name);
    auto kept = kept_.extract(name);
    const auto heir = chosen == name ? natural_default() : nullptr;
    std::vector<FileText> files;
    if (heir != nullptr) {
        files = default_files(*heir);
    }
    files.push_back(list_file());
    if (const auto written = write_private_files(files); !written.ok()) {
        vms_.insert(std::move(vm));
        kept_.insert(std::move(kept));
        return written.error();
    }
    ::unlink(token_path(name).c_str());
    if (chosen == name && heir == nullptr) {
        ::unlink(default_path().c_str());
        ::unlink(default_token_path().c_str());
    }
    return {};
}

FileText VmRegistry::list_file() const {
    json list = json::array();
    for (const auto& [name, vm] : vms_) {
        if (kept_.at(name)) {
            list.push_back(to_json(vm->config));
        }
    }
    return {state_dir_ + "/vms.json", list.dump(2) + "\n"};
}

std::vector<FileText> VmRegistry::default_files(const Vm& vm) const {
    return {{default_token_path(), vm.token + "\n"}, {default_path(), vm.config.name + "\n"}};
}

std::string VmRegistry::default_token_path() const {
    return runtime_dir_ + "/" + kDefaultTokenName;
}

std::shared_ptr<Vm> VmRegistry::natural_default() const {
    const auto local = find("local");
    return local != nullptr || vms_.empty() ? local : vms_.begin()->second;
}

std::vector<std::shared_ptr<Vm>> VmRegistry::all() const {
    std::vector<std::shared_ptr<Vm>> vms;
    for (const auto& [name, vm] : vms_) {
        vms.push_back(vm);
    }
    return vms;
}

std::shared_ptr<Vm> VmRegistry::find_by_token(std::string_view token) const {
    std::shared_ptr<Vm> found;
    for (const auto& [name, vm] : vms_) {
        if (equal_in_constant_time(vm->token, token)) {
            found = vm;
        }
    }
    return found;
}

std::shared_ptr<Vm> VmRegistry::find(const std::string& name) const {
    const auto found = vms_.find(name);
    return found == vms_.end() ? nullptr : found->second;
}

Result<SessionRegions> regions_of(Vm& vm, const std::string& in_path, const std::string& out_path) {
    const bool named = !in_path.empty() || !out_path.empty();
    if (!named && vm.config.in_device_path.empty()) {
        if (vm.memfd == nullptr) {
            MRDA_ASSIGN(
                ivshmem::Region region,
                ivshmem::Region::create_memfd("mrda-" + vm.config.name, vm.config.memory_bytes));
            vm.memfd = std::make_shared<SharedRegion>(std::move(region), "", vm.config.name,
                                                      vm.config.name);
        }
        return SessionRegions{vm.memfd, vm.memfd};
    }
    if (named && (in_path != vm.config.in_device_path || out_path != vm.config.out_device_path)) {
        return make_error(Errc::permission_denied,
                          "device paths \"" + in_path + "\" and \"" + out_path +
                              "\" are not those of VM " + vm.config.name +
                              "; an administrator names them: mrdactl vm add " + vm.config.name +
                              " --in-device PATH --out-device PATH");
    }
    MRDA_TRY(open_files(vm));
    return SessionRegions{vm.in_file, vm.out_file};
}

}  // namespace mrda::service
