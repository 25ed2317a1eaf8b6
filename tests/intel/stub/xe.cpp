// SPDX-License-Identifier: MIT
// xe's ioctls: objects, address spaces, queues, submission, fences in memory.
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <xe_drm.h>

#include <array>
#include <cerrno>
#include <span>
#include <vector>

#include "engine.h"
#include "fault.h"
#include "node.h"
#include "trace.h"
#include "xe_query.h"

namespace mrda::stub {

namespace {

/// Memory of the program that is asking; false where it is not mapped, as copy_from_user() has it.
bool read_user(std::uint64_t address, std::uint64_t* value) {
    const iovec here{value, sizeof *value};
    const iovec there{reinterpret_cast<void*>(address), sizeof *value};
    return ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0) == sizeof *value;
}

bool write_user(std::uint64_t address, std::uint64_t value) {
    const iovec here{&value, sizeof value};
    const iovec there{reinterpret_cast<void*>(address), sizeof value};
    return ::process_vm_writev(::getpid(), &here, 1, &there, 1, 0) == sizeof value;
}

AddressSpace* find_space(const Node& node, std::uint32_t id) {
    const auto found = node.address_spaces.find(id);
    return found == node.address_spaces.end() ? nullptr : found->second.get();
}

int gem_create(const Call& call) {
    auto& asked = call.as<drm_xe_gem_create>();
    if (asked.size == 0 || asked.placement == 0 || asked.cpu_caching == 0) {
        return -EINVAL;
    }
    // Bits of DRM_XE_DEVICE_QUERY_MEM_REGIONS's entries.
    const Region region = (asked.placement & 2) != 0 ? Region::local : Region::system;
    const auto object = Object::create(asked.size, region);
    if (object == nullptr) {
        return -ENOMEM;
    }
    asked.handle = call.node.handle_of(object);
    trace("GEM_CREATE node=%u size=%llu region=%s -> handle=%u bo=%u", call.node.number,
          static_cast<unsigned long long>(object->size_bytes()),
          region == Region::local ? "local" : "system", asked.handle, object->number());
    return 0;
}

int gem_mmap_offset(const Call& call) {
    auto& asked = call.as<drm_xe_gem_mmap_offset>();
    if ((asked.flags & DRM_XE_MMAP_OFFSET_FLAG_PCI_BARRIER) != 0) {
        asked.offset = kBarrierOffset;
        return 0;
    }
    const auto object = call.node.find(asked.handle);
    if (object == nullptr) {
        return -ENOENT;
    }
    asked.offset = map_offset_of(*object);
    return 0;
}

int vm_create(const Call& call) {
    auto& all = call.node.address_spaces;
    auto& asked = call.as<drm_xe_vm_create>();
    asked.vm_id = all.empty() ? 1 : all.rbegin()->first + 1;
    all[asked.vm_id] = std::make_unique<AddressSpace>();
    trace("VM_CREATE node=%u -> vm=%u", call.node.number, asked.vm_id);
    return 0;
}

int vm_destroy(const Call& call) {
    return call.node.address_spaces.erase(call.as<drm_xe_vm_destroy>().vm_id) == 1 ? 0 : -ENOENT;
}

/// A fence in memory: at an address of the space, or of the program.
int signal(std::span<const drm_xe_sync> syncs, AddressSpace* space) {
    for (const drm_xe_sync& sync : syncs) {
        if (sync.type != DRM_XE_SYNC_TYPE_USER_FENCE ||
            (sync.flags & DRM_XE_SYNC_FLAG_SIGNAL) == 0) {
            continue;
        }
        const bool written = space != nullptr && space->write64(sync.addr, sync.timeline_value);
        if (!written && !write_user(sync.addr, sync.timeline_value)) {
            return -EFAULT;
        }
    }
    return 0;
}

template <typename Asked>
std::span<const drm_xe_sync> syncs_of(const Asked& asked) {
    return {reinterpret_cast<const drm_xe_sync*>(asked.syncs), asked.num_syncs};
}

int map(const Call& call, const drm_xe_vm_bind_op& asked, std::uint32_t vm, AddressSpace* space) {
    if ((asked.flags & (DRM_XE_VM_BIND_FLAG_NULL | DRM_XE_VM_BIND_FLAG_CPU_ADDR_MIRROR)) != 0) {
        space->unbind(asked.addr, asked.range);
        return 0;
    }
    const bool user = asked.op == DRM_XE_VM_BIND_OP_MAP_USERPTR;
    const auto object =
        user ? Object::of_user_pages(asked.userptr, asked.range) : call.node.find(asked.obj);
    if (object == nullptr) {
        return -ENOENT;
    }
    const std::uint64_t offset = user ? 0 : asked.obj_offset;
    const bool bound = space->bind(asked.addr, object, offset, asked.range);
    trace("VM_BIND vm=%u bo=%u offset=0x%llx range=%llu at=@%llx -> %s", vm, object->number(),
          static_cast<unsigned long long>(offset), static_cast<unsigned long long>(asked.range),
          static_cast<unsigned long long>(asked.addr), bound ? "bound" : "EINVAL");
    return bound ? 0 : -EINVAL;
}

int bind(const Call& call, const drm_xe_vm_bind_op& asked, std::uint32_t vm, AddressSpace* space) {
    switch (asked.op) {
        case DRM_XE_VM_BIND_OP_MAP:
        case DRM_XE_VM_BIND_OP_MAP_USERPTR:
            return map(call, asked, vm, space);
        case DRM_XE_VM_BIND_OP_UNMAP:
            space->unbind(asked.addr, asked.range);
            return 0;
        case DRM_XE_VM_BIND_OP_UNMAP_ALL: {
            const auto object = call.node.find(asked.obj);
            if (object == nullptr) {
                return -ENOENT;
            }
            space->unbind_object(*object);
            return 0;
        }
        case DRM_XE_VM_BIND_OP_PREFETCH:
            return 0;
        default:
            return -EINVAL;
    }
}

int vm_bind(const Call& call) {
    const auto& asked = call.as<drm_xe_vm_bind>();
    AddressSpace* const space = find_space(call.node, asked.vm_id);
    if (space == nullptr) {
        return -ENOENT;
    }
    const auto* operations =
        asked.num_binds == 1 ? &asked.bind
                             : reinterpret_cast<const drm_xe_vm_bind_op*>(asked.vector_of_binds);
    for (const drm_xe_vm_bind_op& operation : std::span(operations, asked.num_binds)) {
        if (const int problem = bind(call, operation, asked.vm_id, space); problem != 0) {
            return problem;
        }
    }
    return signal(syncs_of(asked), nullptr);
}

int exec_queue_create(const Call& call) {
    auto& asked = call.as<drm_xe_exec_queue_create>();
    auto& all = call.node.queues;
    if (asked.num_placements == 0) {
        return -EINVAL;
    }
    asked.exec_queue_id = all.empty() ? 1 : all.rbegin()->first + 1;
    const auto* placements = reinterpret_cast<const drm_xe_engine_class_instance*>(asked.instances);
    all[asked.exec_queue_id] = {asked.vm_id, placements->engine_class};
    trace("EXEC_QUEUE_CREATE node=%u vm=%u class=%u -> queue=%u", call.node.number, asked.vm_id,
          placements->engine_class, asked.exec_queue_id);
    return 0;
}

int exec_queue_destroy(const Call& call) {
    const std::uint32_t id = call.as<drm_xe_exec_queue_destroy>().exec_queue_id;
    return call.node.queues.erase(id) == 1 ? 0 : -ENOENT;
}

int exec_queue_get_property(const Call& call) {
    auto& asked = call.as<drm_xe_exec_queue_get_property>();
    asked.value = is_stopped() ? 1 : 0;  // DRM_XE_EXEC_QUEUE_GET_PROPERTY_BAN.
    return 0;
}

int accept(const Call&) {
    return 0;
}

int exec(const Call& call) {
    const auto& asked = call.as<drm_xe_exec>();
    const auto queue = call.node.queues.find(asked.exec_queue_id);
    if (queue == call.node.queues.end()) {
        return -ENOENT;
    }
    if (call.stopped) {
        return -ECANCELED;  // xe_exec.c: a queue that was banned after a hang.
    }
    const std::uint32_t vm = queue->second.address_space;
    AddressSpace* const space = find_space(call.node, vm);
    // xe_exec.c: as many batches as the queue is wide; those of the table are one wide.
    if (space == nullptr || asked.num_batch_buffer > 1) {
        return -EINVAL;
    }
    if (asked.num_batch_buffer == 0) {
        return signal(syncs_of(asked), space);
    }
    StreamResult result;
    if (!is_stopped()) {
        const auto syncs = syncs_of(asked);
        result = submit(call.node,
                        {asked.exec_queue_id, vm, asked.address,
                         [&node = call.node, vm, kept = std::vector(syncs.begin(), syncs.end())] {
                             signal(kept, find_space(node, vm));
                         }});
    }
    trace("EXEC node=%u queue=%u class=%u commands=%u stores=%u end=%s", call.node.number,
          asked.exec_queue_id, queue->second.engine_class, result.commands, result.stores,
          name_of(result.end));
    return 0;
}

bool is_met(const drm_xe_wait_user_fence& asked, std::uint64_t value) {
    const std::uint64_t found = value & asked.mask;
    const std::uint64_t wanted = asked.value & asked.mask;
    switch (asked.op) {
        case DRM_XE_UFENCE_WAIT_OP_EQ:
            return found == wanted;
        case DRM_XE_UFENCE_WAIT_OP_NEQ:
            return found != wanted;
        case DRM_XE_UFENCE_WAIT_OP_GT:
            return found > wanted;
        case DRM_XE_UFENCE_WAIT_OP_GTE:
            return found >= wanted;
        case DRM_XE_UFENCE_WAIT_OP_LT:
            return found < wanted;
        default:
            return found <= wanted;
    }
}

bool is_wait(const drm_xe_wait_user_fence& asked) {
    return asked.op <= DRM_XE_UFENCE_WAIT_OP_LTE && asked.addr % sizeof(std::uint64_t) == 0;
}

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

int wait_user_fence(const Call& call) {
    const auto& asked = call.as<drm_xe_wait_user_fence>();
    if (!is_wait(asked)) {
        return -EINVAL;
    }
    const bool absolute = (asked.flags & DRM_XE_UFENCE_WAIT_FLAG_ABSTIME) != 0;
    const std::int64_t start = absolute ? 0 : now_ns();
    // Another thread's submission may be what signals it.
    call.lock.unlock();
    int result = 0;
    while (true) {
        std::uint64_t value = 0;
        if (!read_user(asked.addr, &value)) {
            result = -EFAULT;
            break;
        }
        if (is_met(asked, value)) {
            break;
        }
        if (is_stopped()) {
            result = -EIO;
            break;
        }
        if (asked.timeout >= 0 && now_ns() - start >= asked.timeout) {
            result = -ETIME;
            break;
        }
        const timespec pause{0, 50'000};
        ::nanosleep(&pause, nullptr);
    }
    call.lock.lock();
    return result;
}

constexpr std::array kIoctls{
    Ioctl{DRM_XE_DEVICE_QUERY, "DEVICE_QUERY", xe_device_query},
    Ioctl{DRM_XE_GEM_CREATE, "GEM_CREATE", gem_create},
    Ioctl{DRM_XE_GEM_MMAP_OFFSET, "GEM_MMAP_OFFSET", gem_mmap_offset},
    Ioctl{DRM_XE_VM_CREATE, "VM_CREATE", vm_create},
    Ioctl{DRM_XE_VM_DESTROY, "VM_DESTROY", vm_destroy},
    Ioctl{DRM_XE_VM_BIND, "VM_BIND", vm_bind},
    Ioctl{DRM_XE_EXEC_QUEUE_CREATE, "EXEC_QUEUE_CREATE", exec_queue_create},
    Ioctl{DRM_XE_EXEC_QUEUE_DESTROY, "EXEC_QUEUE_DESTROY", exec_queue_destroy},
    Ioctl{DRM_XE_EXEC_QUEUE_GET_PROPERTY, "EXEC_QUEUE_GET_PROPERTY", exec_queue_get_property},
    Ioctl{DRM_XE_EXEC_QUEUE_SET_PROPERTY, "EXEC_QUEUE_SET_PROPERTY", accept},
    Ioctl{DRM_XE_MADVISE, "MADVISE", accept},
    Ioctl{DRM_XE_EXEC, "EXEC", exec},
    Ioctl{DRM_XE_WAIT_USER_FENCE, "WAIT_USER_FENCE", wait_user_fence},
};

}  // namespace

std::span<const Ioctl> xe_ioctls() {
    return kIoctls;
}

}  // namespace mrda::stub
