// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::ivshmem {

/// An IOMMU group, whose devices vfio gives to one process together: several of them are had
/// through one such object. Any thread.
class VfioGroup {
  public:
    /// `number` is the group's, and `nodes` where its node lies. Devices that were opened keep it.
    /// Errors: busy (another process has it open), permission_denied, not_found, io.
    static Result<std::shared_ptr<VfioGroup>> share(const std::string& number,
                                                    const std::string& nodes);

    /// A new descriptor of the device with this PCI address. Errors: busy, io.
    [[nodiscard]] Result<Fd> open_device(const std::string& address) const;

  private:
    static Result<std::unique_ptr<VfioGroup>> open(const std::string& node,
                                                   const std::string& nodes);

    Fd container_;
    Fd group_;
};

}  // namespace mrda::ivshmem
