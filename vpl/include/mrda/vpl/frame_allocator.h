// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfx.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/vaapi/image.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vpl {

/// oneVPL's fourcc and chroma format for a DRM fourcc.
struct MfxFormat {
    std::uint32_t drm_fourcc;
    std::uint32_t fourcc;
    std::uint16_t chroma_format;
    std::uint16_t bit_depth;
};
/// Errors: unsupported (oneVPL has no such encoder input).
Result<MfxFormat> mfx_format_of(std::uint32_t drm_fourcc);

/// An mfxFrameAllocator over a fixed set of surfaces, so that a runtime works in memory that came
/// from elsewhere. The runtime may call it from its own threads. Lives at one address, hence behind
/// a unique_ptr; it must outlive the session that it is set on.
class FrameAllocator {
  public:
    /// Takes the surfaces. Errors: invalid_argument (none; of different sizes or formats).
    static Result<std::unique_ptr<FrameAllocator>> create(std::vector<vaapi::Surface> surfaces);
    FrameAllocator(const FrameAllocator&) = delete;
    FrameAllocator& operator=(const FrameAllocator&) = delete;

    /// For MFXVideoCORE_SetFrameAllocator. Alloc gives the surfaces, or MFX_ERR_UNSUPPORTED for
    /// system memory, another fourcc, larger frames or more of them than there are; GetHDL a
    /// VASurfaceID*; Lock maps a surface (a driver that shows a copy gives MFX_ERR_LOCK_MEMORY);
    /// Free forgets.
    [[nodiscard]] mfxFrameAllocator* interface() { return &interface_; }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] const vaapi::Surface& surface(std::size_t index) const {
        return entries_[index]->surface;
    }
    /// Its mfxMemId, for mfxFrameData::MemId.
    [[nodiscard]] mfxMemId memory_id(std::size_t index) const { return entries_[index].get(); }
    /// How often the runtime asked for a surface instead of a mapping, for reports.
    [[nodiscard]] std::uint64_t handles_given() const { return handles_given_; }

  private:
    struct Entry {
        explicit Entry(vaapi::Surface taken) : surface(std::move(taken)), id(surface.id()) {}

        vaapi::Surface surface;
        VASurfaceID id;  // GetHDL hands out its address.
        std::optional<vaapi::MappedImage> mapping;
        unsigned locks = 0;
    };

    FrameAllocator();

    static mfxStatus alloc(mfxHDL self, mfxFrameAllocRequest* request,
                           mfxFrameAllocResponse* response);
    static mfxStatus lock(mfxHDL self, mfxMemId id, mfxFrameData* data);
    static mfxStatus unlock(mfxHDL self, mfxMemId id, mfxFrameData* data);
    static mfxStatus get_handle(mfxHDL self, mfxMemId id, mfxHDL* handle);
    static mfxStatus free(mfxHDL self, mfxFrameAllocResponse* response);

    Entry* find(mfxMemId id) const;
    /// False if the entry is not mapped. With mutex_ held.
    static bool add_lock(Entry& entry, mfxFrameData& data);

    mfxFrameAllocator interface_{};
    std::vector<std::unique_ptr<Entry>> entries_;
    std::vector<mfxMemId> ids_;  // What Alloc's response points to.
    std::mutex mutex_;           // Guards the entries' mappings.
    std::atomic<std::uint64_t> handles_given_ = 0;
};

}  // namespace mrda::vpl
