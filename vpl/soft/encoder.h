// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfxstructures.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace mrda::vpl::soft {

enum class RateMode : std::uint8_t { cqp, cbr, vbr };

struct RateControl {
    RateMode mode = RateMode::cqp;
    int qp_i = 26;
    int qp_p = 26;
    int qp_b = 26;
    int qp_min = 0;  ///< 0: the library's own.
    int qp_max = 0;  ///< 0: the library's own.
    std::uint32_t target_kbps = 0;
    std::uint32_t max_kbps = 0;
    std::uint32_t vbv_kbit = 0;
    std::uint32_t vbv_initial_kbit = 0;  ///< 0: the library's own.
};

/// The VUI's (or sequence header's) colour fields, by their H.273 numbers.
struct ColourSignal {
    bool present = false;
    bool full_range = false;
    int primaries = 2;
    int transfer = 2;
    int matrix = 2;
};

/// Everything a codec library is opened with: complete, checked, no "0 means default" left unless
/// said.
struct EncoderConfig {
    mfxU32 codec = 0;
    int width_px = 0;
    int height_px = 0;
    int bit_depth = 8;
    bool msb_samples = false;  ///< Samples of more than 8 bit stand at the top of their 16 (P010).
    std::uint32_t frame_rate_num = 30;
    std::uint32_t frame_rate_den = 1;
    int aspect_width = 1;
    int aspect_height = 1;
    ColourSignal colour;
    RateControl rate;
    int intra_period_frames = 0;  ///< 0: only the first frame.
    int idr_period_frames = 0;    ///< A multiple of intra_period_frames; 0: only the first frame.
    int ref_distance = 1;         ///< 1: no B frames; n: n-1 B frames between references.
    bool b_pyramid = false;
    int references = 0;  ///< 0: as many as the preset has.
    int slices = 0;      ///< 0: the library's choice.
    int target_usage = 4;
    int profile = 0;
    int level = 0;  ///< 0: the library's choice.
    int async_depth = 1;
    bool cavlc = false;
    bool deblocking = true;
    bool access_unit_delimiter = false;
};

enum class PictureLayout : std::uint8_t { nv12, i420 };
enum class PictureKind : std::uint8_t { automatic, idr, intra };

/// One frame in memory that the codec may read until encode() returns.
struct Picture {
    PictureLayout layout = PictureLayout::nv12;
    std::array<const std::uint8_t*, 3> planes{};
    std::array<int, 3> pitch_bytes{};
    std::int64_t index = 0;  ///< Display order, one more for each frame.
    PictureKind kind = PictureKind::automatic;
    int qp = -1;  ///< This frame's own, or -1.
};

/// One coded frame; `data` is valid during the call that carries it.
struct Packet {
    std::span<const std::uint8_t> data;
    std::int64_t index = 0;
    mfxU16 frame_type = 0;  ///< MFX_FRAMETYPE_*
};

/// Where packets go, in decoding order, on whichever thread the codec has them ready.
class PacketSink {
  public:
    virtual void deliver(const Packet& packet) = 0;
    /// The library needs the picture of the running encode() no longer. Called on encode()'s
    /// thread, before that picture's packet where the same call may yield it.
    virtual void picture_taken() = 0;
    virtual void fail() = 0;

  protected:
    ~PacketSink() = default;
};

/// Parameter sets as they stand in the stream, start codes included; for AV1 `sps` is the sequence
/// header.
struct StreamHeaders {
    std::vector<std::uint8_t> vps;
    std::vector<std::uint8_t> sps;
    std::vector<std::uint8_t> pps;
};

/// A codec library at work. One thread at a time; the sink may be called from another.
class Encoder {
  public:
    virtual ~Encoder() = default;
    /// False if the library failed; nothing more can be encoded then.
    [[nodiscard]] virtual bool encode(const Picture& picture) = 0;
    /// Delivers all that was encoded. After it, the encoder can only be destroyed.
    [[nodiscard]] virtual bool flush() = 0;
    [[nodiscard]] virtual const StreamHeaders& headers() const = 0;
    /// After `n` calls of encode(), at least `n - delay_frames()` packets come with no further
    /// input.
    [[nodiscard]] virtual int delay_frames() const = 0;
    [[nodiscard]] virtual int level() const = 0;
};

using EncoderFactory = std::unique_ptr<Encoder> (*)(const EncoderConfig& config, PacketSink& sink);

/// One row of the table of codecs.
struct Codec {
    mfxU32 id;
    std::span<const mfxU16> profiles;  ///< The first is the default at 8 bit.
    mfxU16 profile_10bit;
    mfxU16 max_level;
    mfxU16 max_qp;
    mfxU32 min_size_px;
    mfxU32 max_size_px;
    mfxU16 max_ref_distance;
    bool takes_nv12;         ///< Otherwise chroma is deinterleaved for it.
    bool takes_msb_samples;  ///< P010's luma as it is; otherwise shifted down for it.
    bool forces_idr;         ///< Otherwise the library is reopened for a forced IDR frame.
    EncoderFactory open;     ///< Null if the library refuses the configuration.
};

std::span<const Codec> codecs();
/// Null if there is no such codec.
const Codec* find_codec(mfxU32 id);

/// How many frames reordering shifts decoding order against display order.
int reorder_frames(const EncoderConfig& config);
/// Whether a frame may have that QP of its own in a constant-QP encode.
bool takes_frame_qp(const EncoderConfig& config, int qp);
/// Threads that may each work at a frame of their own.
int frame_threads(const EncoderConfig& config);
/// An upper bound of Encoder::delay_frames() that needs no encoder.
int max_delay_frames(const EncoderConfig& config);

std::unique_ptr<Encoder> open_x264(const EncoderConfig& config, PacketSink& sink);
std::unique_ptr<Encoder> open_x265(const EncoderConfig& config, PacketSink& sink);
std::unique_ptr<Encoder> open_svtav1(const EncoderConfig& config, PacketSink& sink);

}  // namespace mrda::vpl::soft
