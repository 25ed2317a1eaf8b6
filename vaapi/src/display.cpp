// SPDX-License-Identifier: MIT
#include "mrda/vaapi/display.h"

#include <fcntl.h>
#include <va/va_drm.h>
#include <va/va_drmcommon.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "software_display.h"
#include "va_error.h"
#include "verified_layouts.h"

namespace mrda::vaapi {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string(name) + " not set" : std::string(name) + "=" + value;
}

/// The VA_SURFACE_ATTRIB_MEM_TYPE_* bits that the surfaces of one config may have. Nothing: the
/// driver has no such config, or says nothing of memory types.
std::optional<std::uint32_t> memory_types_of(VADisplay display, VAProfile profile,
                                             VAEntrypoint entrypoint) {
    VAConfigID config = VA_INVALID_ID;
    if (vaCreateConfig(display, profile, entrypoint, nullptr, 0, &config) != VA_STATUS_SUCCESS) {
        return std::nullopt;
    }
    unsigned count = 0;
    VAStatus status = vaQuerySurfaceAttributes(display, config, nullptr, &count);
    std::vector<VASurfaceAttrib> attributes(count);
    if (status == VA_STATUS_SUCCESS) {
        status = vaQuerySurfaceAttributes(display, config, attributes.data(), &count);
    }
    vaDestroyConfig(display, config);
    if (status != VA_STATUS_SUCCESS) {
        return std::nullopt;
    }
    attributes.resize(count);
    std::optional<std::uint32_t> types;
    for (const VASurfaceAttrib& attribute : attributes) {
        if (attribute.type == VASurfaceAttribMemoryType) {
            types = types.value_or(0) | static_cast<std::uint32_t>(attribute.value.value.i);
        }
    }
    return types;
}

std::vector<VAProfile> profiles_of(VADisplay display) {
    std::vector<VAProfile> profiles(
        static_cast<std::size_t>(std::max(0, vaMaxNumProfiles(display))));
    int count = 0;
    const VAStatus status = vaQueryConfigProfiles(display, profiles.data(), &count);
    profiles.resize(status == VA_STATUS_SUCCESS ? static_cast<std::size_t>(count) : 0);
    return profiles;
}

std::vector<VAEntrypoint> entrypoints_of(VADisplay display, VAProfile profile) {
    std::vector<VAEntrypoint> entrypoints(
        static_cast<std::size_t>(std::max(0, vaMaxNumEntrypoints(display))));
    int count = 0;
    const VAStatus status = vaQueryConfigEntrypoints(display, profile, entrypoints.data(), &count);
    entrypoints.resize(status == VA_STATUS_SUCCESS ? static_cast<std::size_t>(count) : 0);
    return entrypoints;
}

/// Of video processing, which takes every memory type there is; of the first other config that
/// says something where the driver has no video processing.
std::optional<std::uint32_t> memory_types(VADisplay display) {
    auto types = memory_types_of(display, VAProfileNone, VAEntrypointVideoProc);
    if (types) {
        return types;
    }
    for (const VAProfile profile : profiles_of(display)) {
        for (const VAEntrypoint entrypoint : entrypoints_of(display, profile)) {
            types = memory_types_of(display, profile, entrypoint);
            if (types) {
                return types;
            }
        }
    }
    return std::nullopt;
}

/// Whoever chose the software platform has told libva so, in the only way that there is.
bool libva_has_software_driver() {
    const char* const driver = std::getenv("LIBVA_DRIVER_NAME");
    return driver != nullptr && std::string_view(driver) == kSoftwareVaDriver;
}

Result<RenderNode> node_of(const std::string& address) {
    if (address.empty()) {
        return default_render_node();
    }
    MRDA_ASSIGN(const PciAddress pci, parse_pci_address(address));
    return find_render_node(pci);
}

}  // namespace

void DisplayPolicy::close(Handle display) {
    vaTerminate(display);
}

// The display goes before the descriptor that it borrows.
Display& Display::operator=(Display&& other) noexcept {
    display_ = std::move(other.display_);
    node_fd_ = std::move(other.node_fd_);
    platform_ = other.platform_;
    node_ = std::move(other.node_);
    pci_ = other.pci_;
    vendor_ = std::move(other.vendor_);
    major_ = other.major_;
    minor_ = other.minor_;
    memory_types_ = other.memory_types_;
    verified_ = std::move(other.verified_);
    return *this;
}

Result<Display> Display::open(const RenderNode& node) {
    if (node.usable) {
        return make_error(Errc::permission_denied, *node.usable);
    }
    Fd fd(::open(node.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) {
        return os_error("open", errno, "cannot open " + node.path);
    }
    const VADisplay raw = vaGetDisplayDRM(fd.get());
    if (raw == nullptr) {
        return make_error(Errc::unsupported,
                          "libva takes " + node.path + " for no DRM render node");
    }
    MRDA_ASSIGN(Display display, initialise(raw, Platform::gpu, std::move(fd), node.path));
    display.pci_ = node.pci;
    return display;
}

Result<Display> Display::open_software() {
    MRDA_ASSIGN(const VADisplay raw, new_software_display(kSoftwareVaDriver));
    return initialise(raw, Platform::software, Fd(), "");
}

Result<Display> Display::open_at(const std::string& address) {
    if (address.empty() && libva_has_software_driver()) {
        return open_software();
    }
    MRDA_ASSIGN(const RenderNode node, node_of(address));
    return open(node);
}

Result<Display> Display::initialise(VADisplay raw, Platform platform, Fd node_fd,
                                    std::string node) {
    Display display;
    display.platform_ = platform;
    display.node_ = std::move(node);
    display.node_fd_ = std::move(node_fd);
    display.display_.reset(raw);
    // libva prints what our errors say once, with the mend. Not null, which its documents
    // allow: 2.17 calls through it when a driver reports something.
    const auto be_silent = [](void*, const char*) {};
    vaSetErrorCallback(raw, be_silent, nullptr);
    vaSetInfoCallback(raw, be_silent, nullptr);
    const VAStatus status = vaInitialize(raw, &display.major_, &display.minor_);
    if (status != VA_STATUS_SUCCESS) {
        Error error = va_error(
            "vaInitialize", status,
            (platform == Platform::gpu
                 ? "no VA driver works for " + display.node_ +
                       " (install intel-media-va-driver or its -non-free sibling; "
                 : std::string("the software VA driver does not load (")) +
                environment("LIBVA_DRIVERS_PATH") + ", " + environment("LIBVA_DRIVER_NAME") + ")");
        error.code = Errc::not_found;
        return error;
    }
    const char* vendor = vaQueryVendorString(raw);
    display.vendor_ = vendor == nullptr ? "" : vendor;
    display.memory_types_ = memory_types(raw);
    display.verified_ = std::make_shared<VerifiedLayouts>();
    return display;
}

void Display::describe(PathFacts& facts) const {
    const auto fact = [&](std::uint32_t bit, const char* name) -> Refusal {
        if (memory_types_ && (*memory_types_ & bit) == 0) {
            return vendor_ + " lists no memory type " + name;
        }
        return std::nullopt;
    };
    facts.import_prime_2 = fact(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2, "DRM_PRIME_2");
    facts.import_prime = fact(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME, "DRM_PRIME");
    facts.import_user_ptr = fact(VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR, "USER_PTR");
}

}  // namespace mrda::vaapi
