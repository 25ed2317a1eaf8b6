// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfx.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/interop/sync.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/surface.h"
#include "mrda/vpl/codec.h"
#include "mrda/vpl/frame_allocator.h"
#include "mrda/vpl/session.h"

namespace mrda::vpl {

enum class RateControl : std::uint8_t { cqp, cbr, vbr };

struct EncoderConfig {
    Codec codec = Codec::avc;
    std::uint16_t profile = 0;   ///< MFX_PROFILE_*; 0: the runtime chooses.
    std::uint32_t width_px = 0;  ///< Of the picture; the surfaces may be larger, rounded up.
    std::uint32_t height_px = 0;
    std::uint32_t fps_num = 30;
    std::uint32_t fps_den = 1;
    RateControl rate_control = RateControl::cqp;
    std::uint16_t qp = 22;           ///< For cqp, in the codec's own scale: 1–51, AV1 1–255.
    std::uint32_t bitrate_kbps = 0;  ///< For cbr and vbr.
    std::uint16_t gop_size = 60;
    std::uint16_t gop_ref_dist = 1;  ///< 1: no B frames.
    std::uint16_t num_ref_frames = 1;
    std::uint16_t target_usage = 4;  ///< 1 best quality … 7 best speed.
    std::uint16_t async_depth = 4;   ///< Operations in flight; 1: no delay.
};

/// What a picture shall become.
enum class PictureKind : std::uint8_t {
    automatic,  ///< As the GOP has it.
    key,        ///< A key frame: decoding can begin with it. The GOP begins anew.
};

/// One encoded picture. `data` belongs to the Encoder and is good until the next receive().
struct Packet {
    std::span<const std::byte> data;
    std::int64_t pts = 0;  ///< As given to submit().
    std::int64_t dts = 0;
    bool key_frame = false;
};

/// What receive() found.
struct Received {
    enum class Status : std::uint8_t {
        packet,        ///< `packet` is there.
        need_input,    ///< Nothing can come before another submit() or drain().
        end_of_stream  ///< All has come.
    };
    Status status = Status::need_input;
    Packet packet;
};

/// A oneVPL encoder over a fixed set of surfaces. Bitstream buffers are sized once; nothing is
/// allocated per frame. For one thread at a time. The Display must outlive it.
class Encoder {
  public:
    /// Takes the surfaces, which are the only ones it encodes: at least needed_surfaces() of them.
    /// Errors: not_found (no implementation), unsupported (codec, profile, format, with what the
    /// runtime would take instead), invalid_argument (sizes, rates, too few surfaces).
    static Result<std::unique_ptr<Encoder>> create(const vaapi::Display& display,
                                                   const EncoderConfig& config,
                                                   std::vector<vaapi::Surface> surfaces);
    /// The same in a session that is open, for config.codec, on the surfaces' display. Takes it.
    static Result<std::unique_ptr<Encoder>> create(Session session, const EncoderConfig& config,
                                                   std::vector<vaapi::Surface> surfaces);

    /// How many surfaces keep `config` busy. Errors: as create().
    static Result<std::size_t> needed_surfaces(const vaapi::Display& display,
                                               const EncoderConfig& config,
                                               std::uint32_t drm_fourcc);
    /// The same asked of a session that is open, for config.codec. Opening one loads the runtime.
    static Result<std::size_t> needed_surfaces(const Session& session, const EncoderConfig& config,
                                               std::uint32_t drm_fourcc);

    ~Encoder();
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    /// A surface that the encoder does not use now, by index into those given; nothing while all
    /// are in use: receive() first.
    [[nodiscard]] std::optional<std::size_t> free_surface() const;
    /// Whether the encoder still reads surface `index`, which must be one of those given.
    [[nodiscard]] bool in_use(std::size_t index) const;
    /// Whether submit() would answer `busy`.
    [[nodiscard]] bool full() const { return count_ == depth_; }
    [[nodiscard]] const vaapi::Surface& surface(std::size_t index) const;

    /// Encodes surface `index`; it is the encoder's until free_surface() shows it again. Waits for
    /// `ready` (when the pixels may be read), at most `timeout_ns`; not for the encoder. `pts` is
    /// in 90 kHz ticks. On an error the surface stays free. Errors: timeout or what else `ready`
    /// gave, busy (async_depth operations in flight: receive() first), invalid_argument (a surface
    /// in use; after drain()), what the runtime returned.
    [[nodiscard]] Result<void> submit(std::size_t index, std::int64_t pts, const Sync& ready,
                                      std::uint64_t timeout_ns = kWaitForever,
                                      PictureKind kind = PictureKind::automatic);

    /// No more input: what is inside comes out of receive(). Does not wait.
    void drain() { draining_ = true; }

    /// The oldest operation's packet; waits for it, at most `timeout_ns`.
    /// Errors: timeout, exhausted (a picture larger than the runtime said any would be),
    /// device_lost.
    [[nodiscard]] Result<Received> receive(std::uint64_t timeout_ns = kWaitForever);

    /// Drops all that is inside, also after drain(): every surface is free, and the next picture is
    /// a key frame. Waits for the operations in flight. After an error nothing can be encoded any
    /// more. Errors: device_lost, what the runtime returned.
    [[nodiscard]] Result<void> reset();

    /// Operations handed to the runtime and not received yet.
    [[nodiscard]] std::size_t in_flight() const { return count_; }
    [[nodiscard]] const std::string& implementation() const { return session_.implementation(); }
    [[nodiscard]] const FrameAllocator& allocator() const { return *allocator_; }
    /// What the runtime copied from surfaces to its codec, since creation; nothing if it does not
    /// say (only MRDA's own does, see copy_report.h).
    [[nodiscard]] std::optional<std::uint64_t> codec_copied_bytes() const;

  private:
    /// One operation: a bitstream buffer, and the sync point while it is in flight.
    struct Operation {
        std::unique_ptr<mfxU8[]> storage;
        mfxBitstream bitstream{};
        mfxSyncPoint sync_point = nullptr;
    };

    Encoder(Session session, std::unique_ptr<FrameAllocator> allocator);
    Result<void> initialise(const EncoderConfig& config);
    /// Opens the runtime's encoder with param_.
    Result<void> start();
    /// Hands `surface` (null: drain) to the runtime; false: it wants more input before a packet.
    Result<bool> encode(mfxEncodeCtrl* control, mfxFrameSurface1* surface);
    [[nodiscard]] std::optional<std::uint64_t> copied_since_start() const;
    Result<void> fill_while_draining();
    Operation& operation(std::size_t age) {
        return operations_[(first_ + age) % operations_.size()];
    }

    // The session uses the allocator until it is closed, so it is declared after it.
    std::unique_ptr<FrameAllocator> allocator_;
    Session session_;
    mfxVideoParam param_{};
    std::vector<mfxFrameSurface1> frames_;
    std::vector<mfxEncodeCtrl> controls_;  // By surface: the runtime reads one as long as those.
    std::vector<Operation> operations_;    // A ring: `count_` in flight from `first_` on.
    std::size_t depth_ = 0;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::uint64_t copied_before_ = 0;  // By encoders that a reset has closed.
    bool initialised_ = false;
    bool draining_ = false;
    bool drained_ = false;
};

}  // namespace mrda::vpl
