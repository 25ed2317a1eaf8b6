// SPDX-License-Identifier: MIT
#include "tree.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace mrda::stub {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVendor = "8086";
constexpr std::uint16_t kSubsystem = 0x2212;

void write(const fs::path& file, const std::string& text) {
    std::ofstream out(file);
    out.exceptions(std::ios::failbit | std::ios::badbit);
    out << text;
}

std::string hex(unsigned value, int digits, bool capital = false) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), capital ? "%0*X" : "%0*x", digits, value);
    return text.data();
}

void link(const fs::path& to, const fs::path& at) {
    fs::create_directories(at.parent_path());
    fs::create_symlink(to, at);
}

/// PCI's configuration space: identity, class, revision.
std::string configuration(const DeviceKind& kind) {
    std::string bytes(256, '\0');
    const auto put = [&](std::size_t at, unsigned value) {
        bytes[at] = static_cast<char>(value & 0xff);
        bytes[at + 1] = static_cast<char>(value >> 8);
    };
    put(0x00, 0x8086);
    put(0x02, kind.pci_id);
    put(0x04, 0x0007);
    put(0x08, kind.revision);
    put(0x0a, 0x0300);
    put(0x2c, 0x8086);
    put(0x2e, kSubsystem);
    return bytes;
}

void make_function(const fs::path& root, const fs::path& function, const Device& device) {
    const DeviceKind& kind = *device.kind;
    const std::string driver = name_of(kind.driver);
    fs::create_directories(root / function.relative_path());
    const fs::path at = root / function.relative_path();
    write(at / "vendor", "0x" + std::string(kVendor) + "\n");
    write(at / "device", "0x" + hex(kind.pci_id, 4) + "\n");
    write(at / "subsystem_vendor", "0x" + std::string(kVendor) + "\n");
    write(at / "subsystem_device", "0x" + hex(kSubsystem, 4) + "\n");
    write(at / "revision", "0x" + hex(kind.revision, 2) + "\n");
    write(at / "class", "0x030000\n");
    write(at / "numa_node", "-1\n");
    write(at / "uevent",
          "DRIVER=" + driver + "\nPCI_CLASS=30000\nPCI_ID=" + std::string(kVendor) + ":" +
              hex(kind.pci_id, 4, true) + "\nPCI_SUBSYS_ID=" + std::string(kVendor) + ":" +
              hex(kSubsystem, 4, true) + "\nPCI_SLOT_NAME=" + device.pci_address + "\n");
    write(at / "config", configuration(kind));
    fs::create_directories(root / "sys/bus/pci/drivers" / driver);
    link("../../../bus/pci", at / "subsystem");
    link("../../../bus/pci/drivers/" + driver, at / "driver");
    link("../../.." + function.string().substr(4),
         root / "sys/bus/pci/devices" / device.pci_address);
}

void make_node(const fs::path& root, const fs::path& function, const std::string& name, int minor) {
    const fs::path at = root / function.relative_path() / "drm" / name;
    fs::create_directories(at);
    const std::string number = "226:" + std::to_string(minor);
    write(root / "dev/dri" / name, "");
    link("../../../" + function.filename().string(), at / "device");
    write(at / "dev", number + "\n");
    write(at / "uevent", "MAJOR=226\nMINOR=" + std::to_string(minor) + "\nDEVNAME=dri/" + name +
                             "\nDEVTYPE=drm_minor\n");
    const std::string within = function.string().substr(4) + "/drm/" + name;
    link("../.." + within, root / "sys/dev/char" / number);
    link("../.." + within, root / "sys/class/drm" / name);
}

/// What Sysman reads where there is one tile.
void make_frequencies(const fs::path& card) {
    for (const std::string_view kind : {"min", "max", "cur", "boost", "act", "RP0", "RP1", "RPn"}) {
        write(card / ("gt_" + std::string(kind) + "_freq_mhz"), "1300\n");
    }
}

}  // namespace

void make_tree(const fs::path& root, std::span<const Device> devices) {
    fs::create_directories(root / "dev/dri/by-path");
    fs::create_directories(root / "sys/class/drm");
    write(root / "objects", std::string(4096, '\0'));
    for (const Device& device : devices) {
        const fs::path function = "/sys/devices/pci0000:00/" + device.pci_address;
        const std::string render = "renderD" + std::to_string(device.render_minor());
        const std::string card = "card" + std::to_string(device.index);
        make_function(root, function, device);
        make_node(root, function, render, device.render_minor());
        make_node(root, function, card, device.index);
        make_frequencies(root / function.relative_path() / "drm" / card);
        link("../" + render, root / "dev/dri/by-path" / ("pci-" + device.pci_address + "-render"));
        link("../" + card, root / "dev/dri/by-path" / ("pci-" + device.pci_address + "-card"));
    }
}

}  // namespace mrda::stub
