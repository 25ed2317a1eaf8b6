// SPDX-License-Identifier: MIT
// The ioctls that every DRM driver has.
#include <drm.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "fault.h"
#include "node.h"
#include "system.h"
#include "trace.h"

namespace mrda::stub {

namespace {

/// drm_copy_field(): as much as there is room for, and the whole length.
void give(std::string_view text, char* room, __kernel_size_t* size) {
    if (room != nullptr) {
        std::memcpy(room, text.data(), std::min(text.size(), std::size_t{*size}));
    }
    *size = text.size();
}

int version(const Call& call) {
    auto& asked = call.as<drm_version>();
    const bool xe = call.node.device->kind->driver == KernelDriver::xe;
    asked.version_major = 1;
    asked.version_minor = xe ? 1 : 6;
    asked.version_patchlevel = 0;
    give(name_of(call.node.device->kind->driver), asked.name, &asked.name_len);
    give("20230929", asked.date, &asked.date_len);
    give("Intel Graphics", asked.desc, &asked.desc_len);
    return 0;
}

int get_unique(const Call& call) {
    auto& asked = call.as<drm_unique>();
    const std::string& unique = call.node.device->pci_address;
    if (asked.unique != nullptr && asked.unique_len >= unique.size()) {
        std::memcpy(asked.unique, unique.data(), unique.size());
    }
    asked.unique_len = unique.size();
    return 0;
}

int get_cap(const Call& call) {
    auto& asked = call.as<drm_get_cap>();
    switch (asked.capability) {
        case DRM_CAP_PRIME:
            asked.value = (is_lacking("PRIME_FD_TO_HANDLE") ? 0U : DRM_PRIME_CAP_IMPORT) |
                          (is_lacking("PRIME_HANDLE_TO_FD") ? 0U : DRM_PRIME_CAP_EXPORT);
            return 0;
        case DRM_CAP_SYNCOBJ:
        case DRM_CAP_SYNCOBJ_TIMELINE:
        case DRM_CAP_TIMESTAMP_MONOTONIC:
            asked.value = 1;
            return 0;
        default:
            asked.value = 0;
            return 0;
    }
}

int set_client_cap(const Call&) {
    return 0;
}

/// A render node's client is never authenticated, and need not be: the drivers only ask.
int get_client(const Call& call) {
    call.as<drm_client>().auth = 1;
    return 0;
}

int gem_close(const Call& call) {
    const std::uint32_t handle = call.as<drm_gem_close>().handle;
    const auto found = call.node.handles.find(handle);
    if (found == call.node.handles.end()) {
        trace("GEM_CLOSE node=%u handle=%u -> EINVAL", call.node.number, handle);
        return -EINVAL;
    }
    trace("GEM_CLOSE node=%u handle=%u bo=%u", call.node.number, handle, found->second->number());
    call.node.i915_space.unbind_object(*found->second);
    call.node.handles.erase(found);
    return 0;
}

int prime_handle_to_fd(const Call& call) {
    auto& asked = call.as<drm_prime_handle>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr) {
        return -ENOENT;
    }
    const int fd = object->export_fd((asked.flags & DRM_CLOEXEC) != 0);
    if (fd < 0) {
        trace("PRIME_HANDLE_TO_FD node=%u handle=%u bo=%u -> EINVAL", call.node.number,
              asked.handle, object->number());
        return fd;
    }
    object->shared = true;
    asked.fd = fd;
    trace("PRIME_HANDLE_TO_FD node=%u handle=%u bo=%u size=%llu -> fd=%d", call.node.number,
          asked.handle, object->number(), static_cast<unsigned long long>(object->size_bytes()),
          fd);
    return 0;
}

int prime_fd_to_handle(const Call& call) {
    auto& asked = call.as<drm_prime_handle>();
    const auto object = Object::of_fd(asked.fd);
    if (object == nullptr) {
        trace("PRIME_FD_TO_HANDLE node=%u fd=%d -> EINVAL", call.node.number, asked.fd);
        return -EINVAL;
    }
    object->shared = true;
    asked.handle = call.node.handle_of(object);
    trace("PRIME_FD_TO_HANDLE node=%u fd=%d size=%llu -> handle=%u bo=%u", call.node.number,
          asked.fd, static_cast<unsigned long long>(object->size_bytes()), asked.handle,
          object->number());
    return 0;
}

// Streams are executed while they are submitted, so whatever a sync object waits for has happened.
int syncobj_create(const Call& call) {
    auto& asked = call.as<drm_syncobj_create>();
    auto& all = call.node.sync_objects;
    asked.handle = all.empty() ? 1 : all.rbegin()->first + 1;
    all[asked.handle] = 0;
    return 0;
}

int syncobj_destroy(const Call& call) {
    return call.node.sync_objects.erase(call.as<drm_syncobj_destroy>().handle) == 1 ? 0 : -EINVAL;
}

int syncobj_handle_to_fd(const Call& call) {
    auto& asked = call.as<drm_syncobj_handle>();
    if (!call.node.sync_objects.contains(asked.handle)) {
        return -EINVAL;
    }
    // As a sync_file that is signalled: poll() says so at once.
    asked.fd = ::eventfd(1, EFD_CLOEXEC);
    return asked.fd < 0 ? -errno : 0;
}

int syncobj_fd_to_handle(const Call& call) {
    auto& asked = call.as<drm_syncobj_handle>();
    if ((asked.flags & DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE) != 0) {
        return call.node.sync_objects.contains(asked.handle) ? 0 : -EINVAL;
    }
    auto& all = call.node.sync_objects;
    asked.handle = all.empty() ? 1 : all.rbegin()->first + 1;
    all[asked.handle] = 0;
    return 0;
}

int are_known(const Node& node, std::uint64_t handles, std::uint32_t count) {
    const auto* each = reinterpret_cast<const std::uint32_t*>(handles);
    return std::all_of(each, each + count,
                       [&](std::uint32_t handle) { return node.sync_objects.contains(handle); })
               ? 0
               : -ENOENT;
}

int syncobj_wait(const Call& call) {
    const auto& asked = call.as<drm_syncobj_wait>();
    return are_known(call.node, asked.handles, asked.count_handles);
}

int syncobj_timeline_wait(const Call& call) {
    const auto& asked = call.as<drm_syncobj_timeline_wait>();
    return are_known(call.node, asked.handles, asked.count_handles);
}

int syncobj_array(const Call& call) {
    const auto& asked = call.as<drm_syncobj_array>();
    return are_known(call.node, asked.handles, asked.count_handles);
}

int syncobj_timeline_signal(const Call& call) {
    const auto& asked = call.as<drm_syncobj_timeline_array>();
    return are_known(call.node, asked.handles, asked.count_handles);
}

int syncobj_query(const Call& call) {
    const auto& asked = call.as<drm_syncobj_timeline_array>();
    auto* points = reinterpret_cast<std::uint64_t*>(asked.points);
    std::fill(points, points + asked.count_handles, UINT64_MAX >> 1);
    return are_known(call.node, asked.handles, asked.count_handles);
}

int syncobj_transfer(const Call&) {
    return 0;
}

constexpr std::array kIoctls{
    Ioctl{0x00, "VERSION", version},
    Ioctl{0x01, "GET_UNIQUE", get_unique},
    Ioctl{0x05, "GET_CLIENT", get_client},
    Ioctl{0x09, "GEM_CLOSE", gem_close},
    Ioctl{0x0c, "GET_CAP", get_cap},
    Ioctl{0x0d, "SET_CLIENT_CAP", set_client_cap},
    Ioctl{0x2d, "PRIME_HANDLE_TO_FD", prime_handle_to_fd},
    Ioctl{0x2e, "PRIME_FD_TO_HANDLE", prime_fd_to_handle},
    Ioctl{0xbf, "SYNCOBJ_CREATE", syncobj_create},
    Ioctl{0xc0, "SYNCOBJ_DESTROY", syncobj_destroy},
    Ioctl{0xc1, "SYNCOBJ_HANDLE_TO_FD", syncobj_handle_to_fd},
    Ioctl{0xc2, "SYNCOBJ_FD_TO_HANDLE", syncobj_fd_to_handle},
    Ioctl{0xc3, "SYNCOBJ_WAIT", syncobj_wait},
    Ioctl{0xc4, "SYNCOBJ_RESET", syncobj_array},
    Ioctl{0xc5, "SYNCOBJ_SIGNAL", syncobj_array},
    Ioctl{0xca, "SYNCOBJ_TIMELINE_WAIT", syncobj_timeline_wait},
    Ioctl{0xcb, "SYNCOBJ_QUERY", syncobj_query},
    Ioctl{0xcc, "SYNCOBJ_TRANSFER", syncobj_transfer},
    Ioctl{0xcd, "SYNCOBJ_TIMELINE_SIGNAL", syncobj_timeline_signal},
};

}  // namespace

std::span<const Ioctl> core_ioctls() {
    return kIoctls;
}

}  // namespace mrda::stub
