// SPDX-License-Identifier: MIT
#include "buffer.h"

#include <va/va_drmcommon.h>
#include <va/va_vpp.h>

#include <cstring>

#include "driver.h"
#include "entries.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

template <typename Use>
VAStatus with_buffer(VADriverContextP ctx, VABufferID id, Use&& use) {
    return guarded([&] {
        const auto buffer = driver_of(ctx).buffers.find(id);
        return buffer != nullptr ? use(*buffer) : VA_STATUS_ERROR_INVALID_BUFFER;
    });
}

}  // namespace

Buffer::Buffer(VABufferType type, std::size_t element_bytes, std::size_t count, const void* initial)
    : type_(type),
      element_bytes_(element_bytes),
      parameters_(element_bytes * count),
      element_count_(count) {
    if (initial != nullptr) {
        std::memcpy(parameters_.data(), initial, parameters_.size());
    }
}

Buffer::Buffer(std::shared_ptr<MemoryObject> memory, std::shared_ptr<Surface> surface,
               std::uint32_t size_bytes)
    : type_(VAImageBufferType),
      element_bytes_(size_bytes),
      memory_(std::move(memory)),
      surface_(std::move(surface)),
      element_count_(1) {}

Buffer::~Buffer() {
    if (handle_users_ > 0 && surface_ != nullptr) {
        surface_->release_by_others();
    }
}

std::size_t Buffer::element_count() const {
    const std::lock_guard lock(mutex_);
    return element_count_;
}

VAStatus Buffer::set_element_count(std::size_t count) {
    const std::lock_guard lock(mutex_);
    if (memory_ != nullptr || count == 0 || count > parameters_.size() / element_bytes_) {
        return VA_STATUS_ERROR_INVALID_PARAMETER;
    }
    element_count_ = count;
    return VA_STATUS_SUCCESS;
}

void* Buffer::map() {
    const std::lock_guard lock(mutex_);
    if (memory_ == nullptr) {
        return parameters_.data();
    }
    maps_.emplace_back(memory_);
    return memory_->data();
}

VAStatus Buffer::unmap() {
    const std::lock_guard lock(mutex_);
    if (memory_ != nullptr) {
        if (maps_.empty()) {
            return VA_STATUS_ERROR_INVALID_BUFFER;
        }
        maps_.pop_back();
    }
    return VA_STATUS_SUCCESS;
}

VAStatus Buffer::acquire(VABufferInfo& info) {
    if (memory_ == nullptr) {
        return VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE;
    }
    if (surface_ != nullptr && !surface_->wait_idle(VA_TIMEOUT_INFINITE)) {
        return VA_STATUS_ERROR_TIMEDOUT;
    }
    const std::lock_guard lock(mutex_);
    const bool wants_prime =
        info.mem_type == 0 || (info.mem_type & VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME) != 0;
    if (!wants_prime || !memory_->exportable()) {
        return VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
    }
    if (handle_users_ == 0) {
        auto exported = memory_->export_fd();
        if (!exported.ok()) {
            return static_cast<VAStatus>(exported.error().native);
        }
        handle_ = std::move(exported).value();
        if (surface_ != nullptr) {
            surface_->hold_for_others();
        }
    }
    ++handle_users_;
    info.handle = static_cast<std::uintptr_t>(handle_.get());
    info.type = type_;
    info.mem_type = VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME;
    info.mem_size = memory_->size_bytes();
    return VA_STATUS_SUCCESS;
}

VAStatus Buffer::release() {
    const std::lock_guard lock(mutex_);
    if (handle_users_ == 0) {
        return VA_STATUS_ERROR_INVALID_BUFFER;
    }
    if (--handle_users_ == 0) {
        handle_.reset();
        if (surface_ != nullptr) {
            surface_->release_by_others();
        }
    }
    return VA_STATUS_SUCCESS;
}

VAStatus create_buffer(VADriverContextP ctx, VAContextID context, VABufferType type, unsigned size,
                       unsigned count, void* data, VABufferID* id) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const bool filter = type == VAProcFilterParameterBufferType;
        if (type != VAProcPipelineParameterBufferType && !filter) {
            return VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE;
        }
        if (driver.contexts.find(context) == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONTEXT;
        }
        // A client built against newer headers has a longer structure that starts with ours.
        constexpr unsigned kMaxElement_bytes = 4096;
        const std::size_t least_bytes = filter ? sizeof(VAProcFilterParameterBufferBase)
                                               : sizeof(VAProcPipelineParameterBuffer);
        if (size < least_bytes || size > kMaxElement_bytes || count != 1) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        *id = driver.buffers.insert(std::make_shared<Buffer>(type, size, count, data));
        return *id != VA_INVALID_ID ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ALLOCATION_FAILED;
    });
}

VAStatus set_buffer_element_count(VADriverContextP ctx, VABufferID id, unsigned count) {
    return with_buffer(ctx, id, [&](Buffer& buffer) { return buffer.set_element_count(count); });
}

VAStatus map_buffer(VADriverContextP ctx, VABufferID id, void** data) {
    return with_buffer(ctx, id, [&](Buffer& buffer) {
        *data = buffer.map();
        return VA_STATUS_SUCCESS;
    });
}

VAStatus unmap_buffer(VADriverContextP ctx, VABufferID id) {
    return with_buffer(ctx, id, [](Buffer& buffer) { return buffer.unmap(); });
}

VAStatus destroy_buffer(VADriverContextP ctx, VABufferID id) {
    return guarded([&] {
        return driver_of(ctx).buffers.remove(id) != nullptr ? VA_STATUS_SUCCESS
                                                            : VA_STATUS_ERROR_INVALID_BUFFER;
    });
}

VAStatus buffer_info(VADriverContextP ctx, VABufferID id, VABufferType* type, unsigned* size,
                     unsigned* count) {
    return with_buffer(ctx, id, [&](Buffer& buffer) {
        *type = buffer.type();
        *size = static_cast<unsigned>(buffer.element_bytes());
        *count = static_cast<unsigned>(buffer.element_count());
        return VA_STATUS_SUCCESS;
    });
}

// Pictures are processed within vaEndPicture: no buffer ever has work of its own pending.
VAStatus sync_buffer(VADriverContextP ctx, VABufferID id, std::uint64_t) {
    return with_buffer(ctx, id, [](Buffer&) { return VA_STATUS_SUCCESS; });
}

VAStatus acquire_buffer_handle(VADriverContextP ctx, VABufferID id, VABufferInfo* info) {
    return with_buffer(ctx, id, [&](Buffer& buffer) { return buffer.acquire(*info); });
}

VAStatus release_buffer_handle(VADriverContextP ctx, VABufferID id) {
    return with_buffer(ctx, id, [](Buffer& buffer) { return buffer.release(); });
}

}  // namespace mrda::va_soft
