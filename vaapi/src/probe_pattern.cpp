// SPDX-License-Identifier: MIT
#include "probe_pattern.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <vector>

#include "mrda/interop/copy_ledger.h"
#include "mrda/interop/seals.h"
#include "mrda/vaapi/image.h"
#include "tiling.h"

namespace mrda::vaapi {

namespace {

/// The source's bytes as the CPU sees them, without the VA driver.
class FlatMemory {
  public:
    FlatMemory() = default;
    FlatMemory(FlatMemory&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)),
          mapped_bytes_(std::exchange(other.mapped_bytes_, 0)),
          frame_(other.frame_) {}
    FlatMemory& operator=(FlatMemory&&) = delete;
    ~FlatMemory() {
        if (base_ != nullptr) {
            ::munmap(base_, mapped_bytes_);
        }
    }

    /// Errors: what mmap said, as not every exporter lets a CPU in; an object that can shrink.
    static Result<FlatMemory> open(const ImportSource& source) {
        FlatMemory memory;
        if (source.dma_buf == nullptr) {
            memory.frame_ = static_cast<std::byte*>(source.host_pages);
            return memory;
        }
        const DmaBuf& object = *source.dma_buf;
        MRDA_ASSIGN(const std::uint64_t lasting_bytes, unshrinkable_size_bytes(object.fd()));
        if (lasting_bytes < object.object_bytes()) {
            return make_error(Errc::invalid_argument,
                              "the object of " + object.exporter() + " shrank from " +
                                  std::to_string(object.object_bytes()) + " to " +
                                  std::to_string(lasting_bytes) + " bytes");
        }
        void* const base = ::mmap(nullptr, object.object_bytes(), PROT_READ | PROT_WRITE,
                                  MAP_SHARED, object.fd(), 0);
        if (base == MAP_FAILED) {
            return os_error("mmap", errno, "the CPU cannot map the buffer of " + object.exporter());
        }
        memory.base_ = base;
        memory.mapped_bytes_ = object.object_bytes();
        memory.frame_ = static_cast<std::byte*>(base) + object.offset_bytes();
        return memory;
    }

    /// The first byte of the frame.
    [[nodiscard]] std::byte* frame() const { return frame_; }

  private:
    void* base_ = nullptr;
    std::size_t mapped_bytes_ = 0;
    std::byte* frame_ = nullptr;
};

/// One block of one plane that the pattern touches.
struct Spot {
    std::size_t plane;
    std::uint32_t row;
    std::uint64_t byte;            ///< In its row.
    std::uint64_t position_bytes;  ///< In memory, from the frame's first byte.
};

/// Corners, the second row and the middle: a wrong pitch moves the row, a wrong offset the plane,
/// another tiling the second row or the last byte. `tiling` is null for linear memory.
std::vector<Spot> spots_of(const FrameLayout& layout, const Tiling* tiling) {
    std::vector<Spot> spots;
    for (std::size_t plane = 0; plane < layout.planes().size(); ++plane) {
        const PlaneLayout& at = layout.planes()[plane];
        const std::uint32_t last_row = layout.rows(plane) - 1;
        const std::uint64_t last_byte = layout.row_bytes(plane) - 1;
        const std::array<std::uint32_t, 4> rows{0, std::min(1U, last_row), last_row / 2, last_row};
        for (const std::uint32_t row : rows) {
            for (const std::uint64_t byte : {std::uint64_t{0}, last_byte}) {
                const std::uint64_t in_plane =
                    tiling == nullptr ? std::uint64_t{row} * at.pitch_bytes + byte
                                      : tiling->position_bytes(at.pitch_bytes, row, byte);
                spots.push_back({plane, row, byte, at.offset_bytes + in_plane});
            }
        }
    }
    const auto same = [](const Spot& a, const Spot& b) {
        return a.position_bytes == b.position_bytes;
    };
    std::sort(spots.begin(), spots.end(),
              [](const Spot& a, const Spot& b) { return a.position_bytes < b.position_bytes; });
    spots.erase(std::unique(spots.begin(), spots.end(), same), spots.end());
    return spots;
}

/// What the CPU does with the memory is told to the exporter, if there is one.
template <typename Touch>
Result<void> with_cpu_access(const DmaBuf* object, DmaBuf::Access access, Touch touch) {
    if (object != nullptr) {
        MRDA_TRY(object->begin_cpu_access(access));
    }
    touch();
    if (object != nullptr) {
        MRDA_TRY(object->end_cpu_access(access));
    }
    return {};
}

/// Puts the spots' bytes back when it goes.
class SavedBytes {
  public:
    SavedBytes(const DmaBuf* object, std::byte* frame, const std::vector<Spot>& spots)
        : object_(object), frame_(frame), spots_(spots) {}
    ~SavedBytes() {
        // Nothing is saved where reading failed, and nothing written then.
        static_cast<void>(with_cpu_access(object_, DmaBuf::Access::write, [this] { put_back(); }));
    }
    SavedBytes(const SavedBytes&) = delete;
    SavedBytes& operator=(const SavedBytes&) = delete;

    Result<void> save() {
        return with_cpu_access(object_, DmaBuf::Access::read, [this] {
            for (const Spot& spot : spots_) {
                bytes_.push_back(frame_[spot.position_bytes]);
            }
        });
    }

  private:
    void put_back() {
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            frame_[spots_[i].position_bytes] = bytes_[i];
        }
    }

    const DmaBuf* object_;
    std::byte* frame_;
    const std::vector<Spot>& spots_;
    std::vector<std::byte> bytes_;
};

/// Distinct for neighbouring spots, and different in both rounds at every one of them.
std::byte pattern_byte(std::size_t spot, int round) {
    const auto value = static_cast<unsigned>(37 * spot + 11);
    return static_cast<std::byte>((round == 0 ? value : ~value) & 0xffU);
}

Result<void> compare(const Surface& surface, const FrameLayout& layout,
                     const std::vector<Spot>& spots, int round) {
    CopyLedger unbooked;  // A driver that cannot derive copies the probe's picture, not the user's.
    MRDA_ASSIGN(const MappedImage image, MappedImage::map(surface, unbooked));
    if (image.plane_count() < layout.planes().size()) {
        return make_error(Errc::corrupt, "the driver shows " + std::to_string(image.plane_count()) +
                                             " planes of " + layout.to_string());
    }
    for (std::size_t i = 0; i < spots.size(); ++i) {
        const Spot& spot = spots[i];
        const std::byte seen = image.plane(
            spot.plane)[std::size_t{spot.row} * image.pitch_bytes(spot.plane) + spot.byte];
        if (seen != pattern_byte(i, round)) {
            return make_error(Errc::corrupt,
                              "the driver took " + layout.to_string() +
                                  " and shows other pixels: plane " + std::to_string(spot.plane) +
                                  ", row " + std::to_string(spot.row) + ", byte " +
                                  std::to_string(spot.byte) + " holds " +
                                  std::to_string(std::to_integer<int>(pattern_byte(i, round))) +
                                  " and is seen as " + std::to_string(std::to_integer<int>(seen)) +
                                  "; it does not honour the modifier, the pitch or an offset");
        }
    }
    return {};
}

Result<void> write_and_compare(const Surface& surface, const ImportSource& source,
                               const FrameLayout& layout, const Tiling* tiling, std::byte* frame) {
    const std::vector<Spot> spots = spots_of(layout, tiling);
    SavedBytes saved(source.dma_buf, frame, spots);
    MRDA_TRY(saved.save());
    // Twice, with every bit different: once could be chance.
    for (int round = 0; round < 2; ++round) {
        MRDA_TRY(with_cpu_access(source.dma_buf, DmaBuf::Access::write, [&] {
            for (std::size_t i = 0; i < spots.size(); ++i) {
                frame[spots[i].position_bytes] = pattern_byte(i, round);
            }
        }));
        MRDA_TRY(compare(surface, layout, spots, round));
    }
    return {};
}

}  // namespace

Result<Verification> verify_import(const Surface& surface, const ImportSource& source,
                                   const FrameLayout& layout) {
    const Tiling* const tiling = find_tiling(layout.modifier());
    if (tiling == nullptr && !layout.is_linear()) {
        return Verification{"not verified: how the pixels of " + layout.to_string() +
                                " lie in memory is not known here",
                            true};
    }
    auto memory = FlatMemory::open(source);
    if (!memory) {
        return Verification{"not verified: " + to_string(memory.error()), false};
    }
    const auto looked = write_and_compare(surface, source, layout, tiling, memory->frame());
    if (!looked && looked.error().code != Errc::corrupt) {
        return Verification{"not verified: " + to_string(looked.error()), false};
    }
    MRDA_TRY(looked);
    return Verification{tiling == nullptr ? "probe pattern seen through the surface"
                                          : "probe pattern seen tiled through the surface",
                        true};
}

}  // namespace mrda::vaapi
