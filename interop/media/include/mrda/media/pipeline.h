// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/stage.h"

namespace mrda::media {

/// What a stage did with one frame or packet, by std::chrono::steady_clock.
struct TraceEvent {
    enum class Call : std::uint8_t { send, receive };

    std::uint32_t stage = 0;
    Call call = Call::send;
    std::int64_t pts = 0;
    std::uint64_t begin_ns = 0;
    std::uint64_t end_ns = 0;
};

/// What came out of the last stage.
struct Received {
    Status status = Status::send_more;
    Frame frame;  ///< Of Status::ok, where the last stage gives frames.
    Data data;    ///< Of Status::ok, where it gives data.
};

/// Stages one behind the other, each taking the frames of the one before, in place wherever both
/// can: the first may be a decoder, the last may be an encoder, and scalers and filters stand
/// between. Work is done on the thread that calls send() and receive(); one at a time.
class Pipeline {
  public:
    /// Finds one place for all (Context::reserve), then opens them in order; what stands behind a
    /// decoder once the stream has said how its frames lie. A stage's own device, bank, reservation
    /// and upstream are not looked at. Errors: as Context::reserve() and Stage::open();
    /// invalid_argument (their order, a stage of several outputs, a unit by index).
    static Result<std::unique_ptr<Pipeline>> open(Context& context,
                                                  std::vector<StageProperties> stages,
                                                  std::int32_t device = -1, std::int32_t bank = -1);

    /// Told of every call that a stage took.
    void trace(std::function<void(const TraceEvent&)> told) { trace_ = std::move(told); }

    /// A frame of the first stage to fill and send. Nothing: all are in use; receive first.
    [[nodiscard]] std::optional<Frame> input_frame();
    /// As Stage::send(), of the first stage.
    [[nodiscard]] Result<bool> send(const Frame& frame);
    [[nodiscard]] Result<bool> send(const Data& data);
    [[nodiscard]] Result<void> drain();
    /// Moves frames from stage to stage until the last one gives something: waits for that at most
    /// `timeout_ns`, beside what a plugin does within its own calls. try_again: also where all
    /// frames of the last stage are in use. Errors: exhausted (a stage keeps all frames that there
    /// are for it and wants more), what a stage says.
    [[nodiscard]] Result<Received> receive(std::uint64_t timeout_ns);

    [[nodiscard]] const Reservation& reservation() const { return *reservation_; }
    /// Of the stages that are open.
    [[nodiscard]] std::vector<StageReport> reports() const;
    /// Pixels that were copied from stage to stage: 0 if all was handed over in place.
    [[nodiscard]] std::uint64_t copied_bytes() const;

  private:
    /// What a stage, or the way behind it, has to say. Of several what stands later here counts:
    /// where one waits, the others may go on.
    enum class State : std::uint8_t { moved, ended, wants_more, full, starved, waiting };
    struct Link {
        std::optional<Frame> pending;  // Received, and not yet taken by the next stage.
        bool ended = false;
    };

    Pipeline(Context& context, std::vector<StageProperties> properties,
             std::shared_ptr<const Reservation> reservation)
        : context_(context),
          properties_(std::move(properties)),
          reservation_(std::move(reservation)),
          links_(properties_.size()) {}
    [[nodiscard]] Result<void> open_what_can();
    [[nodiscard]] Result<State> move(std::size_t stage, std::uint64_t timeout_ns);
    [[nodiscard]] Result<State> hand_on(std::size_t stage);
    [[nodiscard]] Result<State> move_all(std::uint64_t timeout_ns);
    [[nodiscard]] bool can_receive_last() const;
    [[nodiscard]] Result<Received> receive_last(std::uint64_t timeout_ns);
    template <typename Call>
    auto traced(std::size_t stage, TraceEvent::Call call, Call&& what);

    Context& context_;
    std::vector<StageProperties> properties_;
    std::shared_ptr<const Reservation> reservation_;
    std::function<void(const TraceEvent&)> trace_;
    std::vector<Link> links_;
    std::vector<std::shared_ptr<Stage>> stages_;  // Those that are open.
};

}  // namespace mrda::media
