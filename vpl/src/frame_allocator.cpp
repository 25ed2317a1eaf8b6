// SPDX-License-Identifier: MIT
#include "mrda/vpl/frame_allocator.h"

#include <drm_fourcc.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "mrda/interop/copy_ledger.h"

namespace mrda::vpl {

namespace {

// oneVPL's RGB4 is B,G,R,A in memory, BGR4 is R,G,B,A; neither tells alpha from padding.
constexpr std::array<MfxFormat, 7> kFormats{{
    {DRM_FORMAT_NV12, MFX_FOURCC_NV12, MFX_CHROMAFORMAT_YUV420, 8},
    {DRM_FORMAT_P010, MFX_FOURCC_P010, MFX_CHROMAFORMAT_YUV420, 10},
    {DRM_FORMAT_ARGB8888, MFX_FOURCC_RGB4, MFX_CHROMAFORMAT_YUV444, 8},
    {DRM_FORMAT_XRGB8888, MFX_FOURCC_RGB4, MFX_CHROMAFORMAT_YUV444, 8},
    {DRM_FORMAT_ABGR8888, MFX_FOURCC_BGR4, MFX_CHROMAFORMAT_YUV444, 8},
    {DRM_FORMAT_XBGR8888, MFX_FOURCC_BGR4, MFX_CHROMAFORMAT_YUV444, 8},
    {DRM_FORMAT_YUYV, MFX_FOURCC_YUY2, MFX_CHROMAFORMAT_YUV422, 8},
}};

/// Where mfxFrameData keeps the planes of each kind of format.
void set_planes(std::uint32_t drm_fourcc, const vaapi::MappedImage& image, mfxFrameData& data) {
    const auto plane = [&](std::size_t i) { return reinterpret_cast<mfxU8*>(image.plane(i)); };
    data.PitchHigh = static_cast<mfxU16>(image.pitch_bytes(0) >> 16U);
    data.PitchLow = static_cast<mfxU16>(image.pitch_bytes(0) & 0xffffU);
    if (image.plane_count() > 1) {
        data.Y = plane(0);
        data.UV = plane(1);
        return;
    }
    mfxU8* const first = plane(0);
    if (drm_fourcc == DRM_FORMAT_YUYV) {  // Y and R share a field, as do U and G, V and B.
        data.Y = first;
        data.U = first + 1;
        data.V = first + 3;
        return;
    }
    // RGB4 begins with blue, BGR4 with red.
    const bool red_first = drm_fourcc == DRM_FORMAT_ABGR8888 || drm_fourcc == DRM_FORMAT_XBGR8888;
    data.B = red_first ? first + 2 : first;
    data.G = first + 1;
    data.R = red_first ? first : first + 2;
    data.A = first + 3;
}

}  // namespace

Result<MfxFormat> mfx_format_of(std::uint32_t drm_fourcc) {
    const auto* found =
        std::find_if(kFormats.begin(), kFormats.end(),
                     [&](const MfxFormat& format) { return format.drm_fourcc == drm_fourcc; });
    if (found == kFormats.end()) {
        return make_error(Errc::unsupported, "oneVPL encodes no " + fourcc_string(drm_fourcc) +
                                                 " surfaces; convert to NV12 or P010 first");
    }
    return *found;
}

FrameAllocator::FrameAllocator() {
    interface_.pthis = this;
    interface_.Alloc = alloc;
    interface_.Lock = lock;
    interface_.Unlock = unlock;
    interface_.GetHDL = get_handle;
    interface_.Free = free;
}

Result<std::unique_ptr<FrameAllocator>> FrameAllocator::create(
    std::vector<vaapi::Surface> surfaces) {
    if (surfaces.empty()) {
        return make_error(Errc::invalid_argument, "a frame allocator over no surface");
    }
    std::unique_ptr<FrameAllocator> allocator(new FrameAllocator());
    for (vaapi::Surface& surface : surfaces) {
        const vaapi::Surface& first =
            allocator->entries_.empty() ? surface : allocator->entries_.front()->surface;
        if (surface.width_px() != first.width_px() || surface.height_px() != first.height_px() ||
            &surface.format() != &first.format()) {
            return make_error(Errc::invalid_argument,
                              "the surfaces of one frame allocator must be of one size and format");
        }
        allocator->entries_.push_back(std::make_unique<Entry>(std::move(surface)));
        allocator->ids_.push_back(allocator->entries_.back().get());
    }
    return allocator;
}

FrameAllocator::Entry* FrameAllocator::find(mfxMemId id) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const auto& entry) { return entry.get() == id; });
    return found == entries_.end() ? nullptr : found->get();
}

mfxStatus FrameAllocator::alloc(mfxHDL self, mfxFrameAllocRequest* request,
                                mfxFrameAllocResponse* response) {
    if (self == nullptr || request == nullptr || response == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    auto& allocator = *static_cast<FrameAllocator*>(self);
    const vaapi::Surface& first = allocator.surface(0);
    const auto format = mfx_format_of(first.format().drm_fourcc);
    constexpr mfxU16 kVideoMemory =
        MFX_MEMTYPE_VIDEO_MEMORY_DECODER_TARGET | MFX_MEMTYPE_VIDEO_MEMORY_PROCESSOR_TARGET;
    if ((request->Type & kVideoMemory) == 0 || (request->Type & MFX_MEMTYPE_SYSTEM_MEMORY) != 0 ||
        !format || request->Info.FourCC != format->fourcc ||
        request->Info.Width > first.width_px() || request->Info.Height > first.height_px() ||
        request->NumFrameMin > allocator.size()) {
        return MFX_ERR_UNSUPPORTED;
    }
    response->mids = allocator.ids_.data();
    response->NumFrameActual = static_cast<mfxU16>(allocator.ids_.size());
    return MFX_ERR_NONE;
}

bool FrameAllocator::add_lock(Entry& entry, mfxFrameData& data) {
    if (!entry.mapping) {
        return false;
    }
    ++entry.locks;
    set_planes(entry.surface.format().drm_fourcc, *entry.mapping, data);
    return true;
}

mfxStatus FrameAllocator::lock(mfxHDL self, mfxMemId id, mfxFrameData* data) {
    if (self == nullptr || data == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    auto& allocator = *static_cast<FrameAllocator*>(self);
    Entry* entry = allocator.find(id);
    if (entry == nullptr) {
        return MFX_ERR_INVALID_HANDLE;
    }
    {
        const std::lock_guard guard(allocator.mutex_);
        if (add_lock(*entry, *data)) {
            return MFX_ERR_NONE;
        }
    }
    // Mapping waits for the device: other frames must not wait with it.
    CopyLedger refused;  // A copy is no lock: writes would be lost. So there is none to book.
    auto mapped = vaapi::MappedImage::map(entry->surface, refused);
    if (!mapped || !mapped->writes_through()) {
        return MFX_ERR_LOCK_MEMORY;
    }
    const std::lock_guard guard(allocator.mutex_);
    if (!entry->mapping) {  // Else another thread was faster.
        entry->mapping.emplace(std::move(*mapped));
    }
    add_lock(*entry, *data);
    return MFX_ERR_NONE;
}

mfxStatus FrameAllocator::unlock(mfxHDL self, mfxMemId id, mfxFrameData* data) {
    if (self == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    auto& allocator = *static_cast<FrameAllocator*>(self);
    Entry* entry = allocator.find(id);
    if (entry == nullptr) {
        return MFX_ERR_INVALID_HANDLE;
    }
    std::optional<vaapi::MappedImage> ended;
    {
        const std::lock_guard guard(allocator.mutex_);
        if (entry->locks == 0) {
            return MFX_ERR_UNDEFINED_BEHAVIOR;
        }
        if (--entry->locks == 0) {
            ended = std::exchange(entry->mapping, std::nullopt);
        }
    }
    if (data != nullptr) {
        data->Y = data->UV = data->V = data->A = nullptr;
        data->PitchHigh = data->PitchLow = 0;
    }
    return MFX_ERR_NONE;
}

mfxStatus FrameAllocator::get_handle(mfxHDL self, mfxMemId id, mfxHDL* handle) {
    if (self == nullptr || handle == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    auto& allocator = *static_cast<FrameAllocator*>(self);
    Entry* entry = allocator.find(id);
    if (entry == nullptr) {
        return MFX_ERR_INVALID_HANDLE;
    }
    allocator.handles_given_.fetch_add(1, std::memory_order_relaxed);
    *handle = &entry->id;
    return MFX_ERR_NONE;
}

mfxStatus FrameAllocator::free(mfxHDL self, mfxFrameAllocResponse* response) {
    if (self == nullptr || response == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    response->mids = nullptr;
    response->NumFrameActual = 0;
    return MFX_ERR_NONE;
}

}  // namespace mrda::vpl
