// SPDX-License-Identifier: MIT
#include "vm_config.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "mrda/ivshmem/doorbell_server.h"

namespace mrda::service {

namespace {

using nlohmann::json;

/// Smaller ones have no room for a session.
constexpr std::uint64_t kLeastDeviceBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMostDeviceBytes = std::uint64_t{1} << 40;

bool is_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Error wrong(const VmConfig& config, const std::string& what) {
    return make_error(Errc::invalid_argument, "VM " + config.name + ": " + what);
}

Result<void> check_paths(const VmConfig& config) {
    for (const std::string* path : {&config.in_device_path, &config.out_device_path}) {
        if (!path->empty() && path->front() != '/') {
            return wrong(config, "device path \"" + *path + "\" must begin with /");
        }
    }
    if (config.in_device_path.empty() != config.out_device_path.empty()) {
        return wrong(config, "give both device paths (they may be the same), or none");
    }
    return {};
}

/// PCI's rule, and QEMU's: a BAR is a power of two.
Result<void> check_device_size(const VmConfig& config, std::uint64_t size_bytes) {
    if (std::has_single_bit(size_bytes) && size_bytes >= kLeastDeviceBytes &&
        size_bytes <= kMostDeviceBytes) {
        return {};
    }
    const std::uint64_t next_bytes = std::clamp(
        std::bit_ceil(std::min(size_bytes, kMostDeviceBytes)), kLeastDeviceBytes, kMostDeviceBytes);
    return wrong(config, "a device of " + std::to_string(size_bytes) +
                             " bytes; devices are powers of two from 1 MiB to 1 TiB: take " +
                             std::to_string(next_bytes) + " (" + std::to_string(next_bytes >> 20U) +
                             " MiB)");
}

Result<void> check_devices(const VmConfig& config) {
    if (config.devices > 2) {
        return wrong(config, std::to_string(config.devices) +
                                 " devices; there is one for both directions, or two");
    }
    if (config.devices == 0) {
        return {};
    }
    if (!config.in_device_path.empty()) {
        return wrong(config,
                     "devices with doorbells have memory of their own; name device paths or a "
                     "number of devices, not both");
    }
    if (config.vectors == 0 || config.vectors > ivshmem::kMaxVectors) {
        return wrong(config, std::to_string(config.vectors) + " vectors; 1 to " +
                                 std::to_string(ivshmem::kMaxVectors) + " can be");
    }
    MRDA_TRY(check_device_size(config, config.memory_bytes));
    if (config.devices == 2) {
        MRDA_TRY(check_device_size(config, out_size_bytes(config)));
    }
    return {};
}

json to_json(const VmConfig& config) {
    return {{"name", config.name},
            {"memory_bytes", config.memory_bytes},
            {"in_device_path", config.in_device_path},
            {"out_device_path", config.out_device_path},
            {"out_memory_bytes", config.out_memory_bytes},
            {"devices", config.devices},
            {"vectors", config.vectors},
            {"qemu_user", config.qemu_user},
            {"max_sessions", config.max_sessions},
            {"max_creates_per_second", config.max_creates_per_second},
            {"max_pixels_per_second", config.max_pixels_per_second}};
}

VmConfig config_from(const json& object) {
    VmConfig config;
    config.name = object.at("name").get<std::string>();
    config.memory_bytes = object.at("memory_bytes").get<std::uint64_t>();
    config.in_device_path = object.at("in_device_path").get<std::string>();
    config.out_device_path = object.at("out_device_path").get<std::string>();
    config.out_memory_bytes = object.at("out_memory_bytes").get<std::uint64_t>();
    config.devices = object.value("devices", config.devices);
    config.vectors = object.value("vectors", config.vectors);
    config.qemu_user = object.value("qemu_user", config.qemu_user);
    config.max_sessions = object.at("max_sessions").get<std::uint32_t>();
    config.max_creates_per_second = object.at("max_creates_per_second").get<std::uint32_t>();
    config.max_pixels_per_second = object.at("max_pixels_per_second").get<std::uint64_t>();
    return config;
}

}  // namespace

Result<void> check_vm_config(const VmConfig& config) {
    if (!is_name(config.name)) {
        return make_error(
            Errc::invalid_argument,
            "VM \"" + config.name + "\": names have up to 64 letters a-z, digits, _ and -");
    }
    MRDA_TRY(check_paths(config));
    MRDA_TRY(check_devices(config));
    if (config.memory_bytes == 0 || config.max_sessions == 0 ||
        config.max_creates_per_second == 0 || config.max_pixels_per_second == 0) {
        return wrong(config, "a limit of 0");
    }
    return {};
}

bool same_devices(const VmConfig& a, const VmConfig& b) {
    return a.devices == b.devices && a.memory_bytes == b.memory_bytes &&
           out_size_bytes(a) == out_size_bytes(b) && a.vectors == b.vectors &&
           a.qemu_user == b.qemu_user && a.in_device_path == b.in_device_path &&
           a.out_device_path == b.out_device_path;
}

std::vector<std::string> device_names(const VmConfig& config) {
    if (config.devices == 2) {
        return {config.name + ".in", config.name + ".out"};
    }
    return config.devices == 1 ? std::vector{config.name} : std::vector<std::string>();
}

std::uint64_t out_size_bytes(const VmConfig& config) {
    return config.out_memory_bytes == 0 ? config.memory_bytes : config.out_memory_bytes;
}

std::string vm_list_text(const std::vector<VmConfig>& configs) {
    json list = json::array();
    for (const VmConfig& config : configs) {
        list.push_back(to_json(config));
    }
    return list.dump(2) + "\n";
}

Result<std::vector<VmConfig>> parse_vm_list(std::string_view text) {
    std::vector<VmConfig> configs;
    try {
        for (const json& vm : json::parse(text)) {
            configs.push_back(config_from(vm));
        }
    } catch (const json::exception& wrong_text) {
        return make_error(Errc::corrupt, wrong_text.what());
    }
    return configs;
}

}  // namespace mrda::service
