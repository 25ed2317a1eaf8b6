// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/v1/admin.pb.h"

namespace mrda::ctl {

/// Where a VM's devices stand on its first PCI bus.
struct Slots {
    std::uint32_t in = 0x10;
    std::uint32_t out = 0x11;
};

/// A device of a VM as QEMU is told of it.
struct VmDevice {
    v1::VmDevice told;
    std::string id;  ///< Of everything in QEMU that belongs to it.
    std::uint32_t slot = 0;

    /// A file; else a memfd, which is had through its socket, or by descriptor.
    [[nodiscard]] bool is_file() const { return !told.path().empty(); }
    [[nodiscard]] std::string pci_address() const;
};

/// Input first; none: the VM's memory is for processes of this host alone. Errors: what the service
/// said of them; invalid_argument (slots that cannot be).
Result<std::vector<VmDevice>> devices_of(const v1::Vm& vm, const Slots& slots);

/// For QEMU's command line. `memory_path`: what it is to open.
std::vector<std::string> doorbell_arguments(const VmDevice& device);
std::vector<std::string> plain_arguments(const VmDevice& device, const std::string& memory_path);

/// For a domain of libvirt's; empty: libvirt cannot map this file, as it lies in no /dev/shm.
std::string libvirt_xml(const VmDevice& device);

/// To plug it in, and to take it out again: for QMP, a line each, and for the human monitor.
/// `bus` names where it is plugged in.
struct HotPlug {
    std::vector<std::string> qmp_plug;
    std::vector<std::string> qmp_unplug;
    std::vector<std::string> hmp_plug;
    std::vector<std::string> hmp_unplug;
};
HotPlug hot_plug(const VmDevice& device, const std::string& bus);

}  // namespace mrda::ctl
