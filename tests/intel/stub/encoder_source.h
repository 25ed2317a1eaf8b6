// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "address_space.h"
#include "kinds.h"

namespace mrda::stub {

/// The parts of a video engine that an encoder's commands name the source picture to.
enum class Pipe : std::uint8_t { mfx, hcp, vdenc };

/// What the commands said of the source's layout; 0 where they said nothing.
struct SourceSurface {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t pitch_bytes = 0;
    std::uint32_t tile_mode = 0;
    std::uint32_t chroma_row = 0;
};

/// Collects what a stream says of an encoder's source, which is spread over commands, and traces it
/// once a frame: for however many passes, and for both pipes that read it.
class EncoderSource {
  public:
    EncoderSource(const AddressSpace& space, const DeviceKind& kind) : space_(space), kind_(kind) {}

    /// A pipe was selected, for `codec` (null: not to encode). Selecting it again begins another
    /// frame.
    void select(Pipe pipe, const char* codec);
    SourceSurface& surface(Pipe pipe) { return of(pipe).surface; }
    void set_picture(Pipe pipe, std::uint64_t address) { of(pipe).picture = address; }
    /// Traces the frame that was being collected, if it has a source.
    void finish();

  private:
    struct PipeState {
        bool selected = false;
        const char* codec = nullptr;
        SourceSurface surface;
        std::uint64_t picture = 0;
    };
    struct Traced {
        std::uint64_t picture;
        const char* codec;
        bool operator==(const Traced&) const = default;
    };

    PipeState& of(Pipe pipe) { return pipes_[static_cast<std::size_t>(pipe)]; }
    const PipeState& of(Pipe pipe) const { return pipes_[static_cast<std::size_t>(pipe)]; }
    void trace_source(Pipe pipe) const;
    const char* tiling_name(Pipe pipe) const;

    const AddressSpace& space_;
    const DeviceKind& kind_;
    std::array<PipeState, 3> pipes_{};
    std::vector<Traced> traced_;
};

}  // namespace mrda::stub
