// SPDX-License-Identifier: MIT
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/pci_address.h"
#include "mrda/ivshmem/pci_device.h"
#include "mrda/ivshmem/region_header.h"

namespace mrda::ivshmem::test {

/// Folders like those of sysfs, with files in the place of IVSHMEM devices. The caller's `paths_`.
class PciFolders {
  public:
    PciFolders() {
        char name[] = "/dev/shm/mrda_pci_folders_XXXXXX";
        paths_.devices = ::mkdtemp(name) == nullptr ? "/nowhere" : name;
    }
    ~PciFolders() { std::filesystem::remove_all(paths_.devices); }
    PciFolders(const PciFolders&) = delete;
    PciFolders& operator=(const PciFolders&) = delete;

    [[nodiscard]] const PciPaths& paths() const { return paths_; }
    [[nodiscard]] std::string path(const std::string& name) const {
        return paths_.devices + "/" + name;
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name)) << text;
    }
    void resize(const std::string& name, std::uint64_t size_bytes) const {
        std::ofstream(path(name)).close();
        std::filesystem::resize_file(path(name), size_bytes);
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }

    /// Without doorbells (ivshmem-plain).
    PciAddress add(const std::string& address, const char* device = "0x1110") const {
        std::filesystem::create_directory(path(address));
        write(address + "/vendor", "0x1af4\n");
        write(address + "/device", std::string(device) + "\n");
        write(address + "/enable", "0");
        write(address + "/resource", "0x00000000febf1100 0x00000000febf11ff 0x0000000000040200\n");
        resize(address + "/resource2", 1 << 20);
        return parse_pci_address(address).value();
    }
    /// One that was added gets registers.
    void add_doorbell(const std::string& address) const {
        resize(address + "/resource0", 4096);
        resize(address + "/resource1", 4096);
    }
    /// One that was added has this region.
    void introduce(const std::string& address, const std::string& name, const RegionId& id) const {
        const auto header = make_region_header(name, id, 1 << 20);
        std::fstream file(path(address + "/resource2"), std::ios::in | std::ios::out);
        file.write(reinterpret_cast<const char*>(&header), sizeof header);
    }
    void remove(const std::string& address) const { std::filesystem::remove_all(path(address)); }

  protected:
    PciPaths paths_;
};

}  // namespace mrda::ivshmem::test
