// SPDX-License-Identifier: MIT
#include "paths.h"

#include <array>
#include <cstring>
#include <string_view>

#include "settings.h"
#include "system.h"

namespace mrda::stub {

namespace {

constexpr std::array<std::string_view, 6> kInTree{
    "/dev/dri",         "/sys/dev/char/226:",  "/sys/class/drm", "/sys/bus/pci/devices",
    "/sys/devices/pci", "/sys/bus/pci/drivers"};

}  // namespace

Path::Path(const char* asked) : asked_(asked) {
    const std::string& root = settings().root;
    if (asked == nullptr || root.empty()) {
        return;
    }
    for (const std::string_view prefix : kInTree) {
        if (std::strncmp(asked, prefix.data(), prefix.size()) == 0) {
            led_ = true;
            in_tree_ = root + asked;
            return;
        }
    }
}

const Device* Path::node(int* minor) const {
    if (!led_) {
        return nullptr;
    }
    std::string place = in_tree_;
    // by-path/… are links, to a node beside their folder.
    std::array<char, PATH_MAX> link{};
    const long length = system::read_link(place.c_str(), link.data(), link.size() - 1);
    if (length > 0) {
        place = std::string(link.data(), static_cast<std::size_t>(length));
    }
    const std::string name = place.substr(place.rfind('/') + 1);
    if (in_tree_.compare(settings().root.size(), 8, "/dev/dri") != 0) {
        return nullptr;
    }
    for (const Device& device : settings().devices) {
        if (name == "renderD" + std::to_string(device.render_minor())) {
            *minor = device.render_minor();
            return &device;
        }
        if (name == "card" + std::to_string(device.index)) {
            *minor = device.index;
            return &device;
        }
    }
    return nullptr;
}

void leave_tree(char* path) {
    const std::string& root = settings().root;
    if (!root.empty() && std::strncmp(path, root.c_str(), root.size()) == 0) {
        std::memmove(path, path + root.size(), std::strlen(path + root.size()) + 1);
    }
}

}  // namespace mrda::stub
