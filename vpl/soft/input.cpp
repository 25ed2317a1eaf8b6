// SPDX-License-Identifier: MIT
#include "input.h"

#include <atomic>
#include <utility>

namespace mrda::vpl::soft {

namespace {

int luma_sample_bytes(mfxU32 fourcc) {
    switch (fourcc) {
        case MFX_FOURCC_P010:
            return 2;
        case MFX_FOURCC_RGB4:
            return 4;
        default:
            return 1;
    }
}

// RGB4 is B, G, R, A in memory; clients and drivers write that under several VA names.
bool image_shows(const VAImage& image, mfxU32 fourcc) {
    switch (fourcc) {
        case MFX_FOURCC_NV12:
            return image.format.fourcc == VA_FOURCC_NV12;
        case MFX_FOURCC_P010:
            return image.format.fourcc == VA_FOURCC_P010;
        default:
            return image.format.fourcc == VA_FOURCC_BGRA || image.format.fourcc == VA_FOURCC_BGRX ||
                   image.format.fourcc == VA_FOURCC_ARGB || image.format.fourcc == VA_FOURCC_XRGB;
    }
}

void change_lock_count(mfxFrameSurface1& surface, int change) {
    std::atomic_ref<mfxU16> locked(surface.Data.Locked);
    locked.fetch_add(static_cast<mfxU16>(change));
}

bool is_counted(const mfxFrameSurface1& surface) {
    return surface.Version.Version >= MFX_FRAMESURFACE1_VERSION &&
           surface.FrameInterface != nullptr && surface.FrameInterface->AddRef != nullptr &&
           surface.FrameInterface->Release != nullptr;
}

}  // namespace

FrameInput::FrameInput(FrameInput&& other) noexcept {
    *this = std::move(other);
}

FrameInput& FrameInput::operator=(FrameInput&& other) noexcept {
    if (this != &other) {
        release();
        source_ = other.source_;
        format_ = other.format_;
        crop_x_px_ = other.crop_x_px_;
        crop_y_px_ = other.crop_y_px_;
        surface_ = std::exchange(other.surface_, nullptr);
        allocator_locked_ = std::exchange(other.allocator_locked_, false);
        locked_data_ = other.locked_data_;
        planes_ = other.planes_;
        va_surface_ = other.va_surface_;
        image_ = other.image_;
        image_mapped_ = std::exchange(other.image_mapped_, false);
    }
    return *this;
}

mfxStatus FrameInput::acquire(const FrameSource& source, const FrameFormat& format,
                              mfxFrameSurface1& surface, FrameInput& out) {
    const mfxFrameInfo& info = surface.Info;
    if (info.FourCC != format.fourcc) {
        return MFX_ERR_INCOMPATIBLE_VIDEO_PARAM;
    }
    const bool subsampled = format.fourcc != MFX_FOURCC_RGB4;
    if (info.CropX + format.width_px > info.Width || info.CropY + format.height_px > info.Height ||
        (subsampled && ((info.CropX | info.CropY) & 1) != 0)) {
        return MFX_ERR_INVALID_VIDEO_PARAM;
    }
    out.release();
    out.source_ = source;
    out.format_ = format;
    out.crop_x_px_ = info.CropX;
    out.crop_y_px_ = info.CropY;
    const mfxStatus status =
        format.video_memory ? out.take_video_memory(surface) : out.take_system_memory(surface);
    if (status != MFX_ERR_NONE) {
        return status;
    }
    out.surface_ = &surface;
    change_lock_count(surface, 1);
    if (is_counted(surface)) {
        surface.FrameInterface->AddRef(&surface);
    }
    return MFX_ERR_NONE;
}

mfxStatus FrameInput::take_video_memory(mfxFrameSurface1& surface) {
    if (!source_.allocator || source_.allocator->GetHDL == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    // Some clients (ffmpeg's qsv) write an mfxHDLPair where the API speaks of one handle. Its
    // first, and the only handle of the others, is a pointer to the VASurfaceID.
    mfxHDLPair pair{nullptr, nullptr};
    mfxHDL* handle = &pair.first;
    const mfxStatus status =
        source_.allocator->GetHDL(source_.allocator->pthis, surface.Data.MemId, handle);
    if (status != MFX_ERR_NONE) {
        return status;
    }
    if (pair.first == nullptr) {
        return MFX_ERR_INVALID_HANDLE;
    }
    va_surface_ = *static_cast<const VASurfaceID*>(pair.first);
    return MFX_ERR_NONE;
}

mfxStatus FrameInput::take_system_memory(mfxFrameSurface1& surface) {
    const bool has_pointer = surface.Data.Y != nullptr || surface.Data.B != nullptr;
    if (has_pointer) {
        return point_at(surface.Data);
    }
    if (!source_.allocator || source_.allocator->Lock == nullptr ||
        source_.allocator->Unlock == nullptr || surface.Data.MemId == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    locked_data_ = {};
    locked_data_.MemId = surface.Data.MemId;
    auto& allocator = *source_.allocator;
    if (allocator.Lock(allocator.pthis, locked_data_.MemId, &locked_data_) != MFX_ERR_NONE) {
        return MFX_ERR_LOCK_MEMORY;
    }
    allocator_locked_ = true;
    const mfxStatus status = point_at(locked_data_);
    if (status != MFX_ERR_NONE) {
        release();
    }
    return status;
}

mfxStatus FrameInput::point_at(const mfxFrameData& data) {
    const std::uint32_t pitch_bytes = (std::uint32_t{data.PitchHigh} << 16) | data.PitchLow;
    const int sample_bytes = luma_sample_bytes(format_.fourcc);
    const auto row_end_bytes =
        static_cast<std::uint32_t>((crop_x_px_ + format_.width_px) * sample_bytes);
    if (pitch_bytes < row_end_bytes || pitch_bytes > 0x7FFFFFFF) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    const bool rgb = format_.fourcc == MFX_FOURCC_RGB4;
    const mfxU8* first = rgb ? data.B : data.Y;
    const mfxU8* second = rgb ? data.B : data.UV;
    if (first == nullptr || second == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    if (format_.fourcc == MFX_FOURCC_P010 &&
        ((reinterpret_cast<std::uintptr_t>(first) | reinterpret_cast<std::uintptr_t>(second) |
          pitch_bytes) &
         1) != 0) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    const auto pitch = static_cast<int>(pitch_bytes);
    const auto x_bytes = std::ptrdiff_t{crop_x_px_} * sample_bytes;
    planes_.data = {first + std::ptrdiff_t{crop_y_px_} * pitch + x_bytes,
                    second + std::ptrdiff_t{crop_y_px_ / 2} * pitch + x_bytes};
    planes_.pitch_bytes = {pitch, pitch};
    return MFX_ERR_NONE;
}

VAStatus FrameInput::open_image(std::uint64_t& copied_bytes) {
    const VAStatus derived = vaDeriveImage(source_.display, va_surface_, &image_);
    if (derived == VA_STATUS_SUCCESS || derived == VA_STATUS_ERROR_INVALID_SURFACE) {
        return derived;
    }
    VAImageFormat wanted{};
    wanted.fourcc = format_.fourcc == MFX_FOURCC_RGB4 ? VA_FOURCC_BGRA : format_.fourcc;
    wanted.byte_order = VA_LSB_FIRST;
    const int width = crop_x_px_ + format_.width_px;
    const int height = crop_y_px_ + format_.height_px;
    VAStatus status = vaCreateImage(source_.display, &wanted, width, height, &image_);
    if (status != VA_STATUS_SUCCESS) {
        return status;
    }
    status = vaGetImage(source_.display, va_surface_, 0, 0, static_cast<unsigned>(width),
                        static_cast<unsigned>(height), image_.image_id);
    if (status != VA_STATUS_SUCCESS) {
        vaDestroyImage(source_.display, image_.image_id);
        return status;
    }
    copied_bytes += image_.data_size;
    return VA_STATUS_SUCCESS;
}

mfxStatus FrameInput::map(FramePlanes& planes, std::uint64_t& copied_bytes) {
    if (!format_.video_memory) {
        planes = planes_;
        return MFX_ERR_NONE;
    }
    if (vaSyncSurface(source_.display, va_surface_) != VA_STATUS_SUCCESS ||
        open_image(copied_bytes) != VA_STATUS_SUCCESS) {
        return MFX_ERR_LOCK_MEMORY;
    }
    void* bytes = nullptr;
    if (vaMapBuffer(source_.display, image_.buf, &bytes) != VA_STATUS_SUCCESS) {
        vaDestroyImage(source_.display, image_.image_id);
        return MFX_ERR_LOCK_MEMORY;
    }
    image_mapped_ = true;
    const mfxStatus status = planes_of_image(static_cast<const std::uint8_t*>(bytes), planes);
    if (status != MFX_ERR_NONE) {
        unmap();
    }
    return status;
}

mfxStatus FrameInput::planes_of_image(const std::uint8_t* bytes, FramePlanes& planes) const {
    const int plane_count = format_.fourcc == MFX_FOURCC_RGB4 ? 1 : 2;
    if (!image_shows(image_, format_.fourcc) ||
        image_.num_planes < static_cast<std::uint32_t>(plane_count)) {
        return MFX_ERR_INCOMPATIBLE_VIDEO_PARAM;
    }
    const int sample_bytes = luma_sample_bytes(format_.fourcc);
    for (int i = 0; i < plane_count; ++i) {
        const auto index = static_cast<std::size_t>(i);
        const std::uint64_t pitch = image_.pitches[i];
        const auto first_row = static_cast<std::uint64_t>(crop_y_px_ >> i);
        const auto rows = static_cast<std::uint64_t>(format_.height_px >> i);
        const auto x_bytes = static_cast<std::uint64_t>(crop_x_px_ * sample_bytes);
        const auto row_bytes = static_cast<std::uint64_t>(format_.width_px * sample_bytes);
        // What a driver says of its image is checked like any other input.
        const std::uint64_t end =
            image_.offsets[i] + pitch * (first_row + rows - 1) + x_bytes + row_bytes;
        if (pitch < x_bytes + row_bytes || pitch > 0x7FFFFFFF || end > image_.data_size) {
            return MFX_ERR_INCOMPATIBLE_VIDEO_PARAM;
        }
        planes.data[index] = bytes + image_.offsets[i] + pitch * first_row + x_bytes;
        planes.pitch_bytes[index] = static_cast<int>(pitch);
    }
    return MFX_ERR_NONE;
}

void FrameInput::unmap() {
    if (std::exchange(image_mapped_, false)) {
        vaUnmapBuffer(source_.display, image_.buf);
        vaDestroyImage(source_.display, image_.image_id);
    }
}

void FrameInput::release() {
    unmap();
    if (std::exchange(allocator_locked_, false)) {
        auto& allocator = *source_.allocator;
        allocator.Unlock(allocator.pthis, locked_data_.MemId, &locked_data_);
    }
    if (mfxFrameSurface1* surface = std::exchange(surface_, nullptr)) {
        change_lock_count(*surface, -1);
        if (is_counted(*surface)) {
            surface->FrameInterface->Release(surface);
        }
    }
}

}  // namespace mrda::vpl::soft
