// SPDX-License-Identifier: MIT
#include "vfio_group.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <utility>

#include "open_once.h"

namespace mrda::ivshmem {

Result<std::shared_ptr<VfioGroup>> VfioGroup::share(const std::string& number,
                                                    const std::string& nodes) {
    static auto* const groups = new OpenOnce<VfioGroup>();
    const std::string node = nodes + "/" + number;
    return groups->get(
        node, [](const VfioGroup&) { return true; }, [&] { return open(node, nodes); });
}

Result<std::unique_ptr<VfioGroup>> VfioGroup::open(const std::string& node,
                                                   const std::string& nodes) {
    auto made = std::make_unique<VfioGroup>();
    made->container_ = Fd(::open((nodes + "/vfio").c_str(), O_RDWR | O_CLOEXEC));
    if (!made->container_) {
        return os_error("open", errno, "cannot open " + nodes + "/vfio");
    }
    made->group_ = Fd(::open(node.c_str(), O_RDWR | O_CLOEXEC));
    if (!made->group_) {
        Error error = os_error("open", errno, "cannot open IOMMU group " + node);
        if (error.native == EBUSY) {
            error.code = Errc::busy;
            error.message +=
                "; another process has a device of it: vfio gives a group to one at a time";
        }
        return error;
    }
    const int container = made->container_.get();
    if (::ioctl(made->group_.get(), VFIO_GROUP_SET_CONTAINER, &container) != 0) {
        return os_error(
            "VFIO_GROUP_SET_CONTAINER", errno,
            "cannot use " + node + "; every device of its IOMMU group must be bound to vfio-pci");
    }
    if (::ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0) {
        return os_error("VFIO_SET_IOMMU", errno, "no IOMMU for " + node);
    }
    return made;
}

Result<Fd> VfioGroup::open_device(const std::string& address) const {
    Fd device(::ioctl(group_.get(), VFIO_GROUP_GET_DEVICE_FD, address.c_str()));
    if (!device) {
        return os_error("VFIO_GROUP_GET_DEVICE_FD", errno, "cannot have device " + address);
    }
    return device;
}

}  // namespace mrda::ivshmem
