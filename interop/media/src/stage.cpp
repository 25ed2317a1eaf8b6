// SPDX-License-Identifier: MIT
#include "mrda/media/stage.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iterator>
#include <utility>

#include "mrda/media/layout.h"

namespace mrda::media {

namespace {

/// Frames with side data that a session may have inside, or that wait for other outputs.
constexpr std::size_t kMostSideData = 64;

/// Adds what a scope took.
class Stopwatch {
  public:
    explicit Stopwatch(std::uint64_t& sum_ns) : sum_ns_(sum_ns) {}
    ~Stopwatch() {
        sum_ns_ += static_cast<std::uint64_t>(
            std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin_).count());
    }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

  private:
    std::uint64_t& sum_ns_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::string where(std::uint32_t device, std::uint32_t bank) {
    return "bank " + std::to_string(bank) + " of device " + std::to_string(device);
}

}  // namespace

std::optional<Frame> Stage::input_frame() {
    return input_ == nullptr ? std::nullopt : input_->take();
}

Result<std::optional<Frame>> Stage::own_frame(const Frame& frame) {
    const mrda_buffer& view = frame.buffer->view();
    const bool expected = upstream_ != nullptr && upstream_->index_of(*frame.buffer);
    if (!expected &&
        (frame.buffer->device_id() != input_->device_id() || view.bank != input_->bank())) {
        return make_error(Errc::invalid_argument,
                          "a frame in " + where(view.device, view.bank) +
                              " was sent to a session that has its frames in " +
                              where(input_->device(), input_->bank()) +
                              "; name its sender as upstream, or copy it");
    }
    auto own = input_->take();
    if (!own) {
        return std::optional<Frame>();
    }
    MRDA_ASSIGN(const std::uint64_t copied, copy_picture(frame, *own));
    report_.copied_bytes += copied;
    own->pts = frame.pts;
    own->key_frame = frame.key_frame;
    own->side_data = frame.side_data;
    return own;
}

Result<bool> Stage::send(const Frame& frame) {
    const std::lock_guard lock(mutex_);
    if (input_ == nullptr || frame.buffer == nullptr) {
        return make_error(Errc::invalid_argument,
                          input_ == nullptr ? "a frame was sent to a decoder, which takes data"
                                            : "a frame without a buffer");
    }
    if (ended_) {
        return make_error(Errc::invalid_argument, "a frame was sent after the end of the stream");
    }
    let_go_of_done();
    const auto index = input_->index_of(*frame.buffer);
    if (!index) {
        return send_copy(frame);
    }
    const mrda_media_layout own = input_->view().layout;
    if (std::memcmp(&frame.layout, &own, sizeof own) != 0) {
        return make_error(Errc::invalid_argument,
                          "a frame of the session's pool was given another layout; its session was "
                          "opened for " +
                              input_->layout().to_string());
    }
    return send_own(frame, *index);
}

Result<bool> Stage::send_copy(const Frame& frame) {
    const std::uint64_t id = frame.buffer->view().id;
    if (!copied_ || copied_->buffer_id != id || copied_->pts != frame.pts) {
        copied_.reset();
        MRDA_ASSIGN(auto own, own_frame(frame));
        if (!own) {
            return false;
        }
        copied_ = Copied{id, frame.pts, std::move(*own)};
    }
    const auto sent = send_own(copied_->own, input_->index_of(*copied_->own.buffer).value());
    if (!sent.ok() || *sent) {
        copied_.reset();
    }
    return sent;
}

void Stage::keep_side_data(const Frame& frame) {
    if (frame.side_data == nullptr || session_.kind().receive_frame == nullptr) {
        return;
    }
    side_data_.emplace_back(frame.pts, frame.side_data);
    if (side_data_.size() > kMostSideData) {
        side_data_.pop_front();
    }
}

void Stage::hand_on_side_data(Frame& frame) const {
    const auto found = std::find_if(side_data_.rbegin(), side_data_.rend(),
                                    [&](const auto& kept) { return kept.first == frame.pts; });
    if (found == side_data_.rend()) {
        return;
    }
    if (session_.kind().type != MRDA_SESSION_SCALER) {
        frame.side_data = found->second;
        return;
    }
    std::vector<SideData> kept;
    std::copy_if(found->second->begin(), found->second->end(), std::back_inserter(kept),
                 [](const SideData& side) { return side.kind != MRDA_SIDE_QUANTISER_MAP; });
    frame.side_data = std::make_shared<const std::vector<SideData>>(std::move(kept));
}

Result<bool> Stage::send_own(const Frame& frame, std::uint32_t index) {
    Held& held = held_[index];
    if (held.inside) {
        return make_error(Errc::busy, "frame " + std::to_string(index) +
                                          " of the pool was sent, and the session still reads it");
    }
    held.side_data.clear();
    if (frame.side_data != nullptr) {
        for (const SideData& side : *frame.side_data) {
            held.side_data.push_back({side.kind, 0, side.bytes.size(), side.bytes.data()});
        }
    }
    Result<bool> sent = false;
    {
        const Stopwatch watch(report_.busy_ns);
        sent = session_.send(index, frame.pts, frame.key_frame, held.side_data);
    }
    if (sent.ok() && *sent) {
        held.frame = frame;
        held.inside = true;
        keep_side_data(frame);
        ++report_.frames_sent;
        let_go_of_done();
    }
    return sent;
}

Result<bool> Stage::send(const Data& data) {
    const std::lock_guard lock(mutex_);
    if (session_.kind().send_packet == nullptr || data.buffer == nullptr) {
        return make_error(Errc::invalid_argument,
                          "data was sent to a session that takes frames, "
                          "or there is no buffer");
    }
    if (ended_) {
        return make_error(Errc::invalid_argument, "data was sent after the end of the stream");
    }
    // Data is a value that anybody makes.
    MRDA_TRY(data_of(data.buffer, data.offset_bytes, data.length_bytes));
    mrda_media_packet packet{};
    packet.length_bytes = data.length_bytes;
    packet.pts = data.pts;
    packet.dts = data.dts;
    packet.flags = data.key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U;
    std::vector<std::byte> read;
    const mrda_buffer& view = data.buffer->view();
    if (view.pages != nullptr) {
        packet.data = static_cast<const std::byte*>(view.pages) + data.offset_bytes;
    } else {
        read.resize(data.length_bytes);
        MRDA_TRY(data.buffer->read(data.offset_bytes, read));
        report_.copied_bytes += read.size();
        packet.data = read.data();
    }
    const Stopwatch watch(report_.busy_ns);
    const auto sent = session_.send(packet);
    report_.frames_sent += sent.ok() && *sent ? 1U : 0U;
    return sent;
}

Result<void> Stage::drain() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    const Stopwatch watch(report_.busy_ns);
    return session_.drain();
}

void Stage::let_go_of_done() {
    while (const auto done = session_.take_done()) {
        if (*done < held_.size() && held_[*done].inside) {
            held_[*done].inside = false;
            held_[*done].frame = {};
        }
    }
}

Result<ReceivedData> Stage::receive_data(std::uint64_t timeout_ns) {
    const std::lock_guard lock(mutex_);
    if (session_.kind().receive_packet == nullptr) {
        return make_error(Errc::invalid_argument, "data was asked of a session that gives frames");
    }
    ReceivedPacket received;
    {
        const Stopwatch watch(report_.busy_ns);
        MRDA_ASSIGN(received, session_.receive(timeout_ns));
    }
    let_go_of_done();
    ReceivedData given{received.status, {}};
    if (received.status == Status::ok) {
        ++report_.received;
        const mrda_media_packet& packet = received.packet;
        given.data = data_of(std::span(static_cast<const std::byte*>(packet.data),
                                       static_cast<std::size_t>(packet.length_bytes)));
        given.data.pts = packet.pts;
        given.data.dts = packet.dts;
        given.data.key_frame = (packet.flags & MRDA_FRAME_KEY) != 0;
    }
    return given;
}

Result<bool> Stage::prepare_output() {
    MRDA_ASSIGN(const auto described, session_.describe());
    if (!described) {
        return outputs_[0] != nullptr;
    }
    MRDA_ASSIGN(const FrameLayout wanted, from_media(*described));
    if (outputs_[0] == nullptr || !(outputs_[0]->layout() == wanted)) {
        MRDA_ASSIGN(outputs_[0], FramePool::make(*device_, bank_, wanted, frames_));
    }
    return true;
}

Result<ReceivedFrame> Stage::receive_frame(std::uint32_t output, std::uint64_t timeout_ns) {
    const std::lock_guard lock(mutex_);
    if (output >= outputs_.size()) {
        return make_error(Errc::invalid_argument, "output " + std::to_string(output) + " of " +
                                                      std::to_string(outputs_.size()));
    }
    if (session_.kind().describe != nullptr) {
        MRDA_ASSIGN(const bool known, prepare_output());
        if (!known) {
            // Nothing can come before the stream says how its frames lie; an ended one never will.
            return ReceivedFrame{ended_ ? Status::end_of_stream : Status::send_more, {}};
        }
    }
    auto free = outputs_[output]->take();
    if (!free) {
        return ReceivedFrame{Status::try_again, {}};
    }
    mrda_frame frame{};
    frame.size_bytes = sizeof frame;
    frame.buffer = &free->buffer->view();
    frame.layout = &free->layout;
    frame.index = outputs_[output]->index_of(*free->buffer).value();
    ReceivedFrame received;
    {
        const Stopwatch watch(report_.busy_ns);
        MRDA_ASSIGN(received.status, session_.receive(output, timeout_ns, frame));
    }
    let_go_of_done();
    if (received.status == Status::ok) {
        ++report_.received;
        free->pts = frame.pts;
        free->key_frame = (frame.flags & MRDA_FRAME_KEY) != 0;
        hand_on_side_data(*free);
        received.frame = std::move(*free);
    }
    return received;
}

bool Stage::has_free_frame(std::uint32_t output) const {
    const auto pool = output_pool(output);
    return pool == nullptr || pool->has_free();
}

std::shared_ptr<FramePool> Stage::output_pool(std::uint32_t output) const {
    const std::lock_guard lock(mutex_);
    return output < outputs_.size() ? outputs_[output] : nullptr;
}

Result<std::shared_ptr<FramePool>> Stage::pool_for_downstream(std::uint32_t output) const {
    const std::lock_guard lock(mutex_);
    if (output >= outputs_.size()) {
        return make_error(Errc::invalid_argument, "output " + std::to_string(output) +
                                                      " of an upstream that has " +
                                                      std::to_string(outputs_.size()));
    }
    if (outputs_[output] == nullptr) {
        return make_error(Errc::busy,
                          "the upstream does not know yet how its frames lie; send it more, and "
                          "receive its first frame, before its downstream is opened");
    }
    return outputs_[output];
}

StageReport Stage::report() const {
    const std::lock_guard lock(mutex_);
    StageReport report = report_;
    report.session = session_.report();
    return report;
}

}  // namespace mrda::media
