// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "frame_view.h"
#include "memory.h"

namespace mrda::va_soft {

struct PlaneLocation {
    std::uint32_t object = 0;  ///< Which of the surface's memory objects.
    std::uint32_t offset_bytes = 0;
    std::uint32_t pitch_bytes = 0;
};

/// What a surface is made of; checked by whoever makes it.
struct SurfaceStorage {
    const PixelFormat* format = nullptr;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::vector<std::shared_ptr<MemoryObject>> objects;
    std::array<PlaneLocation, kMaxPlanes> planes{};
};

/// A VASurface. Its storage never changes; whether work on it is pending is thread-safe.
class Surface {
  public:
    explicit Surface(SurfaceStorage storage) : storage_(std::move(storage)) {}

    /// Zeroed memory of the driver's own.
    static Result<std::shared_ptr<Surface>> allocate(const PixelFormat& format,
                                                     std::uint32_t width_px,
                                                     std::uint32_t height_px);

    [[nodiscard]] const SurfaceStorage& storage() const { return storage_; }
    [[nodiscard]] FrameView view() const;
    /// Access to all of its memory, for as long as the value lives.
    [[nodiscard]] std::vector<CpuAccess> cpu_access() const;

    void begin_work();
    void end_work();
    [[nodiscard]] bool idle() const;
    /// Waits until no work is pending. False if `timeout_ns` passes first.
    [[nodiscard]] bool wait_idle(std::uint64_t timeout_ns) const;

    /// vaAcquireBufferHandle keeps the driver off a surface until the handle is released.
    void hold_for_others() { ++external_holds_; }
    void release_by_others() { --external_holds_; }
    [[nodiscard]] bool held_by_others() const { return external_holds_ > 0; }

  private:
    const SurfaceStorage storage_;
    mutable std::mutex mutex_;
    mutable std::condition_variable became_idle_;
    unsigned pending_ = 0;
    std::atomic<int> external_holds_ = 0;
};

/// Marks work on a surface as pending while it lives.
class PendingWork {
  public:
    explicit PendingWork(Surface& surface) : surface_(surface) { surface_.begin_work(); }
    PendingWork(const PendingWork&) = delete;
    PendingWork& operator=(const PendingWork&) = delete;
    ~PendingWork() { surface_.end_work(); }

  private:
    Surface& surface_;
};

}  // namespace mrda::va_soft
