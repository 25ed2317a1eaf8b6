// SPDX-License-Identifier: MIT
#include "vm_devices.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace mrda::ctl {

namespace {

using nlohmann::ordered_json;

constexpr std::uint32_t kLastSlot = 31;

std::string hex(std::uint32_t value) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%02x", value);
    return text;
}

/// A comma would begin QEMU's next option.
std::string option(const std::string& value) {
    std::string text;
    for (const char c : value) {
        text += c;
        text += c == ',' ? "," : "";
    }
    return text;
}

std::string xml(const std::string& value) {
    std::string text;
    for (const char c : value) {
        switch (c) {
            case '&':
                text += "&amp;";
                break;
            case '<':
                text += "&lt;";
                break;
            case '\'':
                text += "&apos;";
                break;
            default:
                text += c;
        }
    }
    return text;
}

std::string command(const char* name, ordered_json arguments) {
    return ordered_json({{"execute", name}, {"arguments", std::move(arguments)}})
        .dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string chardev_text(const VmDevice& device) {
    return "socket,id=" + device.id + "-socket,path=" + option(device.told.socket_path());
}

std::string memory_text(const VmDevice& device, const std::string& path) {
    return "memory-backend-file,id=" + device.id + "-memory,share=on,mem-path=" + option(path) +
           ",size=" + std::to_string(device.told.size_bytes());
}

std::string doorbell_text(const VmDevice& device) {
    return "ivshmem-doorbell,id=" + device.id + ",chardev=" + device.id +
           "-socket,vectors=" + std::to_string(device.told.vectors());
}

std::string plain_text(const VmDevice& device) {
    return "ivshmem-plain,id=" + device.id + ",memdev=" + device.id + "-memory";
}

HotPlug plug_file(const VmDevice& device, const std::string& bus) {
    const std::string memory = device.id + "-memory";
    return {.qmp_plug = {command("object-add", {{"qom-type", "memory-backend-file"},
                                                {"id", memory},
                                                {"share", true},
                                                {"mem-path", device.told.path()},
                                                {"size", device.told.size_bytes()}}),
                         command("device_add", {{"driver", "ivshmem-plain"},
                                                {"id", device.id},
                                                {"memdev", memory},
                                                {"bus", bus}})},
            .qmp_unplug = {command("device_del", {{"id", device.id}}),
                           command("object-del", {{"id", memory}})},
            .hmp_plug = {"object_add " + memory_text(device, device.told.path()),
                         "device_add " + plain_text(device) + ",bus=" + bus},
            .hmp_unplug = {"device_del " + device.id, "object_del " + memory}};
}

HotPlug plug_doorbell(const VmDevice& device, const std::string& bus) {
    const std::string socket = device.id + "-socket";
    const ordered_json address{{"type", "unix"}, {"data", {{"path", device.told.socket_path()}}}};
    return {
        .qmp_plug = {command("chardev-add", {{"id", socket},
                                             {"backend",
                                              {{"type", "socket"},
                                               {"data", {{"addr", address}, {"server", false}}}}}}),
                     command("device_add", {{"driver", "ivshmem-doorbell"},
                                            {"id", device.id},
                                            {"chardev", socket},
                                            {"vectors", device.told.vectors()},
                                            {"bus", bus}})},
        .qmp_unplug = {command("device_del", {{"id", device.id}}),
                       command("chardev-remove", {{"id", socket}})},
        .hmp_plug = {"chardev-add " + chardev_text(device),
                     "device_add " + doorbell_text(device) + ",bus=" + bus},
        .hmp_unplug = {"device_del " + device.id, "chardev-remove " + socket}};
}

}  // namespace

std::string VmDevice::pci_address() const {
    char text[24];
    std::snprintf(text, sizeof text, "0000:00:%02x.0", slot);
    return text;
}

Result<std::vector<VmDevice>> devices_of(const v1::Vm& vm, const Slots& slots) {
    if (!vm.refused().empty()) {
        return make_error(Errc::not_found,
                          "VM " + vm.name() + "'s devices cannot be had now: " + vm.refused());
    }
    for (const std::uint32_t slot : {slots.in, slots.out}) {
        if (slot == 0 || slot > kLastSlot) {
            return make_error(
                Errc::invalid_argument,
                "PCI slot " + hex(slot) + "; a bus has those from 0x01 to " + hex(kLastSlot));
        }
    }
    std::vector<VmDevice> devices;
    for (const v1::VmDevice& told : vm.shown_devices()) {
        devices.push_back({told, "mrda-" + told.name(), devices.empty() ? slots.in : slots.out});
    }
    if (devices.size() == 2 && slots.in == slots.out) {
        return make_error(Errc::invalid_argument,
                          "VM " + vm.name() +
                              " has two devices, and both cannot stand in PCI slot " +
                              hex(slots.in) + "; give --out-slot another");
    }
    return devices;
}

std::vector<std::string> doorbell_arguments(const VmDevice& device) {
    return {"-chardev", chardev_text(device), "-device",
            doorbell_text(device) + ",addr=" + hex(device.slot)};
}

std::vector<std::string> plain_arguments(const VmDevice& device, const std::string& memory_path) {
    return {"-object", memory_text(device, memory_path), "-device",
            plain_text(device) + ",addr=" + hex(device.slot)};
}

std::string libvirt_xml(const VmDevice& device) {
    const std::string folder = "/dev/shm/";
    const std::string& path = device.told.path();
    // libvirt makes the path of the name.
    const std::string name =
        device.is_file() ? path.substr(std::min(folder.size(), path.size())) : device.told.name();
    if (device.is_file() && (path != folder + name || name.find('/') != std::string::npos)) {
        return {};
    }
    std::string text = "<shmem name='" + xml(name) + "'>\n  <model type='ivshmem-" +
                       (device.is_file() ? "plain" : "doorbell") + "'/>\n";
    if (device.is_file()) {
        text += "  <size unit='M'>" + std::to_string(device.told.size_bytes() >> 20U) + "</size>\n";
    } else {
        // Without a size: the server tells it, and libvirt refuses another word on it.
        text += "  <server path='" + xml(device.told.socket_path()) + "'/>\n  <msi vectors='" +
                std::to_string(device.told.vectors()) + "' ioeventfd='on'/>\n";
    }
    return text + "  <address type='pci' domain='0x0000' bus='0x00' slot='" + hex(device.slot) +
           "' function='0x0'/>\n</shmem>\n";
}

HotPlug hot_plug(const VmDevice& device, const std::string& bus) {
    return device.is_file() ? plug_file(device, bus) : plug_doorbell(device, bus);
}

}  // namespace mrda::ctl
