// SPDX-License-Identifier: MIT
#include "session_wake.h"

#include <algorithm>
#include <optional>

#include "mrda/ivshmem/doorbell_server.h"

namespace mrda::service {

namespace {

using ivshmem::WakeBy;

constexpr int kMostOffers = 16;

bool offers(const google::protobuf::RepeatedField<int>& list, v1::WakeBy by) {
    return std::find(list.begin(), list.end(), by) != list.end();
}

bool wants_futex(const v1::WakeOffer& offer) {
    const bool nothing = offer.guest_size() == 0 && offer.host_size() == 0;
    return nothing ||
           (offers(offer.guest(), v1::WAKE_BY_FUTEX) && offers(offer.host(), v1::WAKE_BY_FUTEX));
}

/// The first of the list that can be; nothing: none can.
std::optional<WakeBy> first_of(const google::protobuf::RepeatedField<int>& list, bool doorbell) {
    for (const int by : list) {
        if (by == v1::WAKE_BY_STREAM || by == v1::WAKE_BY_POLLING ||
            (by == v1::WAKE_BY_DOORBELL && doorbell)) {
            return static_cast<WakeBy>(by);
        }
    }
    return std::nullopt;
}

static_assert(static_cast<int>(WakeBy::futex) == v1::WAKE_BY_FUTEX);
static_assert(static_cast<int>(WakeBy::doorbell) == v1::WAKE_BY_DOORBELL);
static_assert(static_cast<int>(WakeBy::stream) == v1::WAKE_BY_STREAM);
static_assert(static_cast<int>(WakeBy::polling) == v1::WAKE_BY_POLLING);

}  // namespace

Result<SessionWake> SessionWake::agree(const v1::WakeOffer& offer, const SharedRegion& input) {
    SessionWake wake;
    if (wants_futex(offer)) {
        return wake;
    }
    if (offer.guest_size() > kMostOffers || offer.host_size() > kMostOffers) {
        return make_error(Errc::invalid_argument, "wake: more ways than there are");
    }
    const bool wanted =
        offers(offer.guest(), v1::WAKE_BY_DOORBELL) || offers(offer.host(), v1::WAKE_BY_DOORBELL);
    const bool doorbell = wanted && wake.take_vector(input);
    const auto guest = first_of(offer.guest(), doorbell);
    const auto host = first_of(offer.host(), doorbell);
    if (!guest || !host) {
        return make_error(Errc::unsupported,
                          "the guest offers no way of waking that can be had here" +
                              (wake.reason_.empty() ? std::string() : ": " + wake.reason_));
    }
    MRDA_TRY(wake.take_guest(*guest));
    MRDA_TRY(wake.take_host(*host));
    return wake;
}

SessionWake::~SessionWake() {
    if (doorbells_ != nullptr) {
        doorbells_->used.at(vector_) = false;
    }
}

bool SessionWake::take_vector(const SharedRegion& input) {
    const auto& doorbells = input.doorbells;
    if (doorbells == nullptr || !doorbells->connected) {
        reason_ = "no virtual machine has region " + input.name + " as a doorbell device now";
        return false;
    }
    doorbells->used.resize(doorbells->host.size(), false);
    const auto free = std::find(doorbells->used.begin(), doorbells->used.end(), false);
    if (free == doorbells->used.end()) {
        reason_ = "all " + std::to_string(doorbells->used.size()) + " vectors of region " +
                  input.name + " are in use by other sessions";
        return false;
    }
    *free = true;
    vector_ = static_cast<std::uint32_t>(free - doorbells->used.begin());
    doorbells_ = doorbells;
    // Of whoever had the vector before.
    ivshmem::clear_event(doorbells_->host.at(vector_).get());
    return true;
}

Result<void> SessionWake::take_host(WakeBy by) {
    host_ = by;
    if (by == WakeBy::doorbell) {
        MRDA_ASSIGN(host_event_, duplicate_fd(doorbells_->host.at(vector_).get()));
    } else if (by == WakeBy::stream) {
        MRDA_ASSIGN(host_event_, ivshmem::make_event());
    }
    return {};
}

Result<void> SessionWake::take_guest(WakeBy by) {
    guest_ = by;
    if (by == WakeBy::doorbell) {
        MRDA_ASSIGN(guest_event_, duplicate_fd(doorbells_->guest.at(vector_).get()));
    } else if (by == WakeBy::stream) {
        MRDA_ASSIGN(guest_event_, ivshmem::make_event());
    }
    return {};
}

void SessionWake::fill(v1::WakeAgreement& told) const {
    told.set_guest(static_cast<v1::WakeBy>(guest_));
    told.set_host(static_cast<v1::WakeBy>(host_));
    told.set_host_peer(ivshmem::kHostPeer);
    told.set_vector(vector_);
    told.set_reason(reason_);
}

}  // namespace mrda::service
