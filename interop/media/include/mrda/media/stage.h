// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/context.h"
#include "mrda/media/frame.h"
#include "mrda/media/frame_pool.h"
#include "mrda/media/parameter.h"
#include "mrda/media/session.h"

namespace mrda::media {

class Stage;

struct StageProperties {
    mrda_session_type type = MRDA_SESSION_ENCODER;  ///< All but kernels.
    std::string plugin;
    mrda_codec_config codec{};         ///< Of encoders and decoders.
    std::optional<FrameLayout> input;  ///< Frames that it takes; behind another stage: that one's.
    std::vector<FrameLayout> outputs;  ///< Frames that it gives; of a decoder: the format wished.
    std::uint32_t frames = 4;          ///< In each pool that is made for it.
    std::string path;                  ///< As in mrda_session_config.
    std::vector<Parameter> parameters;

    std::int32_t device = -1;  ///< -1: the reservation's, the upstream's, or the machine itself.
    std::int32_t bank = -1;    ///< -1: the reservation's, the upstream's, or the first that works.
    std::int32_t unit = -1;    ///< -1: the least used one of that name.
    std::string unit_name;     ///< Empty: its kind's own, or none.
    std::uint32_t channel = 0;
    std::shared_ptr<const Reservation> reservation;  ///< May be null.

    /// Whose frames it is sent; null: the application's.
    std::shared_ptr<Stage> upstream;
    std::uint32_t upstream_output = 0;
};

/// How frames come from the stage upstream, or from its own pool where there is none: decided once,
/// from what both declare.
struct HandOver {
    bool in_place = true;
    std::string reason;  ///< Of a copy.
};

struct StageReport {
    mrda_media_report session{};     ///< What the plugin says.
    HandOver hand_over;              ///< From upstream.
    std::uint64_t copied_bytes = 0;  ///< Of frames that had to be copied into its own pool.
    std::uint64_t frames_sent = 0;   ///< Or packets, to a decoder.
    std::uint64_t received = 0;
    std::uint64_t busy_ns = 0;  ///< Within the plugin's send and receive.
};

struct ReceivedFrame {
    Status status = Status::send_more;
    Frame frame;  ///< Of Status::ok.
};
struct ReceivedData {
    Status status = Status::send_more;
    Data data;  ///< Of Status::ok.
};

/// A session of an encoder, decoder, scaler or filter, with its frames: what an application works
/// with. Frames are references; a frame of the pool that a stage knows is handed over in place.
/// Any thread: calls wait for one another.
class Stage {
  public:
    /// Errors: what the context and the plugin say; invalid_argument (no layout, a device or bank
    /// that there is not).
    static Result<std::shared_ptr<Stage>> open(Context& context, const StageProperties& properties);
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;
    ~Stage() = default;

    /// A frame of its input pool to fill and send. Nothing: all are in use.
    [[nodiscard]] std::optional<Frame> input_frame();

    /// The frame, until the session has read it. False: full, receive first. A frame of its input
    /// pool goes in place; another one of the upstream's, or in the same bank, is copied once, and
    /// counted: what the session was too full for is not copied again, so fill it anew only under
    /// another time. Of what goes beside it, filters hand everything on to the frame that they give
    /// of the same time, scalers all but quantiser maps, which are of another size there. Errors:
    /// invalid_argument (another device or bank, another layout, after drain()), busy (the same
    /// frame is still inside).
    [[nodiscard]] Result<bool> send(const Frame& frame);
    /// Decoders; the data is read before this returns. False: full, receive first.
    [[nodiscard]] Result<bool> send(const Data& data);
    /// No more: receive gives what is inside, then end_of_stream.
    [[nodiscard]] Result<void> drain();

    /// Encoders: the next packet, in memory of its own. Waits at most `timeout_ns`.
    [[nodiscard]] Result<ReceivedData> receive_data(std::uint64_t timeout_ns);
    /// The next frame of an output; waits for it at most `timeout_ns`. try_again: also where all
    /// frames of its pool are in use; let go of some.
    [[nodiscard]] Result<ReceivedFrame> receive_frame(std::uint32_t output,
                                                      std::uint64_t timeout_ns);
    /// Whether receive_frame() has a frame to receive into.
    [[nodiscard]] bool has_free_frame(std::uint32_t output) const;

    /// The pool of an output; null: of a decoder that has not seen enough of the stream.
    [[nodiscard]] std::shared_ptr<FramePool> output_pool(std::uint32_t output) const;
    /// As output_pool(), for who shall take its frames. Errors: busy (not known yet: send more),
    /// invalid_argument (there is no such output).
    [[nodiscard]] Result<std::shared_ptr<FramePool>> pool_for_downstream(
        std::uint32_t output) const;
    [[nodiscard]] const Device& device() const { return *device_; }
    [[nodiscard]] std::uint32_t bank() const { return bank_; }
    /// Null: it has none.
    [[nodiscard]] const ComputeUnit* unit() const {
        return access_ == nullptr ? nullptr : &access_->unit();
    }
    [[nodiscard]] StageReport report() const;

  private:
    struct Place {
        std::shared_ptr<Device> device;
        std::uint32_t bank = 0;
        std::shared_ptr<UnitAccess> access;
    };
    /// What was copied for a session that was full: for when the same is sent again.
    struct Copied {
        std::uint64_t buffer_id = 0;
        std::int64_t pts = 0;
        Frame own;
    };
    using SideDataOfTime = std::pair<std::int64_t, std::shared_ptr<const std::vector<SideData>>>;
    struct Held {
        Frame frame;
        std::vector<mrda_side_data> side_data;
        bool inside = false;
    };

    Stage(Place place, std::shared_ptr<FramePool> input, std::shared_ptr<FramePool> upstream,
          std::vector<std::shared_ptr<FramePool>> outputs, HandOver hand_over, Session session);
    static Result<Place> find_place(Context& context, const StageProperties& properties,
                                    const mrda_session_kind& kind, const FramePool* from);
    static Result<std::uint32_t> find_bank(const StageProperties& properties, const Device& device,
                                           const mrda_session_kind& kind, const FramePool* from);
    static Result<std::shared_ptr<FramePool>> make_input(const StageProperties& properties,
                                                         const Place& place,
                                                         const std::shared_ptr<FramePool>& from,
                                                         bool in_place);
    static Result<std::vector<std::shared_ptr<FramePool>>> make_outputs(
        const StageProperties& properties, const Place& place, const mrda_session_kind& kind);
    [[nodiscard]] Result<std::optional<Frame>> own_frame(const Frame& frame);
    [[nodiscard]] Result<bool> send_copy(const Frame& frame);
    void keep_side_data(const Frame& frame);
    void hand_on_side_data(Frame& frame) const;
    [[nodiscard]] Result<bool> send_own(const Frame& frame, std::uint32_t index);
    [[nodiscard]] Result<bool> prepare_output();
    void let_go_of_done();

    std::shared_ptr<Device> device_;
    std::uint32_t bank_;
    std::shared_ptr<UnitAccess> access_;  // Outlives the session; may be null.
    std::shared_ptr<FramePool> input_;    // Null: of decoders.
    std::shared_ptr<FramePool> upstream_;
    std::uint32_t frames_ = 0;  // Of a decoder's pools.

    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<FramePool>> outputs_;
    std::vector<Held> held_;  // By the index in the input pool.
    std::optional<Copied> copied_;
    std::deque<SideDataOfTime> side_data_;  // Of frames whose outputs may still come.
    bool ended_ = false;
    StageReport report_;
    Session session_;
};

}  // namespace mrda::media
