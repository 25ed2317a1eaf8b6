// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mrda/interop/pci_address.h"
#include "mrda/interop/result.h"

namespace mrda {

/// Whose drivers stand beneath the vendors' loaders.
enum class Platform : std::uint8_t { gpu, software };
/// What a user asks for.
enum class PlatformRequest : std::uint8_t { automatic, gpu, software };

Result<PlatformRequest> parse_platform(std::string_view text);
std::string_view to_string(Platform platform);

struct PlatformChoice {
    Platform platform = Platform::software;
    /// Why the GPU is not used: the node, what failed, the mend. Empty where it is used, or was not
    /// asked for. Show it to the user: falling back is never silent.
    std::string notice;
};

/// Settles the platform, and for software points the loaders at MRDA's drivers. `device` limits the
/// GPU to that address. Whether the GPU's whole chain works is asked of a child process,
/// mrda-probe, so a driver that crashes is a reason and not our end; waits for it at most 20 s.
/// Changes the environment: call before the first call into any vendor's library, and before any
/// thread is started. The loaders read their environment once. Errors: gpu asked for and not usable
/// (its reasons); not_found (the software drivers).
Result<PlatformChoice> choose_platform(PlatformRequest request,
                                       const std::optional<PciAddress>& device);

/// Where the software drivers are: MRDA_DRIVER_DIR, else beside the program, else where MRDA was
/// installed. Errors: not_found, naming the places.
Result<std::string> software_driver_dir();

/// Points the loaders at the software drivers; the warning at choose_platform holds here too.
Result<void> use_software_drivers();

/// Has libva say errors alone, where the environment does not say otherwise: Intel's runtime opens
/// displays of its own, and libva tells standard error five lines of each. choose_platform does it;
/// the warning there holds here too.
void quieten_libva();

/// The name of our VA driver, as LIBVA_DRIVER_NAME has it, and of our oneVPL runtime, as its
/// description has it.
inline constexpr const char* kSoftwareVaDriver = "mrda";
inline constexpr const char* kSoftwareVplName = "mrda-software";

}  // namespace mrda
