// SPDX-License-Identifier: MIT
#include <pwd.h>
#include <unistd.h>

#include <bit>
#include <cstdint>

#include "mrda/ivshmem/session_layout.h"
#include "print.h"
#include "private_dir.h"
#include "text.h"

namespace mrda::ctl {

namespace {

using nlohmann::ordered_json;

/// Of its devices, as they are. None: it has no devices, or they cannot be had.
std::vector<std::uint64_t> device_bytes(const v1::Vm& vm) {
    std::vector<std::uint64_t> sizes;
    for (const v1::VmDevice& device : vm.shown_devices()) {
        sizes.push_back(device.size_bytes());
    }
    return sizes;
}

std::string memory_text(const v1::Vm& vm) {
    std::string text;
    for (const std::uint64_t size : device_bytes(vm)) {
        text += (text.empty() ? "" : " + ") + std::to_string(size);
    }
    return text.empty() ? std::to_string(vm.memory_bytes()) : text;
}

/// What was asked of device `index`, in whole pages, which a region has.
std::uint64_t asked_bytes(const v1::Vm& vm, int index) {
    const bool other = index == 1 && vm.out_memory_bytes() != 0;
    const std::uint64_t asked = other ? vm.out_memory_bytes() : vm.memory_bytes();
    return (asked + ivshmem::kPageBytes - 1) / ivshmem::kPageBytes * ivshmem::kPageBytes;
}

std::string devices_text(const v1::Vm& vm) {
    return std::to_string(vm.devices()) + (vm.refused().empty() ? "" : " (refused)");
}

/// Whether that is who runs this.
bool is_this_user(const std::string& user) {
    const passwd* const found = ::getpwuid(::geteuid());
    return user == std::to_string(::geteuid()) || (found != nullptr && user == found->pw_name);
}

std::string file_notice(const v1::VmDevice& device, std::uint64_t asked) {
    const std::string size = std::to_string(device.size_bytes()) + " bytes";
    std::string text;
    if (device.size_bytes() != asked) {
        text = device.path() + " was there, and keeps its " + size;
    }
    if (!std::has_single_bit(device.size_bytes())) {
        text += text.empty() ? device.path() + " has " + size : "";
        text += ": no power of two, as a virtual machine's device is";
    }
    return text;
}

/// What one might not expect of it.
std::vector<std::string> notices_of(const v1::AddVmReply& reply, const std::string& runtime_dir) {
    const v1::Vm& vm = reply.vm();
    const auto closed = service::absolute_dir(runtime_dir);
    std::vector<std::string> notices;
    for (int i = 0; i < vm.shown_devices_size(); ++i) {
        const v1::VmDevice& device = vm.shown_devices(i);
        if (!device.path().empty()) {
            notices.push_back(file_notice(device, asked_bytes(vm, i)));
        } else if (!vm.qemu_user().empty() && !is_this_user(vm.qemu_user()) && closed.ok() &&
                   service::lies_in(device.socket_path(), *closed)) {
            notices.push_back("user " + vm.qemu_user() + " cannot come to " + device.socket_path() +
                              ": the runtime folder is closed to others; start the service with "
                              "--socket-dir");
        }
    }
    if (!vm.refused().empty()) {
        notices.push_back("its devices cannot be had: " + vm.refused());
    }
    std::erase(notices, "");
    return notices;
}

/// All that it is to have, as what was not said is the default.
std::string summary(const v1::Vm& vm) {
    const std::string devices = !vm.in_device_path().empty() ? "devices in files"
                                : vm.devices() == 0          ? "no device"
                                                    : std::to_string(vm.devices()) + " device" +
                                                          (vm.devices() == 1 ? "" : "s");
    return "it has " + devices + ", " + memory_text(vm) + " bytes, and at most " +
           std::to_string(vm.max_sessions()) + " sessions at once\n";
}

}  // namespace

std::string Printer::vms(const v1::ListVmsReply& reply) const {
    if (json) {
        ordered_json list = ordered_json::array();
        for (const v1::Vm& vm : reply.vms()) {
            list.push_back({{"name", vm.name()},
                            {"default", vm.is_default()},
                            {"memory_bytes", vm.memory_bytes()},
                            {"out_memory_bytes", vm.out_memory_bytes()},
                            {"device_bytes", device_bytes(vm)},
                            {"refused", vm.refused()},
                            {"in_device", vm.in_device_path()},
                            {"out_device", vm.out_device_path()},
                            {"devices", vm.devices()},
                            {"vectors", vm.vectors()},
                            {"qemu_user", vm.qemu_user()},
                            {"max_sessions", vm.max_sessions()},
                            {"max_creates_per_second", vm.max_creates_per_second()},
                            {"max_pixels_per_second", vm.max_pixels_per_second()}});
        }
        return dump(list);
    }
    std::vector<std::vector<std::string>> rows{{"NAME", "DEFAULT", "MEMORY", "SESSIONS", "PIXELS/S",
                                                "DEVICES", "IN DEVICE", "OUT DEVICE"}};
    for (const v1::Vm& vm : reply.vms()) {
        rows.push_back({vm.name(), vm.is_default() ? "yes" : "-", memory_text(vm),
                        std::to_string(vm.max_sessions()),
                        std::to_string(vm.max_pixels_per_second()), devices_text(vm),
                        vm.in_device_path().empty() ? "-" : vm.in_device_path(),
                        vm.out_device_path().empty() ? "-" : vm.out_device_path()});
    }
    return table(rows);
}

std::string Printer::vm_added(const std::string& name, const v1::AddVmReply& reply,
                              const std::string& runtime_dir) const {
    const v1::Vm& vm = reply.vm();
    const std::vector<std::string> notices = notices_of(reply, runtime_dir);
    if (json) {
        return dump({{"name", name},
                     {"replaced", reply.replaced()},
                     {"token_file", reply.token_path()},
                     {"device_bytes", device_bytes(vm)},
                     {"notices", notices}});
    }
    std::string text = "VM " + name;
    text += reply.replaced() ? " was there, and is now as said; its guests go on showing"
                             : ": its guests show";
    text += " the token in " + reply.token_path() +
            " (MRDA_TOKEN_FILE);\nguests of this user that name none are this VM's from now on\n" +
            (reply.replaced() ? summary(vm) : "");
    for (const std::string& notice : notices) {
        text += notice + "\n";
    }
    if (vm.shown_devices_size() > 0) {
        text += "how QEMU gets its devices: mrdactl vm show " + name + "\n";
    }
    return text;
}

std::string Printer::vm_removed(const std::string& name, const v1::RemoveVmReply& reply) const {
    if (json) {
        ordered_json files = ordered_json::array();
        for (const std::string& file : reply.files()) {
            files.push_back(file);
        }
        return dump({{"name", name}, {"files", files}});
    }
    std::string text = "VM " + name + " is removed, and its sessions are stopped\n";
    for (const std::string& file : reply.files()) {
        text += "its device's file stays: " + file + "\n";
    }
    return text;
}

}  // namespace mrda::ctl
