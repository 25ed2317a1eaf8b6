// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <cstdint>
#include <optional>
#include <string>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/path.h"
#include "mrda/interop/result.h"
#include "mrda/interop/sync.h"
#include "mrda/vaapi/display.h"

namespace mrda::vaapi {

struct SurfaceHandle {
    VADisplay display = nullptr;
    VASurfaceID id = VA_INVALID_SURFACE;

    bool operator==(const SurfaceHandle&) const = default;
};

struct SurfacePolicy {
    using Handle = SurfaceHandle;
    static Handle null() { return {}; }
    static void close(Handle surface);
};

/// What a surface's memory is made of, and how its pixels lie there.
struct SurfaceExport {
    DmaBuf object;
    FrameLayout layout;
};

/// A VA surface. Move-only; its Display must outlive it. VASurfaceIDs are reused: keep a Surface,
/// not its number. Const calls may be made from several threads at once.
class Surface {
  public:
    /// Memory that the driver allocates, in the layout that it likes (tiled, on a GPU).
    /// Errors: unsupported (format), invalid_argument (size), out_of_memory.
    static Result<Surface> allocate(const Display& display, std::uint32_t drm_fourcc,
                                    std::uint32_t width_px, std::uint32_t height_px);

    [[nodiscard]] VASurfaceID id() const { return surface_.get().id; }
    [[nodiscard]] VADisplay display() const { return surface_.get().display; }
    [[nodiscard]] const PixelFormat& format() const { return *format_; }
    [[nodiscard]] std::uint32_t width_px() const { return width_px_; }
    [[nodiscard]] std::uint32_t height_px() const { return height_px_; }

    /// Until the device is done with the surface. vaSyncSurface takes no deadline before VA 1.15's
    /// vaSyncSurface2; where the driver lacks that, a bounded wait may overrun.
    [[nodiscard]] Result<void> wait(std::uint64_t timeout_ns = kWaitForever) const;
    /// This surface as a Sync; the surface must outlive it.
    [[nodiscard]] Sync sync() const;

    /// The surface's memory as a DMA-BUF with its true modifier. Synchronises nothing: wait()
    /// first. The surface's memory lives until both are gone.  va.h: the caller closes the
    /// descriptors. Errors: unsupported (user-pointer surfaces; planes in several objects), what
    /// the driver returned.
    [[nodiscard]] Result<SurfaceExport> export_dma_buf() const;

  private:
    friend class SurfaceImporter;
    Surface(SurfaceHandle handle, const PixelFormat& format, std::uint32_t width_px,
            std::uint32_t height_px)
        : format_(&format), width_px_(width_px), height_px_(height_px), surface_(handle) {}

    const PixelFormat* format_;
    std::uint32_t width_px_;
    std::uint32_t height_px_;
    Owned<SurfacePolicy> surface_;
};

}  // namespace mrda::vaapi
