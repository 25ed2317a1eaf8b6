// SPDX-License-Identifier: MIT
#include "mrda/vaapi/display.h"

#include <fcntl.h>
#include <va/va_drm.h>
#include <va/va_drmcommon.h>

#include <cerrno>
#include <cstdlib>
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

/// The VA_SURFACE_ATTRIB_MEM_TYPE_* bits that a config's surfaces may have.
Result<std::uint32_t> memory_types(VADisplay display) {
    VAConfigID config = VA_INVALID_ID;
    MRDA_VA_TRY(vaCreateConfig,
                (display, VAProfileNone, VAEntrypointVideoProc, nullptr, 0, &config),
                "cannot ask for memory types");
    unsigned count = 0;
    VAStatus status = vaQuerySurfaceAttributes(display, config, nullptr, &count);
    std::vector<VASurfaceAttrib> attributes(count);
    if (status == VA_STATUS_SUCCESS) {
        status = vaQuerySurfaceAttributes(display, config, attributes.data(), &count);
    }
    vaDestroyConfig(display, config);
    if (status != VA_STATUS_SUCCESS) {
        return va_error("vaQuerySurfaceAttributes", status, "cannot ask for memory types");
    }
    attributes.resize(count);
    std::uint32_t types = 0;
    for (const VASurfaceAttrib& attribute : attributes) {
        if (attribute.type == VASurfaceAttribMemoryType) {
            types |= static_cast<std::uint32_t>(attribute.value.value.i);
        }
    }
    return types;
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
    vendor_ = std::move(other.vendor_);
    major_ = other.major_;
    minor_ = other.minor_;
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
    return initialise(raw, Platform::gpu, std::move(fd), node.path);
}

Result<Display> Display::open_software() {
    MRDA_ASSIGN(const VADisplay raw, new_software_display(kSoftwareVaDriver));
    return initialise(raw, Platform::software, Fd(), "");
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
    display.verified_ = std::make_shared<VerifiedLayouts>();
    return display;
}

void Display::describe(PathFacts& facts) const {
    const auto types = memory_types(handle());
    const auto fact = [&](std::uint32_t bit, const char* name) -> Refusal {
        if (!types.ok()) {
            return to_string(types.error());
        }
        if ((*types & bit) == 0) {
            return vendor_ + " lists no memory type " + name;
        }
        return std::nullopt;
    };
    facts.import_prime_2 = fact(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2, "DRM_PRIME_2");
    facts.import_prime = fact(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME, "DRM_PRIME");
    facts.import_user_ptr = fact(VA_SURFACE_ATTRIB_MEM_TYPE_USER_PTR, "USER_PTR");
}

}  // namespace mrda::vaapi
