// SPDX-License-Identifier: MIT
#include <algorithm>

#include "print.h"
#include "text.h"

namespace mrda::ctl {

namespace {

using nlohmann::ordered_json;

/// On q35 the first bus takes none while the machine runs.
constexpr const char* kHotPlugBus = "ROOT_PORT";

std::string state_text(v1::MachineState state) {
    switch (state) {
        case v1::MACHINE_STATE_NONE:
            return "none";
        case v1::MACHINE_STATE_DOORBELL:
            return "doorbell";
        case v1::MACHINE_STATE_PLAIN:
            return "plain";
        default:
            return "unknown";
    }
}

/// As a shell reads it.
std::string shell(const std::string& word) {
    const auto harmless = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("_-+=.,:/@%").find(c) != std::string_view::npos;
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), harmless)) {
        return word;
    }
    std::string quoted = "'";
    for (const char c : word) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

std::vector<std::string> arguments_of(const VmDevice& device) {
    return device.is_file() ? plain_arguments(device, device.told.path())
                            : doorbell_arguments(device);
}

std::string where(const VmDevice& device) {
    return device.is_file() ? device.told.path() : device.told.socket_path();
}

ordered_json json_of(const VmDevice& device) {
    const HotPlug plug = hot_plug(device, kHotPlugBus);
    return {{"name", device.told.name()},
            {"size_bytes", device.told.size_bytes()},
            {"path", device.told.path()},
            {"socket_path", device.told.socket_path()},
            {"vectors", device.told.vectors()},
            {"machine", state_text(device.told.machine())},
            {"id", device.id},
            {"pci_address", device.pci_address()},
            {"qemu_arguments", arguments_of(device)},
            {"libvirt_xml", libvirt_xml(device)},
            {"qmp_plug", plug.qmp_plug},
            {"qmp_unplug", plug.qmp_unplug},
            {"hmp_plug", plug.hmp_plug},
            {"hmp_unplug", plug.hmp_unplug}};
}

std::string indented(const std::string& text) {
    std::string lines = "  ";
    for (std::size_t i = 0; i < text.size(); ++i) {
        lines += text[i];
        lines += text[i] == '\n' && i + 1 < text.size() ? "  " : "";
    }
    return lines;
}

std::string qemu_text(const std::vector<VmDevice>& devices) {
    std::string text;
    for (const VmDevice& device : devices) {
        const std::vector<std::string> arguments = arguments_of(device);
        for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
            text += "  " + arguments[i] + " " + shell(arguments[i + 1]) + " \\\n";
        }
    }
    return text.substr(0, text.size() - 3) + "\n";
}

std::string libvirt_text(const std::vector<VmDevice>& devices) {
    std::string text;
    for (const VmDevice& device : devices) {
        const std::string xml = libvirt_xml(device);
        text += xml.empty() ? "  (libvirt maps files that lie in /dev/shm itself: not " +
                                  device.told.path() + ")\n"
                            : indented(xml);
    }
    return text;
}

std::string plug_text(const std::vector<VmDevice>& devices, bool plug,
                      std::vector<std::string> HotPlug::*how) {
    std::vector<std::string> lines;
    for (const VmDevice& device : devices) {
        const HotPlug commands = hot_plug(device, kHotPlugBus);
        lines.insert(plug ? lines.end() : lines.begin(), (commands.*how).begin(),
                     (commands.*how).end());
    }
    std::string text;
    for (const std::string& line : lines) {
        text += "  " + line + "\n";
    }
    return text;
}

}  // namespace

std::string Printer::vm(const v1::Vm& vm, const std::vector<VmDevice>& devices) const {
    if (json) {
        ordered_json list = ordered_json::array();
        for (const VmDevice& device : devices) {
            list.push_back(json_of(device));
        }
        return dump({{"name", vm.name()}, {"qemu_user", vm.qemu_user()}, {"devices", list}});
    }
    if (devices.empty()) {
        return "VM " + vm.name() + " has " + std::to_string(vm.memory_bytes()) +
               " bytes for processes of this host, and no device. To give it one, beside what else "
               "it is to have:\n  mrdactl vm add " +
               vm.name() + " --devices 1 --memory " + std::to_string(vm.memory_bytes()) + "\n";
    }
    std::vector<std::vector<std::string>> rows{
        {"VM_NAME", "SIZE", "PATH", "ID", "PCI_ADDR", "MACHINE"}};
    for (const VmDevice& device : devices) {
        rows.push_back({vm.name(), std::to_string(device.told.size_bytes()), where(device),
                        device.id, device.pci_address(), state_text(device.told.machine())});
    }
    const bool file = devices.front().is_file();
    std::string text = table(rows);
    text += "\nQEMU, by itself (or: mrdactl vm run " + vm.name() +
            " -- qemu-system-x86_64 ...):\n" + qemu_text(devices);
    if (!file) {
        text +=
            "  With an emulated IOMMU (-device intel-iommu,intremap=on) the guest can be "
            "interrupted, through\n  vfio-pci; without one it is woken by gRPC. By memory alone, "
            "without doorbells:\n  mrdactl vm run " +
            vm.name() + " --plain -- qemu-system-x86_64 ...\n";
    }
    text +=
        "\nlibvirt, among a domain's <devices> (or: virsh attach-device DOMAIN FILE --live):\n" +
        libvirt_text(devices);
    text += std::string("\nWhile the machine runs, where ") + kHotPlugBus +
            " is a bus that takes it: on q35 a free -device pcie-root-port for each\ndevice, on pc "
            "pci.0. QMP:\n" +
            plug_text(devices, true, &HotPlug::qmp_plug) + "the monitor:\n" +
            plug_text(devices, true, &HotPlug::hmp_plug);
    text += "\nTo take it out; the second line once the guest has let go (DEVICE_DELETED). QMP:\n" +
            plug_text(devices, false, &HotPlug::qmp_unplug) + "the monitor:\n" +
            plug_text(devices, false, &HotPlug::hmp_unplug) +
            "libvirt:\n  virsh detach-device DOMAIN FILE --live\n";
    return text;
}

}  // namespace mrda::ctl
