// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "address_space.h"
#include "kinds.h"
#include "object.h"

namespace mrda::stub {

struct Submission;

/// An open node: what the kernel calls a DRM file. Its handles, contexts and address spaces are its
/// own, and go with the last descriptor of it.
struct Node {
    ino_t inode = 0;
    unsigned number = 0;  ///< In the trace.
    const Device* device = nullptr;
    int minor = 0;

    std::map<std::uint32_t, std::shared_ptr<Object>> handles;
    AddressSpace i915_space;  ///< Of all contexts: drivers give an address to one object.
    std::map<std::uint32_t, std::unique_ptr<AddressSpace>> address_spaces;  ///< xe's.
    struct Queue {
        std::uint32_t address_space;
        std::uint16_t engine_class;
    };
    std::map<std::uint32_t, Queue> queues;                ///< xe's.
    std::map<std::uint32_t, std::uint64_t> sync_objects;  ///< The point that each has reached.
    std::uint32_t last_context = 0;
    std::vector<std::shared_ptr<Submission>> waiting;  ///< Streams at a semaphore: engine.h.

    /// The object of a handle; null where there is none.
    std::shared_ptr<Object> find(std::uint32_t handle) const;
    /// The object's handle, the lowest free one where it has none yet.
    std::uint32_t handle_of(const std::shared_ptr<Object>& object);
};

/// Held by whoever looks at a node or an object, and across fork(): what the child does before it
/// executes a program goes through here too. Nobody who holds it calls the dynamic loader, whose
/// lock is held by libraries' constructors, which close files.
std::mutex& kernel_mutex();

/// A new descriptor of a new node, or a negative errno.
int open_node(const Device& device, int minor, int flags);
/// The node of a descriptor; null where it is none. Call under kernel_mutex(). Whoever lets the
/// mutex go meanwhile keeps what is returned: another thread may close the descriptor.
std::shared_ptr<Node> find_node(int fd);
/// Calls `visit` for each. Call under kernel_mutex().
void for_each_node(const std::function<void(Node&)>& visit);
/// Ends nodes that no descriptor of this process leads to any more. Call under kernel_mutex(),
/// after a node's descriptor was closed.
void end_closed_nodes(ino_t closed);

/// What the kernel gives for mapping an object through its node, and what that leads back to.
inline constexpr std::uint64_t kBarrierOffset = std::uint64_t{0x7ffffff}
                                                << 36;  ///< xe's page of no object.
std::uint64_t map_offset_of(const Object& object);
std::shared_ptr<Object> find_map_offset(const Node& node, std::uint64_t offset);

/// The device's clock, of 19.2 MHz.
std::uint64_t device_ticks();

/// One ioctl of a node.
struct Call {
    std::unique_lock<std::mutex>& lock;  ///< Of kernel_mutex(); a call that waits lets it go.
    Node& node;
    unsigned long request;
    void* argument;
    bool stopped = false;  ///< The device hung, or was lost, before this call.

    template <typename T>
    T& as() const {
        return *static_cast<T*>(argument);
    }
};

/// An ioctl by its number in the kernel's table: 0, or a negative errno.
struct Ioctl {
    unsigned number;
    const char* name;
    int (*handle)(const Call& call);
};

std::span<const Ioctl> core_ioctls();
std::span<const Ioctl> i915_ioctls();
std::span<const Ioctl> xe_ioctls();

/// Finds the ioctl, lets it fail if it is to, and carries it out.
int call_ioctl(const Call& call);

}  // namespace mrda::stub
