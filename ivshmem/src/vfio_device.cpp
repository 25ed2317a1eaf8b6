// SPDX-License-Identifier: MIT
#include "vfio_device.h"

#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::ivshmem {

namespace {

/// pci_regs.h's PCI_COMMAND, and its bits for memory and for being bus master.
constexpr off_t kCommandOffset = 4;
constexpr std::uint16_t kCommandMemoryAndMaster = 0x6;
constexpr std::uint32_t kMostVectors = 64;

Result<void> set_irqs(int device, std::uint32_t index, std::span<const Fd> events) {
    // linux/vfio.h: the descriptors stand behind the structure, 32 bits each.
    std::vector<std::byte> bytes(sizeof(vfio_irq_set) + events.size() * sizeof(std::int32_t));
    vfio_irq_set set{};
    set.argsz = static_cast<std::uint32_t>(bytes.size());
    set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    set.index = index;
    set.count = static_cast<std::uint32_t>(events.size());
    std::memcpy(bytes.data(), &set, sizeof set);
    for (std::size_t i = 0; i < events.size(); ++i) {
        const std::int32_t fd = events[i].get();
        std::memcpy(bytes.data() + sizeof set + i * sizeof fd, &fd, sizeof fd);
    }
    if (::ioctl(device, VFIO_DEVICE_SET_IRQS, bytes.data()) != 0) {
        return os_error("VFIO_DEVICE_SET_IRQS", errno, "cannot have a device's interrupts");
    }
    return {};
}

}  // namespace

Result<VfioDevice> VfioDevice::open(const std::string& name, const std::string& group,
                                    const std::string& nodes) {
    VfioDevice made;
    MRDA_ASSIGN(made.group_, VfioGroup::share(group, nodes));
    MRDA_ASSIGN(made.device_, made.group_->open_device(name));
    MRDA_TRY(made.enable());
    MRDA_TRY(made.take_interrupts());
    MRDA_TRY(made.take_requests());
    return made;
}

Result<void> VfioDevice::enable() const {
    vfio_region_info config{};
    config.argsz = sizeof config;
    config.index = VFIO_PCI_CONFIG_REGION_INDEX;
    std::uint16_t command = 0;
    if (::ioctl(device_.get(), VFIO_DEVICE_GET_REGION_INFO, &config) != 0) {
        return os_error("VFIO_DEVICE_GET_REGION_INFO", errno, "no configuration space");
    }
    const auto at = static_cast<off_t>(config.offset) + kCommandOffset;
    if (::pread(device_.get(), &command, sizeof command, at) != sizeof command) {
        return os_error("pread", errno, "cannot read a device's command register");
    }
    // Without being bus master, no interrupt comes.
    command |= kCommandMemoryAndMaster;
    if (::pwrite(device_.get(), &command, sizeof command, at) != sizeof command) {
        return os_error("pwrite", errno, "cannot enable a device");
    }
    return {};
}

Result<void> VfioDevice::take_interrupts() {
    vfio_irq_info info{};
    info.argsz = sizeof info;
    info.index = VFIO_PCI_MSIX_IRQ_INDEX;
    if (::ioctl(device_.get(), VFIO_DEVICE_GET_IRQ_INFO, &info) != 0 || info.count == 0) {
        return make_error(Errc::unsupported, "the device has no MSI-X interrupts");
    }
    for (std::uint32_t i = 0; i < std::min(info.count, kMostVectors); ++i) {
        MRDA_ASSIGN(Fd event, make_event());
        vectors_.push_back(std::move(event));
    }
    return set_irqs(device_.get(), VFIO_PCI_MSIX_IRQ_INDEX, vectors_);
}

Result<void> VfioDevice::take_requests() {
    MRDA_ASSIGN(request_, make_event());
    return set_irqs(device_.get(), VFIO_PCI_REQ_IRQ_INDEX, {&request_, 1});
}

}  // namespace mrda::ivshmem
