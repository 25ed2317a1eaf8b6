// SPDX-License-Identifier: MIT
#include "surface.h"

#include <algorithm>
#include <chrono>

namespace mrda::va_soft {

Result<std::shared_ptr<Surface>> Surface::allocate(const PixelFormat& format,
                                                   std::uint32_t width_px,
                                                   std::uint32_t height_px) {
    const PackedLayout layout = packed_layout(format, width_px, height_px);
    MRDA_ASSIGN(auto memory, MemoryObject::allocate(layout.size_bytes));
    SurfaceStorage storage{&format, width_px, height_px, {std::move(memory)}, {}};
    for (std::uint32_t plane = 0; plane < format.plane_count; ++plane) {
        storage.planes[plane] = {0, layout.offset_bytes[plane], layout.pitch_bytes[plane]};
    }
    return std::make_shared<Surface>(std::move(storage));
}

FrameView Surface::view() const {
    FrameView view{storage_.format, storage_.width_px, storage_.height_px, {}, {}};
    for (std::uint32_t plane = 0; plane < storage_.format->plane_count; ++plane) {
        const PlaneLocation& location = storage_.planes[plane];
        view.data[plane] = storage_.objects[location.object]->data() + location.offset_bytes;
        view.pitch_bytes[plane] = location.pitch_bytes;
    }
    return view;
}

std::vector<CpuAccess> Surface::cpu_access() const {
    std::vector<CpuAccess> access;
    access.reserve(storage_.objects.size());
    for (const auto& object : storage_.objects) {
        access.emplace_back(object);
    }
    return access;
}

void Surface::begin_work() {
    const std::lock_guard lock(mutex_);
    ++pending_;
}

void Surface::end_work() {
    const std::lock_guard lock(mutex_);
    if (--pending_ == 0) {
        became_idle_.notify_all();
    }
}

bool Surface::idle() const {
    const std::lock_guard lock(mutex_);
    return pending_ == 0;
}

bool Surface::wait_idle(std::uint64_t timeout_ns) const {
    std::unique_lock lock(mutex_);
    // A deadline further than this would overflow the clock; nobody waits for it.
    constexpr std::uint64_t kForever_ns = 1'000'000'000ULL * 60 * 60 * 24 * 365;
    const auto timeout = std::chrono::nanoseconds(std::min(timeout_ns, kForever_ns));
    return became_idle_.wait_for(lock, timeout, [this] { return pending_ == 0; });
}

}  // namespace mrda::va_soft
