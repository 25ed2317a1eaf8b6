// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "chain_fixture.h"
#include "imported_frames.h"
#include "mrda/vpl/encoder.h"

namespace mrda::vpl::test {

/// A packet, after its Encoder has forgotten it.
struct Coded {
    std::int64_t pts = 0;
    std::int64_t dts = 0;
    std::size_t bytes = 0;
    bool key_frame = false;
};

/// A test of encoders over surfaces that stand on USM.
class EncoderTest : public ChainTest {
  protected:
    static constexpr std::uint32_t kWidthPx = 192;
    static constexpr std::uint32_t kHeightPx = 128;
    /// One frame at 30 frames a second.
    static constexpr std::int64_t kFrameTicks = 3000;

    static EncoderConfig small_config(Codec codec);
    /// Skips the test, in the words of the refusal, where this GPU does not encode that way.
    void require(const EncoderConfig& config);
    /// Skips it where this GPU has no such encoder. H.264 they all have.
    void require(Codec codec);

    /// Over `count` surfaces; as many as the encoder wants where it is not given. Their memory
    /// lives as long as the test.
    Result<std::unique_ptr<Encoder>> try_create(const EncoderConfig& config,
                                                std::uint32_t drm_fourcc,
                                                std::optional<std::size_t> count = std::nullopt);
    /// The same with NV12 and `extra` more surfaces than the encoder wants; ends the test program
    /// where that fails, for nothing can be tested then.
    std::unique_ptr<Encoder> create(const EncoderConfig& config, std::size_t extra = 0);

    /// How many surfaces the last encoder has.
    std::size_t surface_count() const { return frames_.back().memory.size(); }
    /// The most operations that encode() saw in flight.
    std::size_t most_in_flight() const { return most_in_flight_; }

    /// Records a failure if the encoder does not take picture `number`.
    void submit(Encoder& encoder, std::size_t index, std::int64_t number,
                PictureKind kind = PictureKind::automatic);
    /// Submits `count` pictures one after another, receiving where it must, and drains.
    std::vector<Coded> encode(Encoder& encoder, std::size_t count);
    std::vector<Coded> drain(Encoder& encoder);
    /// Without receiving anything: the encoder lets go of its input by itself.
    std::size_t wait_for_free_surface(const Encoder& encoder);

  private:
    bool receive(Encoder& encoder, std::vector<Coded>& coded);

    std::vector<ImportedFrames> frames_;
    std::size_t depth_ = 0;  // Of the last encoder.
    std::size_t most_in_flight_ = 0;
};

}  // namespace mrda::vpl::test
