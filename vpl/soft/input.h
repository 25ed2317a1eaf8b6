// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>
#include <vpl/mfxstructures.h>
#include <vpl/mfxvideo.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace mrda::vpl::soft {

/// What the frames of one encode must look like: the part of the surface that is encoded.
struct FrameFormat {
    mfxU32 fourcc = 0;
    int width_px = 0;
    int height_px = 0;
    bool video_memory = false;
};

struct FramePlanes {
    std::array<const std::uint8_t*, 2> data{};
    std::array<int, 2> pitch_bytes{};
};

/// Where surfaces come from: the client's display and allocator, copied when it set them.
struct FrameSource {
    VADisplay display = nullptr;
    std::optional<mfxFrameAllocator> allocator;
};

/// A client's surface while the runtime holds it: locked (Data.Locked, and a reference if it is
/// counted) from acquire() to the destructor, its pixels readable from map() to unmap().
class FrameInput {
  public:
    FrameInput() = default;
    FrameInput(FrameInput&& other) noexcept;
    FrameInput& operator=(FrameInput&& other) noexcept;
    ~FrameInput() { release(); }

    /// Checks `surface` against `format` and locks it. On an error nothing is held.
    static mfxStatus acquire(const FrameSource& source, const FrameFormat& format,
                             mfxFrameSurface1& surface, FrameInput& out);

    /// Waits until the surface is written, and finds its planes. `copied_bytes` counts what had to
    /// be fetched where the VA driver cannot show a surface as it is.
    mfxStatus map(FramePlanes& planes, std::uint64_t& copied_bytes);
    void unmap();
    void release();

  private:
    mfxStatus take_video_memory(mfxFrameSurface1& surface);
    mfxStatus take_system_memory(mfxFrameSurface1& surface);
    mfxStatus point_at(const mfxFrameData& data);
    VAStatus open_image(std::uint64_t& copied_bytes);
    mfxStatus planes_of_image(const std::uint8_t* bytes, FramePlanes& planes) const;

    FrameSource source_;
    FrameFormat format_;
    int crop_x_px_ = 0;
    int crop_y_px_ = 0;
    mfxFrameSurface1* surface_ = nullptr;
    bool allocator_locked_ = false;
    mfxFrameData locked_data_{};
    FramePlanes planes_;
    VASurfaceID va_surface_ = VA_INVALID_SURFACE;
    VAImage image_{};
    bool image_mapped_ = false;
};

}  // namespace mrda::vpl::soft
