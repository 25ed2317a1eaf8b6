// SPDX-License-Identifier: MIT
// i915's ioctls: objects, contexts, submission.
#include <drm.h>
#include <i915_drm.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <span>
#include <string>

#include "engine.h"
#include "fault.h"
#include "i915_query.h"
#include "node.h"
#include "system.h"
#include "trace.h"

namespace mrda::stub {

namespace {

constexpr std::uint64_t kAddressBits = 48;
constexpr std::uint32_t kCreateSetPat = 2;  // I915_GEM_CREATE_EXT_SET_PAT, since Linux 6.6.

/// DRM_I915_GEM_CREATE_EXT's extensions: where the object is to lie. A negative errno where one is
/// not known.
int read_extensions(const Node& node, std::uint64_t first, Region* region) {
    for (std::uint64_t at = first; at != 0;) {
        const auto& extension = *reinterpret_cast<const i915_user_extension*>(at);
        if (extension.name == I915_GEM_CREATE_EXT_MEMORY_REGIONS) {
            const auto& asked =
                *reinterpret_cast<const drm_i915_gem_create_ext_memory_regions*>(at);
            const auto* regions =
                reinterpret_cast<const drm_i915_gem_memory_class_instance*>(asked.regions);
            *region = asked.num_regions > 0 && regions[0].memory_class == I915_MEMORY_CLASS_DEVICE
                          ? Region::local
                          : Region::system;
        } else if (extension.name == kCreateSetPat && node.device->kind->local_memory_bytes == 0) {
            return -EINVAL;
        }
        at = extension.next_extension;
    }
    return 0;
}

int create(const Call& call, std::uint64_t extensions) {
    // The plain ioctl's structure is the beginning of the other's.
    auto& asked = call.as<drm_i915_gem_create>();
    Region region = Region::system;
    if (asked.size == 0) {
        return -EINVAL;
    }
    if (const int problem = read_extensions(call.node, extensions, &region); problem != 0) {
        return problem;
    }
    const auto object = Object::create(asked.size, region);
    if (object == nullptr) {
        return -ENOMEM;
    }
    asked.size = object->size_bytes();
    asked.handle = call.node.handle_of(object);
    trace("GEM_CREATE node=%u size=%llu region=%s -> handle=%u bo=%u", call.node.number,
          static_cast<unsigned long long>(object->size_bytes()),
          region == Region::local ? "local" : "system", asked.handle, object->number());
    return 0;
}

int gem_create(const Call& call) {
    return create(call, 0);
}
int gem_create_ext(const Call& call) {
    return create(call, call.as<drm_i915_gem_create_ext>().extensions);
}

int gem_userptr(const Call& call) {
    auto& asked = call.as<drm_i915_gem_userptr>();
    if (((asked.user_ptr | asked.user_size) & 4095) != 0 || asked.user_size == 0) {
        return -EINVAL;
    }
    const auto object = Object::of_user_pages(asked.user_ptr, asked.user_size);
    asked.handle = call.node.handle_of(object);
    trace("GEM_USERPTR node=%u at=@%llx size=%llu -> handle=%u bo=%u", call.node.number,
          static_cast<unsigned long long>(asked.user_ptr),
          static_cast<unsigned long long>(asked.user_size), asked.handle, object->number());
    return 0;
}

/// DRM_I915_GEM_MMAP_GTT and, at the same number, DRM_I915_GEM_MMAP_OFFSET; their structures begin
/// alike.
int gem_mmap_offset(const Call& call) {
    auto& asked = call.as<drm_i915_gem_mmap_gtt>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr || object->is_user_pages()) {
        return object == nullptr ? -ENOENT : -ENODEV;
    }
    asked.offset = map_offset_of(*object);
    return 0;
}

bool is_within(const Object& object, std::uint64_t offset, std::uint64_t size) {
    return offset <= object.size_bytes() && size <= object.size_bytes() - offset;
}

int gem_mmap(const Call& call) {
    auto& asked = call.as<drm_i915_gem_mmap>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr || object->is_user_pages()) {
        return object == nullptr ? -ENOENT : -ENXIO;
    }
    // The kernel refuses this where there is memory of the device's own.
    if (call.node.device->kind->local_memory_bytes != 0) {
        return -EOPNOTSUPP;
    }
    const long mapped =
        ::syscall(SYS_mmap, nullptr, asked.size, 3, 1, object->memory(), asked.offset);
    if (mapped == -1) {
        return -ENOMEM;
    }
    asked.addr_ptr = static_cast<std::uint64_t>(mapped);
    trace("MAP bo=%u length=%llu by=ioctl", object->number(),
          static_cast<unsigned long long>(asked.size));
    return 0;
}

int gem_pwrite(const Call& call) {
    const auto& asked = call.as<drm_i915_gem_pwrite>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr) {
        return -ENOENT;
    }
    if (!is_within(*object, asked.offset, asked.size)) {
        return -EINVAL;
    }
    trace("GEM_PWRITE bo=%u size=%llu", object->number(),
          static_cast<unsigned long long>(asked.size));
    return ::pwrite(object->memory(), reinterpret_cast<const void*>(asked.data_ptr), asked.size,
                    static_cast<off_t>(asked.offset)) < 0
               ? -errno
               : 0;
}

int gem_pread(const Call& call) {
    const auto& asked = call.as<drm_i915_gem_pread>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr) {
        return -ENOENT;
    }
    if (!is_within(*object, asked.offset, asked.size)) {
        return -EINVAL;
    }
    trace("GEM_PREAD bo=%u size=%llu", object->number(),
          static_cast<unsigned long long>(asked.size));
    return ::pread(object->memory(), reinterpret_cast<void*>(asked.data_ptr), asked.size,
                   static_cast<off_t>(asked.offset)) < 0
               ? -errno
               : 0;
}

int gem_set_tiling(const Call& call) {
    auto& asked = call.as<drm_i915_gem_set_tiling>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr) {
        return -ENOENT;
    }
    object->tiling = asked.tiling_mode;
    object->stride = asked.stride;
    asked.swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
    trace("GEM_SET_TILING bo=%u mode=%u stride=%u", object->number(), asked.tiling_mode,
          asked.stride);
    return 0;
}

int gem_get_tiling(const Call& call) {
    auto& asked = call.as<drm_i915_gem_get_tiling>();
    const auto object = call.node.find(asked.handle);
    if (object == nullptr) {
        return -ENOENT;
    }
    asked.tiling_mode = object->tiling;
    asked.swizzle_mode = asked.phys_swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
    return 0;
}

int gem_busy(const Call& call) {
    auto& asked = call.as<drm_i915_gem_busy>();
    asked.busy = call.node.waiting.empty() ? 0 : 1;
    return call.node.find(asked.handle) == nullptr ? -ENOENT : 0;
}

int gem_wait(const Call& call) {
    const auto& asked = call.as<drm_i915_gem_wait>();
    if (call.node.find(asked.bo_handle) == nullptr) {
        return -ENOENT;
    }
    // After a reset nothing is in flight, and a wait succeeds.
    return wait_until_idle(call, asked.timeout_ns) ? 0 : -ETIME;
}

int gem_madvise(const Call& call) {
    auto& asked = call.as<drm_i915_gem_madvise>();
    asked.retained = 1;
    return call.node.find(asked.handle) == nullptr ? -ENOENT : 0;
}

/// What begins with a handle, and moves nothing here: the caches of this device are always
/// coherent.
int of_a_handle(const Call& call) {
    return call.node.find(call.as<std::uint32_t>()) == nullptr ? -ENOENT : 0;
}

int gem_get_caching(const Call& call) {
    auto& asked = call.as<drm_i915_gem_caching>();
    asked.caching = I915_CACHING_CACHED;
    return call.node.find(asked.handle) == nullptr ? -ENOENT : 0;
}

int gem_throttle(const Call&) {
    return is_lost() ? -EIO : 0;
}

int gem_get_aperture(const Call& call) {
    auto& asked = call.as<drm_i915_gem_get_aperture>();
    asked.aper_size = asked.aper_available_size = std::uint64_t{1} << kAddressBits;
    return 0;
}

int context_create(const Call& call) {
    call.as<drm_i915_gem_context_create>().ctx_id = ++call.node.last_context;
    trace("CONTEXT_CREATE node=%u -> context=%u", call.node.number, call.node.last_context);
    return 0;
}

int context_destroy(const Call&) {
    return 0;
}
int context_set(const Call&) {
    return 0;
}

int context_get(const Call& call) {
    auto& asked = call.as<drm_i915_gem_context_param>();
    asked.size = 0;
    switch (asked.param) {
        case I915_CONTEXT_PARAM_GTT_SIZE:
            asked.value = std::uint64_t{1} << kAddressBits;
            return 0;
        case I915_CONTEXT_PARAM_VM:
            asked.value = ++call.node.last_context;
            return 0;
        case I915_CONTEXT_PARAM_SSEU: {
            auto* sseu = reinterpret_cast<drm_i915_gem_context_param_sseu*>(asked.value);
            asked.size = sizeof *sseu;
            if (sseu != nullptr) {
                sseu->slice_mask = 1;
                sseu->subslice_mask = subslice_mask(*call.node.device->kind);
                sseu->min_eus_per_subslice = sseu->max_eus_per_subslice =
                    static_cast<std::uint16_t>(call.node.device->kind->execution_units);
            }
            return 0;
        }
        default:
            asked.value = 0;
            return 0;
    }
}

int vm_create(const Call& call) {
    call.as<drm_i915_gem_vm_control>().vm_id = ++call.node.last_context;
    return 0;
}
int vm_destroy(const Call&) {
    return 0;
}

int reg_read(const Call& call) {
    call.as<drm_i915_reg_read>().val = device_ticks();
    return 0;
}

int get_reset_stats(const Call& call) {
    auto& asked = call.as<drm_i915_reset_stats>();
    asked.reset_count = asked.batch_active = is_stopped() ? 1 : 0;
    asked.batch_pending = 0;
    return 0;
}

/// Binds the submission's objects where they are pinned, or at a place of their own. Their names go
/// into the trace.
int bind_objects(const Call& call, std::span<drm_i915_gem_exec_object2> objects,
                 AddressSpace* space, std::string* names) {
    for (drm_i915_gem_exec_object2& entry : objects) {
        const auto object = call.node.find(entry.handle);
        if (object == nullptr) {
            return -ENOENT;
        }
        if ((entry.flags & EXEC_OBJECT_PINNED) == 0) {
            entry.offset = std::uint64_t{object->number()} << 32;
        }
        space->bind(entry.offset, object, 0, object->size_bytes());
        *names += (names->empty() ? "" : ",") + std::to_string(object->number()) +
                  ((entry.flags & EXEC_OBJECT_WRITE) != 0 ? "w" : "");
    }
    return 0;
}

int relocate(const Call& call, const drm_i915_gem_execbuffer2& asked,
             std::span<drm_i915_gem_exec_object2> objects, AddressSpace* space) {
    for (const drm_i915_gem_exec_object2& entry : objects) {
        auto* relocations = reinterpret_cast<drm_i915_gem_relocation_entry*>(entry.relocs_ptr);
        for (auto& relocation : std::span(relocations, entry.relocation_count)) {
            std::uint32_t handle = relocation.target_handle;
            if ((asked.flags & I915_EXEC_HANDLE_LUT) != 0) {
                if (handle >= objects.size()) {
                    return -ENOENT;
                }
                handle = objects[handle].handle;
            }
            const auto target = call.node.find(handle);
            if (target == nullptr) {
                return -ENOENT;
            }
            const std::uint64_t address = space->address_of(*target);
            space->write64(entry.offset + relocation.offset, address + relocation.delta);
            relocation.presumed_offset = address;
        }
    }
    return 0;
}

int execbuffer2(const Call& call) {
    auto& asked = call.as<drm_i915_gem_execbuffer2>();
    if (call.stopped || is_lost()) {
        return -EIO;
    }
    if (asked.buffer_count == 0) {
        return -EINVAL;
    }
    const std::span objects(reinterpret_cast<drm_i915_gem_exec_object2*>(asked.buffers_ptr),
                            asked.buffer_count);
    // A stream may call a batch that an earlier submission brought and this one does not list:
    // bindings stay until the object is closed.
    AddressSpace& space = call.node.i915_space;
    std::string names;
    if (const int problem = bind_objects(call, objects, &space, &names); problem != 0) {
        return problem;
    }
    if (const int problem = relocate(call, asked, objects, &space); problem != 0) {
        return problem;
    }
    const auto& batch =
        (asked.flags & I915_EXEC_BATCH_FIRST) != 0 ? objects.front() : objects.back();
    StreamResult result;
    if (!is_stopped()) {
        const std::uint64_t queue =
            (asked.rsvd1 & 0xffffffff) << 32 | (asked.flags & I915_EXEC_RING_MASK);
        result = submit(call.node, {queue, 0, batch.offset + asked.batch_start_offset, {}});
    }
    trace("EXECBUFFER2 node=%u context=%llu ring=%llu commands=%u stores=%u end=%s bos=%s",
          call.node.number, static_cast<unsigned long long>(asked.rsvd1 & 0xffffffff),
          static_cast<unsigned long long>(asked.flags & I915_EXEC_RING_MASK), result.commands,
          result.stores, name_of(result.end), names.c_str());
    // i915_drm.h: the upper half of rsvd2 is the fence that is given back, which is signalled.
    if ((asked.flags & I915_EXEC_FENCE_OUT) != 0) {
        const auto fence = static_cast<std::uint32_t>(::eventfd(1, EFD_CLOEXEC));
        asked.rsvd2 = (asked.rsvd2 & 0xffffffff) | std::uint64_t{fence} << 32;
    }
    return 0;
}

constexpr std::array kIoctls{
    Ioctl{DRM_I915_GETPARAM, "GETPARAM", i915_getparam},
    Ioctl{DRM_I915_QUERY, "QUERY", i915_query},
    Ioctl{DRM_I915_GEM_CREATE, "GEM_CREATE", gem_create},
    Ioctl{DRM_I915_GEM_CREATE_EXT, "GEM_CREATE_EXT", gem_create_ext},
    Ioctl{DRM_I915_GEM_USERPTR, "GEM_USERPTR", gem_userptr},
    Ioctl{DRM_I915_GEM_MMAP_GTT, "GEM_MMAP_OFFSET", gem_mmap_offset},
    Ioctl{DRM_I915_GEM_MMAP, "GEM_MMAP", gem_mmap},
    Ioctl{DRM_I915_GEM_PWRITE, "GEM_PWRITE", gem_pwrite},
    Ioctl{DRM_I915_GEM_PREAD, "GEM_PREAD", gem_pread},
    Ioctl{DRM_I915_GEM_SET_TILING, "GEM_SET_TILING", gem_set_tiling},
    Ioctl{DRM_I915_GEM_GET_TILING, "GEM_GET_TILING", gem_get_tiling},
    Ioctl{DRM_I915_GEM_BUSY, "GEM_BUSY", gem_busy},
    Ioctl{DRM_I915_GEM_WAIT, "GEM_WAIT", gem_wait},
    Ioctl{DRM_I915_GEM_MADVISE, "GEM_MADVISE", gem_madvise},
    Ioctl{DRM_I915_GEM_SET_DOMAIN, "GEM_SET_DOMAIN", of_a_handle},
    Ioctl{DRM_I915_GEM_SW_FINISH, "GEM_SW_FINISH", of_a_handle},
    Ioctl{DRM_I915_GEM_SET_CACHING, "GEM_SET_CACHING", of_a_handle},
    Ioctl{DRM_I915_GEM_GET_CACHING, "GEM_GET_CACHING", gem_get_caching},
    Ioctl{DRM_I915_GEM_THROTTLE, "GEM_THROTTLE", gem_throttle},
    Ioctl{DRM_I915_GEM_GET_APERTURE, "GEM_GET_APERTURE", gem_get_aperture},
    Ioctl{DRM_I915_GEM_CONTEXT_CREATE, "CONTEXT_CREATE", context_create},
    Ioctl{DRM_I915_GEM_CONTEXT_DESTROY, "CONTEXT_DESTROY", context_destroy},
    Ioctl{DRM_I915_GEM_CONTEXT_SETPARAM, "CONTEXT_SETPARAM", context_set},
    Ioctl{DRM_I915_GEM_CONTEXT_GETPARAM, "CONTEXT_GETPARAM", context_get},
    Ioctl{DRM_I915_GEM_VM_CREATE, "VM_CREATE", vm_create},
    Ioctl{DRM_I915_GEM_VM_DESTROY, "VM_DESTROY", vm_destroy},
    Ioctl{DRM_I915_REG_READ, "REG_READ", reg_read},
    Ioctl{DRM_I915_GET_RESET_STATS, "GET_RESET_STATS", get_reset_stats},
    Ioctl{DRM_I915_GEM_EXECBUFFER2, "EXECBUFFER2", execbuffer2},
};

}  // namespace

std::span<const Ioctl> i915_ioctls() {
    return kIoctls;
}

}  // namespace mrda::stub
