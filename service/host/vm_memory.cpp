// SPDX-License-Identifier: MIT
#include "vm_memory.h"

#include <utility>

#include "user_id.h"

namespace mrda::service {

namespace {

/// Files that the configuration names.
Result<SessionRegions> open_files(const Vm& vm) {
    const VmConfig& config = vm.config;
    const bool one = config.out_device_path == config.in_device_path;
    SessionRegions opened;
    MRDA_ASSIGN(opened.input, vm.device_files->open(config.in_device_path, config.memory_bytes,
                                                    config.name, config.name + (one ? "" : ".in")));
    opened.output = opened.input;
    if (!one) {
        MRDA_ASSIGN(opened.output,
                    vm.device_files->open(config.out_device_path, out_size_bytes(config),
                                          config.name, config.name + ".out"));
    }
    return opened;
}

/// Memory and doorbells that outlive this service.
Result<std::shared_ptr<SharedRegion>> keep_device(const Vm& vm,
                                                  const DoorbellHolder::Device& device,
                                                  std::vector<std::string>& made) {
    bool is_new = false;
    auto kept = vm.holder->keep(device, &is_new);
    if (is_new) {
        made.push_back(device.name);
    }
    return kept;
}

Result<SessionRegions> keep_devices(const Vm& vm, std::vector<std::string>& made) {
    const VmConfig& config = vm.config;
    if (vm.holder == nullptr) {
        return make_error(Errc::unsupported,
                          "VM " + config.name + ": without mrda-doorbell there are no devices");
    }
    DoorbellHolder::Device device{
        .vm = config.name, .size_bytes = config.memory_bytes, .vectors = config.vectors};
    MRDA_ASSIGN(device.user, user_id(config.qemu_user));
    const std::vector<std::string> names = device_names(config);
    SessionRegions kept;
    device.name = names.front();
    MRDA_ASSIGN(kept.input, keep_device(vm, device, made));
    kept.output = kept.input;
    if (names.size() == 2) {
        device.name = names.back();
        device.size_bytes = out_size_bytes(config);
        MRDA_ASSIGN(kept.output, keep_device(vm, device, made));
    }
    return kept;
}

}  // namespace

Result<void> open_devices(Vm& vm, std::vector<std::string>& made) {
    const bool files = !vm.config.in_device_path.empty();
    if (vm.input != nullptr || (!files && vm.config.devices == 0)) {
        return {};
    }
    MRDA_ASSIGN(SessionRegions opened, files ? open_files(vm) : keep_devices(vm, made));
    vm.input = std::move(opened.input);
    vm.output = std::move(opened.output);
    return {};
}

Result<void> open_devices(Vm& vm) {
    std::vector<std::string> ignored;
    return open_devices(vm, ignored);
}

Result<void> check_no_machine(const Vm& vm) {
    for (const auto& device : {vm.input, vm.output}) {
        if (device != nullptr && device->doorbells != nullptr &&
            (device->doorbells->connected || device->doorbells->claimed)) {
            return make_error(Errc::busy, "VM " + vm.config.name +
                                              ": its devices cannot change while a machine has " +
                                              device->name + "; shut it down first");
        }
    }
    return {};
}

Result<SessionRegions> regions_of(Vm& vm, const std::string& in_path, const std::string& out_path) {
    const bool named = !in_path.empty() || !out_path.empty();
    if (!named && vm.config.in_device_path.empty() && vm.config.devices == 0) {
        if (vm.memfd == nullptr) {
            MRDA_ASSIGN(
                ivshmem::Region region,
                ivshmem::Region::create_memfd("mrda-" + vm.config.name, vm.config.memory_bytes));
            MRDA_ASSIGN(vm.memfd,
                        SharedRegion::make(std::move(region), "", vm.config.name, vm.config.name));
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
    MRDA_TRY(open_devices(vm));
    return SessionRegions{vm.input, vm.output};
}

}  // namespace mrda::service
