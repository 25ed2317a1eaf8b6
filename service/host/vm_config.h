// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/result.h"

namespace mrda::service {

/// What an administrator said of a VM.
struct VmConfig {
    std::string name;
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;
    std::string in_device_path;  ///< Empty: a memfd of the service's own.
    std::string out_device_path;
    std::uint64_t out_memory_bytes = 0;  ///< 0: as memory_bytes.
    /// IVSHMEM doorbell devices that its machine has: none, one for both directions, or in and out.
    std::uint32_t devices = 0;
    std::uint32_t vectors = 16;  ///< Of each device.
    std::string qemu_user;       ///< Who runs its machine, by name or number; empty: this user.
    std::uint32_t max_sessions = 16;
    std::uint32_t max_creates_per_second = 20;
    /// As many as a GPU takes, so it parts no VMs from each other until it is set.
    std::uint64_t max_pixels_per_second = std::uint64_t{3840} * 2160 * 240;
};

/// Errors: invalid_argument (name, paths, devices and their sizes, a limit of 0). Users and files
/// are looked at when they are needed.
Result<void> check_vm_config(const VmConfig& config);

/// Its devices have the same memory and doorbells.
bool same_devices(const VmConfig& a, const VmConfig& b);
/// The names of its doorbell devices' regions: input first. None where it has none.
std::vector<std::string> device_names(const VmConfig& config);
std::uint64_t out_size_bytes(const VmConfig& config);

/// All that are kept, and back. Those that an older service wrote are read, too.
/// Errors: corrupt, saying where.
std::string vm_list_text(const std::vector<VmConfig>& configs);
Result<std::vector<VmConfig>> parse_vm_list(std::string_view text);

}  // namespace mrda::service
