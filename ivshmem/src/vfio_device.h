// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "vfio_group.h"

namespace mrda::ivshmem {

/// A PCI device that is bound to vfio-pci, held for its interrupts: as long as this lives, it is
/// enabled, and each vector counts in an eventfd. Its memory is mapped elsewhere.
class VfioDevice {
  public:
    /// `name` is the PCI address as the kernel writes it, `group` the device's IOMMU group and
    /// `nodes` where its node lies.
    /// Errors: as VfioGroup, unsupported (no MSI-X), io.
    static Result<VfioDevice> open(const std::string& name, const std::string& group,
                                   const std::string& nodes);

    [[nodiscard]] std::size_t vector_count() const { return vectors_.size(); }
    /// Borrowed.
    [[nodiscard]] int vector_event(std::size_t vector) const { return vectors_.at(vector).get(); }
    /// Can be read once the machine wants the device back.
    [[nodiscard]] int request_event() const { return request_.get(); }

  private:
    Result<void> enable() const;
    Result<void> take_interrupts();
    Result<void> take_requests();

    std::shared_ptr<VfioGroup> group_;
    Fd device_;
    std::vector<Fd> vectors_;
    Fd request_;
};

}  // namespace mrda::ivshmem
