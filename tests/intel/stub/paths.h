// SPDX-License-Identifier: MIT
#pragma once

#include <climits>
#include <string>

#include "kinds.h"

namespace mrda::stub {

/// A path as the program named it, led into the tree where the tree has something to say of it:
/// /dev/dri, and what sysfs knows of DRM and PCI devices.
class Path {
  public:
    explicit Path(const char* asked);

    const char* c_str() const { return led_ ? in_tree_.c_str() : asked_; }
    bool is_in_tree() const { return led_; }
    /// The device whose node this is, and the node's minor number; null where it is no node.
    const Device* node(int* minor) const;

  private:
    const char* asked_;
    bool led_ = false;
    std::string in_tree_;
};

/// The path without the tree's folder before it, in place, where it has that.
void leave_tree(char* path);

}  // namespace mrda::stub
