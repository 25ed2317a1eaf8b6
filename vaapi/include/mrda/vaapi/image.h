// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "mrda/interop/copy_ledger.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi {

struct ImageHandle {
    VADisplay display = nullptr;
    VAImageID id = VA_INVALID_ID;

    bool operator==(const ImageHandle&) const = default;
};
struct ImagePolicy {
    using Handle = ImageHandle;
    static Handle null() { return {}; }
    static void close(Handle image);
};
struct MappingHandle {
    VADisplay display = nullptr;
    VABufferID buffer = VA_INVALID_ID;

    bool operator==(const MappingHandle&) const = default;
};
struct MappingPolicy {
    using Handle = MappingHandle;
    static Handle null() { return {}; }
    static void close(Handle mapping);
};

/// A surface's pixels, open to the CPU from map() until destruction. The surface must outlive it
/// and must not be given to the device meanwhile. For one thread at a time.
class MappedImage {
  public:
    MappedImage(MappedImage&&) noexcept = default;
    MappedImage& operator=(MappedImage&& other) noexcept;
    ~MappedImage() = default;

    /// Waits until the surface is idle, then derives an image and maps it: linear memory is shown
    /// as it is and written through, tiled memory is shown detiled. Where the driver cannot derive,
    /// the image is a copy to read from, booked in `ledger`. Errors: unsupported, what the driver
    /// returned.
    static Result<MappedImage> map(const Surface& surface, CopyLedger& ledger);

    [[nodiscard]] std::byte* plane(std::size_t index) const;
    [[nodiscard]] std::uint32_t pitch_bytes(std::size_t index) const {
        return image_.pitches[index];
    }
    [[nodiscard]] std::uint32_t offset_bytes(std::size_t index) const {
        return image_.offsets[index];
    }
    [[nodiscard]] std::size_t plane_count() const { return image_.num_planes; }
    /// Whether writes reach the surface.
    [[nodiscard]] bool writes_through() const { return derived_; }

  private:
    MappedImage() = default;

    VAImage image_{};
    bool derived_ = false;
    std::byte* data_ = nullptr;
    Owned<ImagePolicy> owner_;
    Owned<MappingPolicy> mapping_;
};

/// The way of last resort: the CPU copies a frame that lies at `from` as `layout` says into
/// `surface`, and books it in `ledger` with `reason`. Waits until the surface is idle. Errors:
/// invalid_argument (another size or format, a tiled layout), what the driver returned.
Result<void> copy_to_surface(const std::byte* from, const FrameLayout& layout,
                             const Surface& surface, CopyLedger& ledger, std::string_view reason);

}  // namespace mrda::vaapi
