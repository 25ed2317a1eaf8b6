// SPDX-License-Identifier: MIT
#include "session.h"

#include <algorithm>
#include <utility>

#include "mrda/ivshmem/device_memory.h"
#include "os.h"

namespace mrda::guest::core {

namespace {

using ivshmem::Channel;
using ivshmem::Descriptor;
using ivshmem::EndStatus;
using ivshmem::FrameStatus;
using ivshmem::GuestKind;
using ivshmem::HostKind;
using ivshmem::SlotOwners;

/// How long the service has to say in words what the ring says with a number.
constexpr std::uint64_t kWordsTimeoutNs = 500'000'000;
constexpr std::uint64_t kGuardedSleepNs = 500'000'000;

Descriptor message(GuestKind kind) {
    Descriptor descriptor{};
    descriptor.kind = static_cast<std::uint16_t>(kind);
    return descriptor;
}

std::string name_of(std::uint32_t code) {
    return code <= static_cast<std::uint32_t>(Errc::internal)
               ? std::string(to_string(static_cast<Errc>(code)))
               : "unknown code " + std::to_string(code);
}

}  // namespace

Result<std::unique_ptr<Session>> Session::create(Parameters parameters) {
    const std::uint64_t deadline_ns = os::deadline_after(parameters.connect_timeout_ns);
    MRDA_ASSIGN(auto control, Control::make(parameters.address, parameters.token, parameters.tls));
    MRDA_ASSIGN(Attachment attachment,
                make_session(parameters.request, parameters.reach, *control, deadline_ns));
    const auto memory = attachment.input.control(attachment.layout.control_bytes());
    MRDA_ASSIGN(Channel channel, Channel::attach(memory, attachment.layout, Channel::Side::guest,
                                                 std::move(attachment.wakeup)));
    std::unique_ptr<Session> session(new Session(std::move(parameters), std::move(control),
                                                 std::move(attachment), std::move(channel)));
    MRDA_TRY(session->guard_memory());
    return session;
}

Session::Session(Parameters parameters, std::unique_ptr<Control> control, Attachment attachment,
                 Channel channel)
    : control_(std::move(control)),
      layout_(attachment.layout),
      frame_(attachment.frame),
      removal_(std::move(attachment.removal)),
      input_(std::move(attachment.input)),
      channel_(std::move(channel)),
      input_owners_(layout_.input_slots(), SlotOwners::Owner::guest),
      output_owners_(layout_.output_slots(), SlotOwners::Owner::host),
      inputs_(layout_.input_slots()),
      packets_(std::move(attachment.output), layout_, attachment.in_devices),
      survive_removal_(parameters.reach.survive_removal),
      keeper_(*control_, std::move(parameters.request), std::move(parameters.reach),
              parameters.reattach_timeout_ns, [this] { interrupt(); }) {
    remember(attachment);
    keeper_.start(attachment);
}

Session::~Session() {
    static_cast<void>(stop());
}

mrda_guest_status Session::fail(mrda_guest_status status, std::string words) {
    words_ = std::move(words);
    return status;
}

void Session::interrupt() {
    const std::lock_guard lock(wake_mutex_);
    if (channel_) {
        channel_->interrupt();
    }
}

mrda_guest_status Session::look() {
    if (stopped_) {
        return fail(MRDA_GUEST_STOPPED, "mrda_guest_stop was called");
    }
    if (!ending_ && keeper_.link() == Link::returned) {
        if (auto fresh = keeper_.take_returned()) {
            if (const auto adopted = adopt(std::move(*fresh)); !adopted.ok()) {
                ending_ = {MRDA_GUEST_FAILED, to_string(adopted.error())};
            }
        }
    }
    if (!ending_ && is_memory_gone()) {
        let_go_of_device();
        removal_.reset();  // Nothing of the devices is mapped any more: the machine may have them.
    }
    if (!ending_) {
        auto taken = take_messages();
        if (host_closing_ && !end_received_ && keeper_.draining()) {
            end_drained();
        }
        const Link link = keeper_.link();
        if (taken.ok() && link == Link::up && !failure_) {
            taken = catch_up();
        }
        if (link == Link::ended) {
            ending_ = keeper_.ending();
        } else if (link == Link::up) {
            // From a host that is away, whatever lies in the ring is no news; nor where it gave the
            // memory back, of which the keeper will hear.
            if (!taken.ok() && !failure_ && has_own_header()) {
                failure_ = {to_string(taken.error()), os::deadline_after(kWordsTimeoutNs)};
            }
            end_failed(os::now_ns());
        }
    }
    if (ending_) {
        return fail(ending_->status, ending_->words);
    }
    return failure_ ? MRDA_GUEST_TRY_AGAIN : MRDA_GUEST_OK;
}

Result<void> Session::take_messages() {
    for (;;) {
        MRDA_ASSIGN(const auto descriptor, channel_->receive());
        if (!descriptor) {
            return {};
        }
        if (failure_) {
            continue;  // That was its last word.
        }
        MRDA_ASSIGN(const HostKind kind,
                    accept_from_host(*descriptor, layout_, input_owners_, output_owners_));
        MRDA_TRY(take(*descriptor, kind));
    }
}

Result<void> Session::take(const Descriptor& descriptor, HostKind kind) {
    switch (kind) {
        case HostKind::packet:
            packets_.arrived(descriptor, tally_.sent_at_ns(descriptor.cookie));
            tally_.settle(Tally::encoded, 1);
            // Its slot may come later, or never; another host need not have it.
            std::erase_if(told_,
                          [&](const auto& frame) { return frame.cookie == descriptor.cookie; });
            return {};
        case HostKind::frame_done:
            inputs_.change(descriptor.slot, InputPool::Use::free);
            std::erase_if(told_, [&](const auto& frame) { return frame.slot == descriptor.slot; });
            if (descriptor.status == static_cast<std::uint32_t>(FrameStatus::discarded)) {
                tally_.settle(Tally::discarded, 1);
            } else if (descriptor.status != static_cast<std::uint32_t>(FrameStatus::encoded)) {
                tally_.settle(Tally::failed, 1);
            }
            return {};
        case HostKind::end_of_stream:
            end_received_ =
                end_told_ && descriptor.status == static_cast<std::uint32_t>(EndStatus::asked);
            host_closing_ = !end_received_;
            info_.cpu_copied_bytes = descriptor.cpu_copied_bytes;
            info_.codec_copied_bytes = descriptor.codec_copied_bytes;
            return {};
        case HostKind::reset_done:
            if (resets_done_ == keeper_.resets_asked()) {
                return make_error(Errc::corrupt,
                                  "the host sent a reset_done that nobody asked for");
            }
            ++resets_done_;
            finish_reset();
            return {};
        case HostKind::failed:
            break;
    }
    failure_ = {"the session failed on the host: " + name_of(descriptor.status),
                os::deadline_after(kWordsTimeoutNs)};
    return {};
}

void Session::end_failed(std::uint64_t now_ns) {
    if (!failure_ || now_ns < failure_->words_until_ns) {
        return;
    }
    ending_ = {MRDA_GUEST_FAILED, failure_->words};
}

std::uint64_t Session::next_look_ns() const {
    // A deadline that has passed is for a service that is away, whose coming back ends every wait.
    const bool words_due = failure_ && os::now_ns() < failure_->words_until_ns;
    const std::uint64_t words_ns = words_due ? failure_->words_until_ns : ivshmem::kNoDeadline;
    // Where memory goes away, who sleeps by futex sleeps on by what was there before.
    const bool may_sleep_on = is_guarded() && !in_devices_;
    return may_sleep_on ? std::min(words_ns, os::now_ns() + kGuardedSleepNs) : words_ns;
}

Result<void> Session::tell(const Descriptor& descriptor) {
    MRDA_ASSIGN(const bool sent, channel_->send(descriptor));
    if (!sent) {
        return make_error(Errc::corrupt, "the host takes nothing from its ring");
    }
    return {};
}

Result<void> Session::send(const Waiting& frame) {
    Descriptor descriptor = message(GuestKind::frame);
    descriptor.slot = frame.slot;
    descriptor.bytes = frame_.size_bytes();
    descriptor.pts = frame.pts;
    descriptor.cookie = frame.cookie;
    descriptor.flags = frame.key_frame ? ivshmem::kFlagKeyFrame : 0;
    if (in_devices_) {
        ivshmem::flush_to_device();  // Pixels are there before the word that says so.
    }
    MRDA_TRY(tell(descriptor));
    inputs_.change(frame.slot, InputPool::Use::host);
    input_owners_.give(frame.slot, SlotOwners::Owner::host);
    tally_.enter();
    told_.push_back(frame);
    return {};
}

Result<void> Session::catch_up() {
    for (; !releases_.empty(); releases_.pop_back()) {
        Descriptor descriptor = message(GuestKind::release);
        descriptor.slot = releases_.back();
        MRDA_TRY(tell(descriptor));
        output_owners_.give(releases_.back(), SlotOwners::Owner::host);
    }
    if (host_closing_) {
        return {};  // All else is for its next life, or for nobody.
    }
    for (; !waiting_.empty(); waiting_.pop_front()) {
        MRDA_TRY(send(waiting_.front()));
    }
    if (end_sent_ && !end_told_) {
        MRDA_TRY(tell(message(GuestKind::end_of_stream)));
        end_told_ = true;
    }
    return {};
}

void Session::finish_reset() {
    tally_.take_back_encoded(packets_.drop_arrived(releases_));
    tally_.settle(Tally::discarded, tally_.inside());
    host_closing_ = false;
    end_received_ = false;
    end_told_ = false;
    end_sent_ = end_sent_ && !reset_wanted_;
    reset_wanted_ = false;
}

void Session::drop_waiting() {
    for (; !waiting_.empty(); waiting_.pop_front()) {
        inputs_.change(waiting_.front().slot, InputPool::Use::free);
        tally_.enter();
    }
}

void Session::end_drained() {
    drop_waiting();
    told_.clear();  // Their slots are the host's until a reset.
    tally_.settle(Tally::discarded, tally_.inside());
    end_sent_ = true;
    end_received_ = true;
}

}  // namespace mrda::guest::core
