// SPDX-License-Identifier: MIT
#include "mrda/media/pipeline.h"

#include <algorithm>
#include <utility>

#include "call_plugin.h"
#include "now.h"

namespace mrda::media {

namespace {

/// How long one stage may hold the thread while others could have something to do.
constexpr std::uint64_t kLongestTurnNs = 2'000'000;

std::int64_t pts_of(const Result<ReceivedFrame>& received) {
    return received.ok() ? received->frame.pts : 0;
}
std::int64_t pts_of(const Result<ReceivedData>& received) {
    return received.ok() ? received->data.pts : 0;
}

bool is_event(const Result<ReceivedFrame>& received) {
    return received.ok() && received->status == Status::ok;
}
bool is_event(const Result<ReceivedData>& received) {
    return received.ok() && received->status == Status::ok;
}

std::vector<StageNeed> needs_of(std::span<const StageProperties> stages) {
    std::vector<StageNeed> needs;
    for (const StageProperties& stage : stages) {
        needs.push_back({stage.type, stage.plugin, text_of(stage.codec.codec), stage.unit_name});
    }
    return needs;
}

Result<void> check_order(std::span<const StageProperties> stages) {
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
        const bool first_only = stages[stage].type == MRDA_SESSION_DECODER && stage > 0;
        const bool last_only =
            stages[stage].type == MRDA_SESSION_ENCODER && stage + 1 < stages.size();
        if (first_only || last_only || stages[stage].type == MRDA_SESSION_KERNEL) {
            return make_error(Errc::invalid_argument,
                              std::string(to_string(stages[stage].type)) + " as stage " +
                                  std::to_string(stage) + " of " + std::to_string(stages.size()) +
                                  ": decoders come first, encoders last, kernels not at all");
        }
    }
    for (const StageProperties& stage : stages) {
        if (stage.outputs.size() > 1 || stage.unit >= 0) {
            return make_error(
                Errc::invalid_argument,
                "a stage of a pipeline has one output, and its unit is chosen by name");
        }
    }
    if (stages.empty()) {
        return make_error(Errc::invalid_argument, "a pipeline of no stages");
    }
    return {};
}

}  // namespace

template <typename Call>
auto Pipeline::traced(std::size_t stage, TraceEvent::Call call, Call&& what) {
    const std::uint64_t begin_ns = trace_ ? now_ns() : 0;
    auto result = what();
    if (trace_ && is_event(result)) {
        trace_({static_cast<std::uint32_t>(stage), call, pts_of(result), begin_ns, now_ns()});
    }
    return result;
}

Result<std::unique_ptr<Pipeline>> Pipeline::open(Context& context,
                                                 std::vector<StageProperties> stages,
                                                 std::int32_t device, std::int32_t bank) {
    MRDA_TRY(check_order(stages));
    MRDA_ASSIGN(auto reservation, context.reserve(needs_of(stages), device, bank));
    std::unique_ptr<Pipeline> pipeline(
        new Pipeline(context, std::move(stages), std::move(reservation)));
    MRDA_TRY(pipeline->open_what_can());
    return pipeline;
}

Result<void> Pipeline::open_what_can() {
    while (stages_.size() < properties_.size()) {
        StageProperties& next = properties_[stages_.size()];
        next.reservation = reservation_;
        const auto& unit = reservation_->units()[stages_.size()];
        next.unit = unit == nullptr ? -1 : static_cast<std::int32_t>(unit->index());
        next.upstream = stages_.empty() ? nullptr : stages_.back();
        next.upstream_output = 0;
        if (next.upstream != nullptr && next.upstream->output_pool(0) == nullptr) {
            return {};
        }
        MRDA_ASSIGN(auto stage, Stage::open(context_, next));
        stages_.push_back(std::move(stage));
    }
    return {};
}

std::optional<Frame> Pipeline::input_frame() {
    return stages_.front()->input_frame();
}

Result<bool> Pipeline::send(const Frame& frame) {
    const std::uint64_t begin_ns = trace_ ? now_ns() : 0;
    const auto sent = stages_.front()->send(frame);
    if (trace_ && sent.ok() && *sent) {
        trace_({0, TraceEvent::Call::send, frame.pts, begin_ns, now_ns()});
    }
    return sent;
}

Result<bool> Pipeline::send(const Data& data) {
    const std::uint64_t begin_ns = trace_ ? now_ns() : 0;
    const auto sent = stages_.front()->send(data);
    if (trace_ && sent.ok() && *sent) {
        trace_({0, TraceEvent::Call::send, data.pts, begin_ns, now_ns()});
    }
    return sent;
}

Result<void> Pipeline::drain() {
    return stages_.front()->drain();
}

Result<Pipeline::State> Pipeline::hand_on(std::size_t stage) {
    const std::uint64_t begin_ns = trace_ ? now_ns() : 0;
    const Frame& frame = *links_[stage].pending;
    MRDA_ASSIGN(const bool taken, stages_[stage + 1]->send(frame));
    if (!taken) {
        return State::full;
    }
    if (trace_) {
        trace_({static_cast<std::uint32_t>(stage + 1), TraceEvent::Call::send, frame.pts, begin_ns,
                now_ns()});
    }
    links_[stage].pending.reset();
    return State::moved;
}

Result<Pipeline::State> Pipeline::move(std::size_t stage, std::uint64_t timeout_ns) {
    Link& link = links_[stage];
    if (link.pending) {
        MRDA_TRY(open_what_can());
        return hand_on(stage);
    }
    if (link.ended) {
        return State::ended;
    }
    const auto received = traced(stage, TraceEvent::Call::receive,
                                 [&] { return stages_[stage]->receive_frame(0, timeout_ns); });
    if (!received.ok()) {
        return received.error();
    }
    switch (received->status) {
        case Status::ok:
            link.pending = received->frame;
            MRDA_TRY(open_what_can());
            return hand_on(stage);
        case Status::end_of_stream:
            link.ended = true;
            if (stage + 1 < stages_.size()) {
                MRDA_TRY(stages_[stage + 1]->drain());
            }
            return State::moved;
        case Status::send_more:
            return State::wants_more;
        case Status::try_again:
            break;
    }
    return stages_[stage]->has_free_frame(0) ? State::waiting : State::starved;
}

Result<Pipeline::State> Pipeline::move_all(std::uint64_t timeout_ns) {
    State said = State::wants_more;
    // From the end on, so that a frame that moves leaves its place to the one behind it.
    for (std::size_t stage = std::min(stages_.size(), properties_.size() - 1); stage-- > 0;) {
        MRDA_ASSIGN(State state, move(stage, 0));
        if (state == State::waiting && timeout_ns > 0) {
            MRDA_ASSIGN(state, move(stage, std::min(timeout_ns, kLongestTurnNs)));
        }
        if (state == State::moved) {
            return state;
        }
        said = std::max(said, state);
    }
    return said;
}

Result<Received> Pipeline::receive_last(std::uint64_t timeout_ns) {
    if (stages_.size() < properties_.size()) {
        // Behind a decoder that has not seen enough: or never will.
        return Received{
            links_[stages_.size() - 1].ended ? Status::end_of_stream : Status::send_more, {}, {}};
    }
    const std::size_t last = stages_.size() - 1;
    Received received;
    if (properties_.back().type == MRDA_SESSION_ENCODER) {
        MRDA_ASSIGN(const auto data, traced(last, TraceEvent::Call::receive, [&] {
                        return stages_[last]->receive_data(timeout_ns);
                    }));
        received = {data.status, {}, data.data};
    } else {
        MRDA_ASSIGN(const auto frame, traced(last, TraceEvent::Call::receive, [&] {
                        return stages_[last]->receive_frame(0, timeout_ns);
                    }));
        received = {frame.status, frame.frame, {}};
    }
    return received;
}

Result<Received> Pipeline::receive(std::uint64_t timeout_ns) {
    const std::uint64_t begin_ns = now_ns();
    for (;;) {
        const std::uint64_t passed_ns = now_ns() - begin_ns;
        const std::uint64_t left_ns = timeout_ns - std::min(passed_ns, timeout_ns);
        MRDA_ASSIGN(Received received, receive_last(0));
        if (received.status == Status::ok || received.status == Status::end_of_stream) {
            return received;
        }
        MRDA_ASSIGN(const State said, move_all(left_ns));
        if (said == State::moved) {
            continue;
        }
        const bool last_waits = received.status == Status::try_again;
        if (last_waits && !can_receive_last()) {
            return received;  // The application has all frames of its output.
        }
        if (!last_waits && said == State::wants_more) {
            return received;
        }
        if (!last_waits && said != State::waiting) {
            return make_error(Errc::exhausted,
                              "a stage keeps every frame that it was given and wants more; give "
                              "it, or the one before it, more frames");
        }
        if (left_ns == 0) {
            received.status = Status::try_again;
            return received;
        }
        if (last_waits) {
            MRDA_ASSIGN(received, receive_last(std::min(left_ns, kLongestTurnNs)));
            if (received.status == Status::ok || received.status == Status::end_of_stream) {
                return received;
            }
        }
    }
}

bool Pipeline::can_receive_last() const {
    return properties_.back().type == MRDA_SESSION_ENCODER || stages_.back()->has_free_frame(0);
}

std::vector<StageReport> Pipeline::reports() const {
    std::vector<StageReport> reports;
    for (const auto& stage : stages_) {
        reports.push_back(stage->report());
    }
    return reports;
}

std::uint64_t Pipeline::copied_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& stage : stages_) {
        bytes += stage->report().copied_bytes;
    }
    return bytes;
}

}  // namespace mrda::media
