// SPDX-License-Identifier: MIT
#include "mrda/vaapi/drm_node.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <tuple>

namespace mrda::vaapi {

namespace {

namespace fs = std::filesystem;

std::string link_target_name(const fs::path& link) {
    std::error_code ignored;
    return fs::read_symlink(link, ignored).filename().string();
}

std::string group_name(gid_t id) {
    std::array<char, 4096> storage{};
    struct group entry {};
    struct group* found = nullptr;
    if (::getgrgid_r(id, &entry, storage.data(), storage.size(), &found) == 0 && found != nullptr) {
        return found->gr_name;
    }
    return std::to_string(id);
}

Refusal why_not_usable(const std::string& path) {
    if (::access(path.c_str(), R_OK | W_OK) == 0) {
        return std::nullopt;
    }
    const int problem = errno;
    if (problem != EACCES) {
        return path + ": " + std::generic_category().message(problem);
    }
    struct stat status {};
    const bool known = ::stat(path.c_str(), &status) == 0;
    constexpr mode_t kGroupMayUse = S_IRGRP | S_IWGRP;
    // Nobody is to join root's group for it.
    if (known && (status.st_gid == 0 || (status.st_mode & kGroupMayUse) != kGroupMayUse)) {
        return path +
               " is closed to this user; run `usermod -aG render USER` as root, and, because its "
               "group " +
               group_name(status.st_gid) + " does not open it, `chgrp render " + path +
               " && chmod g+rw " + path + "` (a udev rule makes that last); log in again";
    }
    return path + " is closed to this user; run `usermod -aG " +
           (known ? group_name(status.st_gid) : "render") + " USER` as root, and log in again";
}

}  // namespace

Result<std::vector<RenderNode>> list_render_nodes(const std::string& root) {
    std::vector<RenderNode> nodes;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root + "/sys/class/drm", ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("renderD")) {
            continue;
        }
        // A node whose device is no PCI function (vgem, a system-on-chip) has no such address.
        const auto address = parse_pci_address(link_target_name(entry.path() / "device"));
        if (address.ok()) {
            const std::string path = root + "/dev/dri/" + name;
            nodes.push_back({path, link_target_name(entry.path() / "device" / "driver"), *address,
                             why_not_usable(path)});
        }
    }
    if (nodes.empty()) {
        return make_error(
            Errc::not_found,
            "no DRM render node of a PCI device under " + root +
                "/sys/class/drm; there is no GPU, its kernel driver (i915, xe) is not "
                "loaded, or this container was started without --device /dev/dri");
    }
    std::sort(nodes.begin(), nodes.end(), [](const RenderNode& a, const RenderNode& b) {
        const auto key = [](const PciAddress& p) {
            return std::tuple(p.domain, p.bus, p.device, p.function);
        };
        return key(a.pci) < key(b.pci);
    });
    return nodes;
}

Result<RenderNode> default_render_node(const std::string& root) {
    MRDA_ASSIGN(std::vector<RenderNode> nodes, list_render_nodes(root));
    const auto by_intel = [](const RenderNode& node) {
        return node.driver == "i915" || node.driver == "xe";
    };
    auto found = std::find_if(nodes.begin(), nodes.end(), [&](const RenderNode& node) {
        return by_intel(node) && !node.usable;
    });
    if (found == nodes.end()) {
        found = std::find_if(nodes.begin(), nodes.end(), by_intel);
    }
    return std::move(found == nodes.end() ? nodes.front() : *found);
}

Result<RenderNode> find_render_node(const PciAddress& address, const std::string& root) {
    auto nodes = list_render_nodes(root);
    if (!nodes) {
        Error error = std::move(nodes).error();
        error.message =
            "no render node for a device at " + to_string(address) + ": " + error.message;
        return error;
    }
    std::string there;
    for (RenderNode& node : *nodes) {
        if (node.pci == address) {
            return std::move(node);
        }
        there += "\n  " + to_string(node.pci) + " (" + node.driver + ", " + node.path + ")";
    }
    return make_error(Errc::not_found, "no render node for a device at " + to_string(address) +
                                           "; there are:" + there);
}

}  // namespace mrda::vaapi
