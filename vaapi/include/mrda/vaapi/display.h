// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/path.h"
#include "mrda/interop/pci_address.h"
#include "mrda/interop/platform.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/drm_node.h"

namespace mrda::vaapi {

class VerifiedLayouts;

struct DisplayPolicy {
    using Handle = VADisplay;
    static Handle null() { return nullptr; }
    static void close(Handle display);
};

/// An initialised VA display: one device, one driver. Surfaces made on it must die before it. libva
/// lets several threads call into one display.
class Display {
  public:
    Display(Display&&) noexcept = default;
    Display& operator=(Display&& other) noexcept;
    ~Display() = default;

    /// The display of that render node, with the driver that libva chooses for it.
    /// Errors: permission_denied (the node's own words), not_found (no driver; the message names
    /// what libva looked for and the package).
    static Result<Display> open(const RenderNode& node);
    /// The software driver's, with no node behind it. Errors: not_found (the driver).
    static Result<Display> open_software();
    /// Of the device at a PCI address; where that is empty, the software driver's if libva was
    /// pointed at it (LIBVA_DRIVER_NAME), else the first GPU's. Errors: invalid_argument (no
    /// address), as find_render_node(), default_render_node(), open() and open_software().
    static Result<Display> open_at(const std::string& address);

    [[nodiscard]] VADisplay handle() const { return display_.get(); }
    [[nodiscard]] Platform platform() const { return platform_; }
    [[nodiscard]] const std::string& vendor() const { return vendor_; }
    [[nodiscard]] const std::string& node() const { return node_; }  ///< "" for software.
    [[nodiscard]] const std::optional<PciAddress>& pci() const { return pci_; }  ///< Likewise.
    [[nodiscard]] int major_version() const { return major_; }
    [[nodiscard]] int minor_version() const { return minor_; }

    /// Fills the import_* facts with what the driver said of its memory types when it was opened.
    /// Of a driver that says nothing none is refused: what it cannot do, vaCreateSurfaces refuses.
    void describe(PathFacts& facts) const;

    [[nodiscard]] const std::shared_ptr<VerifiedLayouts>& verified_layouts() const {
        return verified_;
    }

  private:
    Display() = default;
    static Result<Display> initialise(VADisplay raw, Platform platform, Fd node_fd,
                                      std::string node);

    Platform platform_ = Platform::software;
    std::string node_;
    std::optional<PciAddress> pci_;
    std::string vendor_;
    int major_ = 0;
    int minor_ = 0;
    std::optional<std::uint32_t> memory_types_;
    Fd node_fd_;  // vaGetDisplayDRM borrows it for the display's life.
    Owned<DisplayPolicy> display_;
    std::shared_ptr<VerifiedLayouts> verified_;
};

}  // namespace mrda::vaapi
