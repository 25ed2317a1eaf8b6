// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "device_files.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/wakeup.h"
#include "mrda/v1/sessions.pb.h"

namespace mrda::service {

/// How a session's guest and its worker wake each other, with the eventfds for that; gives its
/// vector of a doorbell device back when it goes. Move-only. For the loop's thread.
class SessionWake {
  public:
    /// The best of what the guest offers that can be had with `input`, its in device.
    /// Errors: unsupported (nothing of it can), exhausted.
    static Result<SessionWake> agree(const v1::WakeOffer& offer, const SharedRegion& input);

    SessionWake(SessionWake&& other) noexcept = default;
    SessionWake& operator=(SessionWake&&) = delete;
    ~SessionWake();

    [[nodiscard]] ivshmem::WakeBy guest() const { return guest_; }
    [[nodiscard]] ivshmem::WakeBy host() const { return host_; }
    /// Can be read when the guest has rung; -1: there is none. The worker reads it.
    [[nodiscard]] int host_event() const { return host_event_.get(); }
    /// Written by the worker to wake the guest; -1: there is none.
    [[nodiscard]] int guest_event() const { return guest_event_.get(); }
    void fill(v1::WakeAgreement& told) const;

  private:
    SessionWake() = default;
    Result<void> take_host(ivshmem::WakeBy by);
    Result<void> take_guest(ivshmem::WakeBy by);
    /// A free vector of the device's. False: there is none, and reason_ says why.
    bool take_vector(const SharedRegion& input);

    ivshmem::WakeBy guest_ = ivshmem::WakeBy::futex;
    ivshmem::WakeBy host_ = ivshmem::WakeBy::futex;
    std::shared_ptr<Doorbells> doorbells_;  // Whose vector is taken; null: none.
    std::uint32_t vector_ = 0;
    Fd host_event_;
    Fd guest_event_;
    std::string reason_;
};

}  // namespace mrda::service
