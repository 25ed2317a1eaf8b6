// SPDX-License-Identifier: MIT
#pragma once

#include <drm.h>

#include <cstdint>
#include <mutex>
#include <string_view>

#include "stub/node.h"

namespace mrda::stub::test {

/// A node of a device of the table, and its ioctls.
class OpenNode {
  public:
    explicit OpenNode(std::string_view kind) : device_(parse_devices(kind).at(0)) {
        node_.device = &device_;
    }

    Node& node() { return node_; }
    const DeviceKind& kind() const { return *device_.kind; }

    template <typename T>
    int ioctl(unsigned long request, T& argument) {
        std::unique_lock lock(kernel_mutex());
        return call_ioctl({lock, node_, request, &argument});
    }

    /// The handle of a new object.
    std::uint32_t add(const std::shared_ptr<Object>& object) { return node_.handle_of(object); }

    int close(std::uint32_t handle) {
        drm_gem_close asked{handle, 0};
        return ioctl(DRM_IOCTL_GEM_CLOSE, asked);
    }

  private:
    Device device_;
    Node node_;
};

}  // namespace mrda::stub::test
