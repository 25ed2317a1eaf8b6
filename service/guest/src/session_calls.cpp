// SPDX-License-Identifier: MIT
// What applications call.
#include <algorithm>
#include <optional>

#include "os.h"
#include "session.h"

namespace mrda::guest::core {

namespace {

constexpr const char* kDrained =
    "somebody had the service drain the session, which ended the stream; call mrda_guest_reset";

}  // namespace

std::optional<mrda_guest_status> Session::over(mrda_guest_status looked) {
    const bool may_change = looked == MRDA_GUEST_OK || looked == MRDA_GUEST_TRY_AGAIN;
    return may_change ? std::nullopt : std::optional(looked);
}

template <typename Settled>
mrda_guest_status Session::wait(std::uint64_t timeout_ns, Settled settled) {
    const std::uint64_t deadline_ns = os::deadline_after(timeout_ns);
    for (;;) {
        if (const std::optional<mrda_guest_status> status = settled(look())) {
            return *status;
        }
        if (os::now_ns() >= deadline_ns) {
            return MRDA_GUEST_TRY_AGAIN;
        }
        static_cast<void>(channel_->wait(std::min(deadline_ns, next_look_ns())));
    }
}

mrda_guest_status Session::get_buffer(mrda_guest_buffer& buffer, std::uint64_t timeout_ns) {
    return wait(timeout_ns, [&](mrda_guest_status now) -> std::optional<mrda_guest_status> {
        if (now != MRDA_GUEST_OK) {
            return over(now);
        }
        const auto slot = inputs_.take();
        if (slot) {
            std::byte* const first = input_.data() + layout_.input_slot_offset(*slot);
            buffer = {};
            buffer.slot = *slot;
            for (const PlaneLayout& plane : frame_.planes()) {
                buffer.planes[buffer.plane_count] =
                    reinterpret_cast<std::uint8_t*>(first + plane.offset_bytes);
                buffer.pitch_bytes[buffer.plane_count++] = plane.pitch_bytes;
            }
            buffer.size_bytes = layout_.input_slot_bytes() - frame_.planes()[0].offset_bytes;
            return MRDA_GUEST_OK;
        }
        // The host waits for output slots, and only this thread can receive() what is in them.
        if (packets_.is_full() || (is_drained() && packets_.has_next())) {
            return MRDA_GUEST_TRY_AGAIN;
        }
        return is_drained() ? std::optional(fail(MRDA_GUEST_BAD_ARGUMENT, kDrained)) : std::nullopt;
    });
}

mrda_guest_status Session::check_held(const mrda_guest_buffer& buffer, const char* what) {
    if (!inputs_.is(buffer.slot, InputPool::Use::held)) {
        return fail(MRDA_GUEST_BAD_ARGUMENT,
                    std::string(what) + ": input slot " + std::to_string(buffer.slot) + " of " +
                        std::to_string(inputs_.count()) +
                        " is not the application's; use buffers of mrda_guest_get_buffer, once");
    }
    return MRDA_GUEST_OK;
}

mrda_guest_status Session::return_buffer(const mrda_guest_buffer& buffer) {
    const mrda_guest_status held = check_held(buffer, "return_buffer");
    if (held == MRDA_GUEST_OK) {
        inputs_.change(buffer.slot, InputPool::Use::free);
    }
    return held;
}

mrda_guest_status Session::send_frame(const mrda_guest_buffer& buffer, std::int64_t pts,
                                      std::uint32_t flags) {
    if ((flags & ~std::uint32_t{MRDA_GUEST_KEY_FRAME}) != 0) {
        return fail(MRDA_GUEST_BAD_ARGUMENT, "send_frame: flags " + std::to_string(flags) +
                                                 ", of which only MRDA_GUEST_KEY_FRAME is known");
    }
    if (const auto held = check_held(buffer, "send_frame"); held != MRDA_GUEST_OK) {
        return held;
    }
    if (const char* const refusal = why_no_frame()) {
        return fail(MRDA_GUEST_BAD_ARGUMENT, refusal);
    }
    inputs_.change(buffer.slot, InputPool::Use::waiting);
    waiting_.push_back(
        {buffer.slot, pts, tally_.send(os::now_ns()), (flags & MRDA_GUEST_KEY_FRAME) != 0});
    return over(look()).value_or(MRDA_GUEST_OK);
}

const char* Session::why_no_frame() const {
    if (reset_wanted_) {
        return "send_frame while a reset is under way; call mrda_guest_reset again";
    }
    if (is_drained()) {
        return kDrained;
    }
    return end_sent_ ? "send_frame after the end of the stream; call mrda_guest_reset" : nullptr;
}

mrda_guest_status Session::send_end() {
    end_sent_ = true;
    return over(look()).value_or(MRDA_GUEST_OK);
}

mrda_guest_status Session::receive(mrda_guest_packet& packet, std::uint64_t timeout_ns) {
    return wait(timeout_ns, [&](mrda_guest_status now) -> std::optional<mrda_guest_status> {
        const auto next = now == MRDA_GUEST_OK ? packets_.next() : std::nullopt;
        if (next) {
            packet = {};
            packet.data = reinterpret_cast<const std::uint8_t*>(next->data);
            packet.size_bytes = next->size_bytes;
            packet.pts = next->pts;
            packet.dts = next->dts;
            packet.flags = next->key_frame ? std::uint32_t{MRDA_GUEST_KEY_FRAME} : 0;
            packet.slot = next->slot;
            packet.latency_ns = next->sent_at_ns == 0 ? 0 : os::now_ns() - next->sent_at_ns;
            ++info_.packets;
            return MRDA_GUEST_OK;
        }
        if (end_received_ && now != MRDA_GUEST_STOPPED && !packets_.has_next()) {
            return MRDA_GUEST_END;
        }
        return over(now);
    });
}

mrda_guest_status Session::release(const mrda_guest_packet& packet) {
    switch (packets_.release(packet.slot, reinterpret_cast<const std::byte*>(packet.data))) {
        case Packets::Released::unknown:
            return fail(
                MRDA_GUEST_BAD_ARGUMENT,
                "release: the packet in output slot " + std::to_string(packet.slot) +
                    " is not the application's; release what mrda_guest_receive gave, once");
        case Packets::Released::kept:
            return MRDA_GUEST_OK;
        case Packets::Released::to_host:
            break;
    }
    releases_.push_back(packet.slot);
    // The application has given it back, whatever else may be wrong.
    static_cast<void>(look());
    return MRDA_GUEST_OK;
}

mrda_guest_status Session::reset(std::uint64_t timeout_ns) {
    const bool under_way = reset_wanted_;
    if (const auto ended = over(look())) {
        return *ended;
    }
    if (!under_way) {
        begin_reset();
    }
    return wait(timeout_ns, [&](mrda_guest_status now) -> std::optional<mrda_guest_status> {
        return now == MRDA_GUEST_OK && !reset_wanted_ ? std::optional(now) : over(now);
    });
}

void Session::begin_reset() {
    drop_waiting();
    reset_wanted_ = true;
    keeper_.ask_reset();
}

mrda_guest_status Session::stop() {
    if (stopped_.exchange(true)) {
        return MRDA_GUEST_OK;
    }
    keeper_.halt();
    interrupt();
    if (const Link link = keeper_.link(); link == Link::away || link == Link::ended) {
        return MRDA_GUEST_OK;
    }
    const auto stopped = control_->stop(keeper_.session_id(), os::deadline_after(kCallTimeoutNs));
    const bool gone = !stopped.ok() && stopped.error().code == Errc::not_found;
    return stopped.ok() || gone ? MRDA_GUEST_OK : status_of(stopped.error().code);
}

void Session::get_info(mrda_guest_info& info) const {
    info = info_;
    info.frames_sent = tally_.sent();
    info.frames_encoded = tally_.settled(Tally::encoded);
    info.frames_discarded = tally_.settled(Tally::discarded);
    info.frames_lost = tally_.settled(Tally::lost);
    info.frames_failed = tally_.settled(Tally::failed);
    info.rpc_count = control_->rpc_count();
}

}  // namespace mrda::guest::core
