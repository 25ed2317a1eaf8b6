// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mrda/interop/platform.h"
#include "mrda/interop/result.h"
#include "resource_manager.h"
#include "vm_config.h"

namespace mrda::service {

struct TlsFiles {
    std::string certificate;
    std::string key;
    std::string client_ca;  ///< Who signs guests' certificates; their common name is their VM.
};

/// Everything that an operator can say: defaults, then the file, then the command line.
struct Config {
    std::string address;  ///< Beside the local socket; empty: none.
    std::string runtime_dir;
    std::string state_dir;
    std::string socket_dir;  ///< Of VMs' devices; empty: in runtime_dir.
    /// Absolute; a plugin comes from the first that has it. Empty: one, beside the software
    /// drivers.
    std::vector<std::string> plugin_dirs;
    std::string worker_program;  ///< Empty: beside this program.
    bool spare_worker = true;    ///< One is kept ready, so that a session starts sooner.
    /// Where a VM has devices and nobody keeps them: mrda-doorbell, beside this program.
    bool start_doorbell = true;
    PlatformRequest platform = PlatformRequest::automatic;
    std::string device;
    std::uint64_t lease_ms = 10'000;
    std::uint64_t drain_ms = 5'000;
    bool json_log = false;
    TlsFiles tls;
    ResourceLimits limits;
    std::vector<VmConfig> vms;
};

/// Errors: not_found, invalid_argument (naming file, line or key). A key that nobody knows is one.
Result<void> read_config_file(const std::string& path, Config& config);

/// Errors: invalid_argument with usage; the message of --help or --version comes as
/// end_of_stream.
Result<Config> parse_command_line(int argc, const char* const* argv);

/// Refuses what would be open to others: an address that is not loopback, without TLS.
/// Errors: invalid_argument.
Result<void> check_address(const Config& config);

}  // namespace mrda::service
