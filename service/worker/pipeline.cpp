// SPDX-License-Identifier: MIT
#include "pipeline.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "codec_config.h"

namespace mrda::service {

namespace {

using ivshmem::Channel;
using ivshmem::Descriptor;
using ivshmem::EndStatus;
using ivshmem::FrameStatus;
using ivshmem::GuestKind;
using ivshmem::HostKind;
using ivshmem::Mapping;
using ivshmem::SlotOwners;

/// How long the codec may hold the thread before commands and the guest's ring are looked at: where
/// it takes no more frames anyhow, and where it would.
constexpr std::uint64_t kFullCodecWaitNs = 20'000'000;
constexpr std::uint64_t kCodecWaitNs = 1'000'000;

/// A codec that has nothing to say lets go of slots in its own time, and tells nobody: it is asked
/// again after this long, and then ever less often.
constexpr std::uint64_t kFirstPauseNs = 200'000;
constexpr std::uint64_t kLongestPauseNs = 50'000'000;
/// Frames that wait for their packet: no more than slots, if each gets one.
constexpr std::size_t kMostCoding = ivshmem::kMaxSlots;

Descriptor message(HostKind kind) {
    Descriptor descriptor{};
    descriptor.kind = static_cast<std::uint16_t>(kind);
    return descriptor;
}

Result<media::Session> open_encoder(std::shared_ptr<const media::LoadedPlugin> plugin,
                                    const WorkerJob& job, const std::vector<mrda_buffer>& buffers) {
    std::vector<const mrda_buffer*> list;
    for (const mrda_buffer& buffer : buffers) {
        list.push_back(&buffer);
    }
    mrda_session_config config = codec_config(job);
    config.input.buffers = list.data();
    config.input.buffer_count = static_cast<std::uint32_t>(list.size());
    return media::Session::open(std::move(plugin), MRDA_SESSION_ENCODER, config);
}

/// Null: by futex.
Result<std::unique_ptr<ivshmem::Wakeup>> wakeup_of(const WorkerJob& job, PipelineDescriptors with) {
    std::unique_ptr<ivshmem::Bell> bell;
    if (has_event(job.guest_woken_by)) {
        bell = ivshmem::make_event_bell(std::move(with.guest_event));
    }
    if (has_event(job.host_woken_by)) {
        return ivshmem::make_event_wakeup(std::move(with.host_event), std::move(bell));
    }
    if (job.host_woken_by == ivshmem::WakeBy::polling) {
        return ivshmem::make_polling_wakeup(std::move(bell));
    }
    return std::unique_ptr<ivshmem::Wakeup>();
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::create(WorkerJob job, PipelineDescriptors with,
                                                   Report report) {
    MRDA_TRY(check_sizes(job));
    MRDA_ASSIGN(auto input, ivshmem::Region::adopt(std::move(with.input)));
    MRDA_ASSIGN(const auto output, ivshmem::Region::adopt(std::move(with.output)));
    MRDA_ASSIGN(Mapping input_mapping, Mapping::map(input.fd(), job.input));
    MRDA_ASSIGN(Mapping output_mapping, Mapping::map(output.fd(), job.output));
    MRDA_ASSIGN(auto plugin, media::LoadedPlugin::load(job.plugin_dirs, job.params.plugin));
    std::vector<mrda_buffer> buffers = input_buffers(job, input, input_mapping);
    MRDA_ASSIGN(auto encoder, open_encoder(std::move(plugin), job, buffers));
    const ivshmem::PeerMemory control = input_mapping.control(job.layout.control_bytes());
    MRDA_TRY(Channel::initialise(
        control, job.layout,
        job.layout.header(job.session_id, job.epoch, ivshmem::feature_of(job.host_woken_by))));
    MRDA_ASSIGN(auto wakeup, wakeup_of(job, std::move(with)));
    MRDA_ASSIGN(Channel channel,
                Channel::attach(control, job.layout, Channel::Side::host, std::move(wakeup)));
    return std::unique_ptr<Pipeline>(new Pipeline(
        std::move(job), std::move(input), std::move(input_mapping), std::move(output_mapping),
        std::move(channel), std::move(buffers), std::move(encoder), std::move(report)));
}

Pipeline::Pipeline(WorkerJob job, ivshmem::Region region, Mapping input, Mapping output,
                   Channel channel, std::vector<mrda_buffer> buffers, media::Session encoder,
                   Report report)
    : job_(std::move(job)),
      input_region_(std::move(region)),
      input_mapping_(std::move(input)),
      output_mapping_(std::move(output)),
      channel_(std::move(channel)),
      buffers_(std::move(buffers)),
      encoder_(std::move(encoder)),
      report_(std::move(report)),
      input_(job_.layout.input_slots(), SlotOwners::Owner::guest),
      output_(job_.layout.output_slots(), SlotOwners::Owner::host),
      slot_cookies_(job_.layout.input_slots(), 0),
      pause_ns_(kFirstPauseNs) {
    for (std::uint32_t slot = job_.layout.output_slots(); slot-- > 0;) {
        free_outputs_.push_back(slot);
    }
}

void Pipeline::request(WorkerCommand command) {
    switch (command) {
        case WorkerCommand::stop:
            stop_ = true;
            break;
        case WorkerCommand::reset:
            drain_ = false;  // Asked before: it was for frames that the reset discards.
            reset_ = true;
            break;
        case WorkerCommand::drain:
            drain_ = true;
            break;
        case WorkerCommand::stats:
            stats_ = true;
            break;
    }
    channel_.interrupt();
}

WorkerEvent Pipeline::stats() const {
    WorkerEvent event;
    event.kind = WorkerEvent::Kind::stats;
    event.frames = frames_;
    event.packets = packets_;
    event.bytes = bytes_;
    event.cpu_copied_bytes = cpu_copied_bytes_;
    event.codec_copied_bytes = codec_copied_bytes_;
    return event;
}

WorkerEvent Pipeline::running_event() const {
    const mrda_media_report told = encoder_.report();
    WorkerEvent event = stats();
    event.kind = WorkerEvent::Kind::running;
    event.path = told.path;
    event.message = told.path_reason;
    event.implementation = told.implementation;
    return event;
}

Result<void> Pipeline::run() {
    const auto worked = work();
    if (!worked.ok()) {
        tell_failure(worked.error());
    }
    return worked;
}

Result<void> Pipeline::work() {
    while (!stop_) {
        if (reset_.exchange(false)) {
            MRDA_TRY(reset());
        }
        if (drain_.exchange(false) && state_ == State::running) {
            drain_commanded_ = true;
            MRDA_TRY(start_draining());
        }
        if (stats_.exchange(false)) {
            count_copies();
            report_(stats());
        }
        MRDA_TRY(take_messages());
        MRDA_TRY(feed_codec());
        MRDA_ASSIGN(const bool moved, take_packet());
        MRDA_ASSIGN(const bool freed, give_back_done());
        if (moved || freed) {
            pause_ns_ = kFirstPauseNs;
        } else {
            rest();
        }
    }
    count_copies();
    report_(stats());
    return {};
}

void Pipeline::rest() {
    // What happens next begins with the guest or a command, and both end the wait; or with the
    // codec, as long as it has a frame or could not take one.
    const bool codec_first = codec_slots_ > 0 || !waiting_.empty();
    const bool heard =
        channel_.wait(codec_first ? ivshmem::now_ns() + pause_ns_ : ivshmem::kNoDeadline);
    pause_ns_ = heard ? kFirstPauseNs : std::min(2 * pause_ns_, kLongestPauseNs);
}

Result<void> Pipeline::take_messages() {
    // Not more than the ring can hold at once: a guest that never stops writing must not keep this
    // thread from commands.
    for (std::uint32_t i = 0; i < job_.layout.ring_capacity(); ++i) {
        MRDA_ASSIGN(const auto descriptor, channel_.receive());
        if (!descriptor) {
            return {};
        }
        MRDA_ASSIGN(const GuestKind kind,
                    accept_from_guest(*descriptor, job_.layout, input_, output_));
        switch (kind) {
            case GuestKind::frame:
                MRDA_TRY(take_frame(*descriptor));
                break;
            case GuestKind::release:
                free_outputs_.push_back(descriptor->slot);
                break;
            case GuestKind::end_of_stream:
                MRDA_TRY(take_end());
                break;
        }
    }
    return {};
}

Result<void> Pipeline::take_frame(const Descriptor& descriptor) {
    slot_cookies_[descriptor.slot] = descriptor.cookie;
    if (drain_commanded_) {
        // The guest could not know. The status of the stream's end tells it.
        frames_refused_ = true;
        return {};
    }
    if (state_ != State::running) {
        return make_error(Errc::corrupt, "the guest sent a frame after the end of its stream");
    }
    waiting_.push_back({descriptor.slot, descriptor.pts, descriptor.cookie,
                        (descriptor.flags & ivshmem::kFlagKeyFrame) != 0});
    return {};
}

Result<void> Pipeline::take_end() {
    if (state_ == State::running) {
        return start_draining();
    }
    if (state_ == State::draining && !frames_refused_) {
        drain_commanded_ = false;  // All that the guest sent is taken: it is its own end.
    }
    return {};
}

Result<void> Pipeline::start_draining() {
    state_ = State::draining;
    if (waiting_.empty()) {
        return encoder_.drain();
    }
    return {};  // feed_codec() drains behind the last frame.
}

Result<void> Pipeline::feed_codec() {
    while (!waiting_.empty()) {
        const Frame frame = waiting_.front();
        MRDA_ASSIGN(const bool taken, encoder_.send(frame.slot, frame.pts, frame.key_frame));
        if (!taken) {
            return {};
        }
        waiting_.pop_front();
        if (coding_.size() == kMostCoding) {
            coding_.erase(coding_.begin());  // Its packet came under another time, or never will.
        }
        coding_.push_back(frame);
        ++codec_slots_;
        ++frames_;
        if (waiting_.empty() && state_ == State::draining) {
            return encoder_.drain();
        }
    }
    return {};
}

Result<bool> Pipeline::take_packet() {
    if (free_outputs_.empty() || state_ == State::drained) {
        return false;
    }
    const bool full = !waiting_.empty() || state_ == State::draining;
    MRDA_ASSIGN(const media::ReceivedPacket received,
                encoder_.receive(full ? kFullCodecWaitNs : kCodecWaitNs));
    switch (received.status) {
        case media::Status::ok:
            MRDA_TRY(send_packet(received.packet));
            return true;
        case media::Status::try_again:
            return true;
        case media::Status::send_more:
            return false;
        case media::Status::end_of_stream:
            break;
    }
    MRDA_TRY(end_stream());
    return true;
}

Result<void> Pipeline::end_stream() {
    MRDA_TRY(give_back_done());
    state_ = State::drained;
    count_copies();
    Descriptor descriptor = message(HostKind::end_of_stream);
    descriptor.status =
        static_cast<std::uint32_t>(drain_commanded_ ? EndStatus::commanded : EndStatus::asked);
    descriptor.cpu_copied_bytes = cpu_copied_bytes_;
    descriptor.codec_copied_bytes = codec_copied_bytes_;
    MRDA_TRY(send(descriptor));
    WorkerEvent event = stats();
    event.kind = WorkerEvent::Kind::drained;
    report_(event);
    return {};
}

std::uint64_t Pipeline::cookie_of(std::int64_t pts) {
    const auto found = std::find_if(coding_.begin(), coding_.end(),
                                    [pts](const Frame& frame) { return frame.pts == pts; });
    if (found == coding_.end()) {
        return 0;
    }
    const std::uint64_t cookie = found->cookie;
    coding_.erase(found);
    return cookie;
}

Result<void> Pipeline::send_packet(const mrda_media_packet& packet) {
    if (packet.length_bytes > job_.layout.output_slot_bytes()) {
        return make_error(Errc::exhausted, "a packet of " + std::to_string(packet.length_bytes) +
                                               " bytes does not fit into an output slot of " +
                                               std::to_string(job_.layout.output_slot_bytes()) +
                                               "; ask for larger ones, or for a lower rate");
    }
    const std::uint32_t slot = free_outputs_.back();
    free_outputs_.pop_back();
    output_.give(slot, SlotOwners::Owner::guest);
    std::memcpy(output_mapping_.data() + job_.layout.output_slot_offset(slot), packet.data,
                packet.length_bytes);
    Descriptor descriptor = message(HostKind::packet);
    descriptor.slot = slot;
    descriptor.bytes = packet.length_bytes;
    descriptor.pts = packet.pts;
    descriptor.dts = packet.dts;
    descriptor.cookie = cookie_of(packet.pts);
    descriptor.flags = (packet.flags & MRDA_FRAME_KEY) != 0 ? ivshmem::kFlagKeyFrame : 0;
    ++packets_;
    bytes_ += packet.length_bytes;
    return send(descriptor);
}

void Pipeline::count_copies() {
    const mrda_media_report told = encoder_.report();
    cpu_copied_bytes_ = told.cpu_copied_bytes;
    codec_copied_bytes_ = told.codec_copied_bytes;
}

Result<bool> Pipeline::give_back_done() {
    bool any = false;
    while (const auto slot = encoder_.take_done()) {
        if (*slot >= input_.count() || input_.owner(*slot) != SlotOwners::Owner::host) {
            return make_error(Errc::internal, "the codec gave back slot " + std::to_string(*slot) +
                                                  ", which it did not have");
        }
        MRDA_TRY(give_back(*slot, FrameStatus::encoded, slot_cookies_[*slot]));
        --codec_slots_;
        any = true;
    }
    return any;
}

Result<void> Pipeline::give_back(std::uint32_t slot, FrameStatus status, std::uint64_t cookie) {
    input_.give(slot, SlotOwners::Owner::guest);
    Descriptor descriptor = message(HostKind::frame_done);
    descriptor.slot = slot;
    descriptor.status = static_cast<std::uint32_t>(status);
    descriptor.cookie = cookie;
    return send(descriptor);
}

Result<void> Pipeline::reset() {
    // What the guest sent before it asked is older than the reset: it comes back, too.
    state_ = State::running;
    drain_commanded_ = false;
    frames_refused_ = false;
    MRDA_TRY(take_messages());
    MRDA_TRY(encoder_.reset());
    waiting_.clear();
    coding_.clear();
    codec_slots_ = 0;
    state_ = State::running;
    for (std::uint32_t slot = 0; slot < input_.count(); ++slot) {
        if (input_.owner(slot) == SlotOwners::Owner::host) {
            MRDA_TRY(give_back(slot, FrameStatus::discarded, slot_cookies_[slot]));
        }
    }
    MRDA_TRY(send(message(HostKind::reset_done)));
    WorkerEvent event = stats();
    event.kind = WorkerEvent::Kind::reset;
    report_(event);
    return {};
}

Result<void> Pipeline::send(const Descriptor& descriptor) {
    MRDA_ASSIGN(const bool sent, channel_.send(descriptor));
    if (!sent) {
        return make_error(Errc::corrupt,
                          "the guest takes nothing from its ring, and goes on sending");
    }
    return {};
}

void Pipeline::tell_failure(const Error& error) {
    Descriptor descriptor = message(HostKind::failed);
    descriptor.status = static_cast<std::uint32_t>(error.code);
    // The guest may be what failed; then it hears of it from the service.
    static_cast<void>(channel_.send(descriptor).ok());
    WorkerEvent event = stats();
    event.kind = WorkerEvent::Kind::failed;
    event.code = error.code;
    event.message = to_string(error);
    report_(event);
}

}  // namespace mrda::service
