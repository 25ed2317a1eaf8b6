// SPDX-License-Identifier: MIT
#include "node.h"

#include <dirent.h>
#include <drm.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "fault.h"
#include "system.h"
#include "trace.h"

namespace mrda::stub {

namespace {

std::atomic<unsigned long> ioctls{0};

/// Whoever makes each of them fail needs to know how many there are.
[[gnu::destructor]] void tell_ioctls() {
    tell_unreached_faults();
    trace("end ioctls=%lu", ioctls.load());
}

// An object has this much of the offsets behind a node.
constexpr unsigned kMapOffsetBits = 36;

std::vector<std::shared_ptr<Node>>& nodes() {
    static auto& all = *new std::vector<std::shared_ptr<Node>>;
    return all;
}

[[gnu::constructor]] void hold_kernel_mutex_across_forks() {
    ::pthread_atfork([] { kernel_mutex().lock(); }, [] { kernel_mutex().unlock(); },
                     [] { kernel_mutex().unlock(); });
}

const Ioctl* find_ioctl(const Node& node, unsigned number) {
    std::span<const Ioctl> table = core_ioctls();
    if (number >= DRM_COMMAND_BASE && number < DRM_COMMAND_END) {
        table = node.device->kind->driver == KernelDriver::i915 ? i915_ioctls() : xe_ioctls();
        number -= DRM_COMMAND_BASE;
    }
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Ioctl& entry) { return entry.number == number; });
    return found == table.end() ? nullptr : &*found;
}

/// Inodes are numbered by file system: nodes are on that of memfds.
bool is_node_file(const struct stat& status) {
    static const dev_t device = [] {
        struct stat any {};
        const int fd = system::memfd("mrda-node", true);
        system::fstat(fd, &any);
        system::close(fd);
        return any.st_dev;
    }();
    return status.st_dev == device;
}

bool is_of(const char* fd, ino_t inode) {
    struct stat status {};
    return fd[0] != '.' && system::fstat(std::atoi(fd), &status) == 0 && is_node_file(status) &&
           status.st_ino == inode;
}

/// Whether any descriptor of this process is of that inode. Not by opendir(), in whose place this
/// library stands too: finding the real one needs the dynamic loader.
bool is_open(ino_t inode) {
    const int folder =
        system::open(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (folder < 0) {
        return true;
    }
    alignas(dirent64) std::array<char, 4096> entries{};
    bool found = false;
    long length = 0;
    while (!found &&
           (length = ::syscall(SYS_getdents64, folder, entries.data(), entries.size())) > 0) {
        for (long at = 0; at < length && !found;) {
            const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
            found = is_of(entry->d_name, inode);
            at += entry->d_reclen;
        }
    }
    system::close(folder);
    return found;
}

}  // namespace

std::shared_ptr<Object> Node::find(std::uint32_t handle) const {
    const auto found = handles.find(handle);
    return found == handles.end() ? nullptr : found->second;
}

std::uint32_t Node::handle_of(const std::shared_ptr<Object>& object) {
    std::uint32_t free = 1;
    for (const auto& [handle, held] : handles) {
        if (held == object) {
            return handle;
        }
        free = free == handle ? handle + 1 : free;
    }
    handles[free] = object;
    return free;
}

std::mutex& kernel_mutex() {
    static std::mutex& mutex = *new std::mutex;
    return mutex;
}

int open_node(const Device& device, int minor, int flags) {
    if (const int failure = fault_of("open"); failure != 0) {
        return failure;
    }
    const int fd = system::memfd("mrda-node", (flags & O_CLOEXEC) != 0);
    struct stat status {};
    if (fd < 0 || system::fstat(fd, &status) != 0) {
        return fd < 0 ? fd : -EIO;
    }
    static unsigned opened = 0;
    const std::scoped_lock lock(kernel_mutex());
    auto node = std::make_shared<Node>();
    node->inode = status.st_ino;
    node->number = ++opened;
    node->device = &device;
    node->minor = minor;
    trace("open %s%d pci=%s -> node=%u", minor >= 128 ? "renderD" : "card", minor,
          device.pci_address.c_str(), node->number);
    nodes().push_back(std::move(node));
    return fd;
}

std::shared_ptr<Node> find_node(int fd) {
    struct stat status {};
    if (fd < 0 || nodes().empty() || system::fstat(fd, &status) != 0 || !is_node_file(status)) {
        return nullptr;
    }
    const auto found = std::find_if(nodes().begin(), nodes().end(),
                                    [&](const auto& node) { return node->inode == status.st_ino; });
    return found == nodes().end() ? nullptr : *found;
}

void for_each_node(const std::function<void(Node&)>& visit) {
    for (const auto& node : nodes()) {
        visit(*node);
    }
}

void end_closed_nodes(ino_t closed) {
    if (is_open(closed)) {
        return;
    }
    std::erase_if(nodes(), [&](const auto& node) {
        if (node->inode != closed) {
            return false;
        }
        trace("release node=%u handles_left=%zu", node->number, node->handles.size());
        node->waiting.clear();  // A call that waits for them ends.
        return true;
    });
}

std::uint64_t map_offset_of(const Object& object) {
    return std::uint64_t{object.number()} << kMapOffsetBits;
}

std::shared_ptr<Object> find_map_offset(const Node& node, std::uint64_t offset) {
    const auto number = static_cast<std::uint32_t>(offset >> kMapOffsetBits);
    for (const auto& [handle, object] : node.handles) {
        if (object->number() == number) {
            return object;
        }
    }
    return nullptr;
}

std::uint64_t device_ticks() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto nanoseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                             static_cast<std::uint64_t>(now.tv_nsec);
    return nanoseconds * 192 / 10'000;
}

int call_ioctl(const Call& call) {
    const unsigned number = _IOC_NR(call.request);
    const Ioctl* const entry = find_ioctl(call.node, number);
    if (entry == nullptr) {
        trace("UNKNOWN node=%u number=0x%x size=%lu -> EINVAL", call.node.number, number,
              static_cast<unsigned long>(_IOC_SIZE(call.request)));
        return -EINVAL;
    }
    ++ioctls;
    const bool stopped = is_stopped();
    if (const int failure = fault_of(entry->name); failure != 0) {
        return failure;
    }
    // xe_device.c: a device that was lost refuses everything; i915 only what would run on it.
    if (is_lost() && call.node.device->kind->driver == KernelDriver::xe) {
        return -ECANCELED;
    }
    return entry->handle({call.lock, call.node, call.request, call.argument, stopped});
}

}  // namespace mrda::stub
