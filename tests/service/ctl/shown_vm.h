// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "mrda/v1/admin.pb.h"

namespace mrda::ctl {

/// A VM as the service tells of it.
inline v1::Vm shown_vm() {
    v1::Vm vm;
    vm.set_name("vm1");
    vm.set_memory_bytes(std::uint64_t{64} << 20U);
    return vm;
}

inline v1::VmDevice& add_doorbell(v1::Vm& vm, const std::string& name) {
    v1::VmDevice& device = *vm.add_shown_devices();
    device.set_name(name);
    device.set_size_bytes(std::uint64_t{64} << 20U);
    device.set_socket_path("/run/mrda/vm/" + name + ".sock");
    device.set_vectors(16);
    device.set_machine(v1::MACHINE_STATE_NONE);
    return device;
}

inline v1::VmDevice& add_file(v1::Vm& vm, const std::string& path) {
    v1::VmDevice& device = *vm.add_shown_devices();
    device.set_name("vm1");
    device.set_size_bytes(std::uint64_t{1} << 20U);
    device.set_path(path);
    return device;
}

}  // namespace mrda::ctl
