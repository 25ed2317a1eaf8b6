// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "doctor.h"
#include "mrda/v1/admin.pb.h"
#include "region_size.h"
#include "vm_devices.h"

namespace mrda::ctl {

/// Text for people, or one JSON value for programs.
struct Printer {
    bool json = false;

    [[nodiscard]] std::string findings(const std::vector<Finding>& findings) const;
    [[nodiscard]] std::string size(const RegionSize& size) const;
    [[nodiscard]] std::string vms(const v1::ListVmsReply& reply) const;
    /// `runtime_dir`: the service's.
    [[nodiscard]] std::string vm_added(const std::string& name, const v1::AddVmReply& reply,
                                       const std::string& runtime_dir) const;
    [[nodiscard]] std::string vm_removed(const std::string& name,
                                         const v1::RemoveVmReply& reply) const;
    /// What the VM is, and how QEMU and libvirt are given its devices.
    [[nodiscard]] std::string vm(const v1::Vm& vm, const std::vector<VmDevice>& devices) const;
    [[nodiscard]] std::string sessions(const v1::ListReply& reply) const;
    /// `with_load`: a service said it, which knows what runs on each.
    [[nodiscard]] std::string plugins(const v1::ListPluginsReply& reply, bool with_load) const;
    [[nodiscard]] std::string resources(const v1::ResourcesReply& reply) const;
};

}  // namespace mrda::ctl
