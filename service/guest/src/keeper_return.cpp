// SPDX-License-Identifier: MIT
// How a keeper waits for a service that went away.
#include <algorithm>
#include <utility>

#include "keeper.h"
#include "os.h"

namespace mrda::guest::core {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
/// The service makes a session when its worker is ready.
constexpr std::uint64_t kCreateTimeoutNs = 25'000 * kNsPerMs;
constexpr std::uint64_t kFirstPauseNs = 20 * kNsPerMs;
constexpr std::uint64_t kLastPauseNs = 500 * kNsPerMs;

}  // namespace

bool is_status(const Error& error, grpc::StatusCode code) {
    return error.api == Api::grpc && error.native == code;
}

bool may_pass(const Error& error) {
    switch (error.code) {
        case Errc::device_lost:
        case Errc::timeout:
        case Errc::exhausted:
        case Errc::busy:
            return true;
        case Errc::not_found:
            return error.api != Api::grpc;  // A socket or file that will be there.
        default:
            return false;
    }
}

mrda_guest_status ending_status(const Error& error) {
    const bool over =
        is_status(error, grpc::StatusCode::FAILED_PRECONDITION) && error.call != "Create";
    return over ? MRDA_GUEST_FAILED : status_of(error.code);
}

bool Keeper::look_for_service() {
    {
        const std::lock_guard lock(mutex_);
        returned_.reset();  // Gone again before anybody took it.
    }
    set(Link::away);
    const std::uint64_t id = session_id();
    const std::uint64_t deadline_ns = os::deadline_after(reattach_timeout_ns_);
    Error last = make_error(Errc::device_lost, "no answer");
    for (std::uint64_t pause_ns = kFirstPauseNs; os::now_ns() < deadline_ns;
         pause_ns = std::min(2 * pause_ns, kLastPauseNs)) {
        if (try_to_return(deadline_ns, last)) {
            return link_ != Link::ended && session_id() == id;
        }
        if (!pause(pause_ns)) {
            return false;
        }
    }
    end(MRDA_GUEST_SERVICE_GONE,
        "the service at " + control_.address() + " went away and did not come back within " +
            std::to_string(reattach_timeout_ns_ / kNsPerMs) + " ms: " + to_string(last));
    return false;
}

bool Keeper::try_to_return(std::uint64_t deadline_ns, Error& last) {
    const auto renewed = control_.renew(session_id(), deadline_ns, Control::Contact::patient);
    if (renewed.ok()) {
        schedule(renewed->lease_ms());
        follow();
        set(Link::up);
        return true;
    }
    last = renewed.error();
    if (is_status(last, grpc::StatusCode::NOT_FOUND)) {
        auto made = make_again(deadline_ns);
        if (made.ok()) {
            {
                const std::lock_guard lock(mutex_);
                session_id_ = made->session_id;
                returned_ = std::move(*made);
                reset_wanted_ = false;
            }
            follow();
            set(Link::returned);
            return true;
        }
        last = made.error();
    }
    if (has_other_token(last)) {
        return false;
    }
    if (!may_pass(last) && !halted()) {
        end(ending_status(last), to_string(last));
        return true;
    }
    return false;
}

bool Keeper::has_other_token(const Error& refusal) {
    // In its new life the service may have written another one.
    if (refusal.code != Errc::permission_denied) {
        return false;
    }
    const auto other = control_.refresh_token();
    return other.ok() && *other;
}

Result<Attachment> Keeper::make_again(std::uint64_t deadline_ns) {
    v1::CreateRequest request = request_;
    request.set_resumes_session(session_id());
    if (in_offset_bytes_ && out_offset_bytes_) {
        request.set_in_extent_offset_bytes(*in_offset_bytes_);
        request.set_out_extent_offset_bytes(*out_offset_bytes_);
    }
    deadline_ns = std::min(deadline_ns, os::deadline_after(kCreateTimeoutNs));
    auto made = make_session(std::move(request), reach_, control_, deadline_ns);
    if (made.ok() && halted()) {
        // Nobody will use it; if this fails, too, its lease ends.
        static_cast<void>(control_.stop(made->session_id, os::deadline_after(kCallTimeoutNs)).ok());
        return make_error(Errc::device_lost, "the session is stopped");
    }
    if (made.ok()) {
        schedule(made->lease_ms);
        remember_place(*made);
    }
    return made;
}

void Keeper::remember_place(const Attachment& attachment) {
    if (attachment.outlives_service) {
        in_offset_bytes_ = attachment.input_extent.offset_bytes;
        out_offset_bytes_ = attachment.output_extent.offset_bytes;
    }
}

}  // namespace mrda::guest::core
