// SPDX-License-Identifier: MIT
#include "vm_registry.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "log.h"
#include "private_dir.h"
#include "runtime_dir.h"

namespace mrda::service {

namespace {

Error no_vm(const std::string& name) {
    return make_error(Errc::not_found, "no VM \"" + name + "\"; mrdactl vm list names all");
}

}  // namespace

Result<VmRegistry> VmRegistry::open(std::string state_dir, std::string runtime_dir,
                                    DoorbellHolder* holder) {
    VmRegistry registry(std::move(state_dir), std::move(runtime_dir), holder);
    MRDA_TRY(make_private_dir(registry.state_dir_ + "/tokens"));
    const std::string path = registry.state_dir_ + "/vms.json";
    MRDA_ASSIGN(const auto text, read_private_file(path));
    if (!text) {
        return registry;
    }
    auto configs = parse_vm_list(*text);
    if (!configs.ok()) {
        return make_error(configs.error().code, path + ": " + configs.error().message);
    }
    // All or none: what is saved again must not be less than what was read.
    for (VmConfig& config : *configs) {
        MRDA_TRY(check_vm_config(config));
        MRDA_TRY(registry.insert(std::move(config), true));
    }
    for (const auto& [name, vm] : registry.vms_) {
        // Now, in the order of their names, so that a file is its VM's before a guest asks, and
        // machines find their sockets. One that cannot be opened is told to its guests, and no
        // other VM's trouble.
        if (const auto opened = open_devices(*vm); !opened.ok()) {
            Log::warn("device", {{"vm", name}, {"why", to_string(opened.error())}});
        }
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
    MRDA_TRY(check_vm_config(config));
    const std::string name = config.name;
    const auto known = find(name);
    if (known != nullptr && !same_devices(config, known->config)) {
        MRDA_TRY(check_no_machine(*known));
    }
    const Vm before = known == nullptr ? Vm() : *known;
    const bool was_kept = known != nullptr && kept_.at(name);
    const bool had_token = ::access(token_path(name).c_str(), F_OK) == 0;
    std::vector<std::string> made;
    const auto changed = change(std::move(config), keep, as_default, made);
    if (changed.ok()) {
        forget_devices(device_names(before.config), &find(name)->config);
        return token_path(name);
    }
    // As if it had not been asked: a VM that was refused must not come with a restart.
    undo(name, known == nullptr ? nullptr : &before, was_kept, made);
    if (!had_token) {
        ::unlink(token_path(name).c_str());
    }
    return changed.error();
}

Result<void> VmRegistry::configure(VmConfig config) {
    MRDA_TRY(check_vm_config(config));
    const std::string name = config.name;
    const auto known = find(name);
    const auto before = known == nullptr ? std::vector<std::string>() : device_names(known->config);
    MRDA_TRY(insert(std::move(config), false));
    Vm& vm = *vms_.at(name);
    forget_devices(before, &vm.config);
    if (const auto opened = open_devices(vm); !opened.ok()) {
        Log::warn("device", {{"vm", name}, {"why", to_string(opened.error())}});
    }
    return write_private_files({list_file()});
}

void VmRegistry::undo(const std::string& name, const Vm* before, bool was_kept,
                      const std::vector<std::string>& made) {
    const auto vm = find(name);
    if (vm == nullptr) {
        return;
    }
    if (before == nullptr) {
        vms_.erase(name);
        kept_.erase(name);
        forget_devices(made, nullptr);
        return;
    }
    *vm = *before;
    kept_[name] = was_kept;
    forget_devices(made, &vm->config);
    if (vm->config.devices != 0) {
        // The holder may have made others of these names; what it still has is found again.
        vm->input.reset();
        vm->output.reset();
        static_cast<void>(open_devices(*vm).ok());
    }
}

void VmRegistry::forget_devices(const std::vector<std::string>& names, const VmConfig* now) {
    const auto wanted = now == nullptr ? std::vector<std::string>() : device_names(*now);
    for (const std::string& name : names) {
        if (std::find(wanted.begin(), wanted.end(), name) == wanted.end() && holder_ != nullptr) {
            holder_->forget(name);
        }
    }
}

void VmRegistry::forget_other_devices() const {
    std::vector<std::string> wanted;
    for (const auto& [name, vm] : vms_) {
        const auto names = device_names(vm->config);
        wanted.insert(wanted.end(), names.begin(), names.end());
    }
    if (holder_ != nullptr) {
        holder_->forget_all_but(wanted);
    }
}

void VmRegistry::lose(const SharedRegion& device) {
    for (const auto& [name, vm] : vms_) {
        if (vm->input.get() == &device || vm->output.get() == &device) {
            vm->input.reset();
            vm->output.reset();
        }
    }
}

Result<void> VmRegistry::change(VmConfig config, bool keep, bool as_default,
                                std::vector<std::string>& made) {
    const std::string name = config.name;
    MRDA_TRY(insert(std::move(config), keep));
    Vm& vm = *vms_.at(name);
    MRDA_TRY(open_devices(vm, made));
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
    vm->holder = holder_;
    const bool same_paths = config.in_device_path == vm->config.in_device_path &&
                            config.out_device_path == vm->config.out_device_path;
    // A file keeps its size, whatever is configured.
    if (!same_paths || (config.in_device_path.empty() && !same_devices(config, vm->config))) {
        vm->input.reset();
        vm->output.reset();
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
        return no_vm(name);
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
        return no_vm(name);
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
    for (const std::string& device : device_names(vm.mapped()->config)) {
        if (holder_ != nullptr) {
            holder_->forget(device, true);
        }
    }
    if (chosen == name && heir == nullptr) {
        ::unlink(default_path().c_str());
        ::unlink(default_token_path().c_str());
    }
    return {};
}

FileText VmRegistry::list_file() const {
    std::vector<VmConfig> configs;
    for (const auto& [name, vm] : vms_) {
        if (kept_.at(name)) {
            configs.push_back(vm->config);
        }
    }
    return {state_dir_ + "/vms.json", vm_list_text(configs)};
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

}  // namespace mrda::service
