// SPDX-License-Identifier: MIT
#include "waking.h"

#include <utility>

#include "wake_stream.h"

namespace mrda::guest::core {

namespace {

using ivshmem::Bell;
using ivshmem::PciDevice;
using ivshmem::WakeBy;
using ivshmem::Wakeup;

class RegisterBell final : public Bell {
  public:
    RegisterBell(std::shared_ptr<PciDevice> device, std::uint16_t peer, std::uint16_t vector)
        : device_(std::move(device)), peer_(peer), vector_(vector) {}
    void ring() override { device_->ring(peer_, vector_); }

  private:
    std::shared_ptr<PciDevice> device_;
    std::uint16_t peer_;
    std::uint16_t vector_;
};

class StreamBell final : public Bell {
  public:
    explicit StreamBell(std::shared_ptr<WakeStream> stream) : stream_(std::move(stream)) {}
    void ring() override { stream_->ring(); }

  private:
    std::shared_ptr<WakeStream> stream_;
};

/// Lets a stream live as long as the wakeup that only listens to it.
class ListenedTo final : public Bell {
  public:
    ListenedTo(std::shared_ptr<WakeStream> stream, std::unique_ptr<Bell> bell)
        : stream_(std::move(stream)), bell_(std::move(bell)) {}
    void ring() override {
        if (bell_ != nullptr) {
            bell_->ring();
        }
    }

  private:
    std::shared_ptr<WakeStream> stream_;
    std::unique_ptr<Bell> bell_;
};

WakeBy to_wake_by(v1::WakeBy by) {
    return static_cast<WakeBy>(static_cast<int>(by));
}

bool is_known(const v1::WakeAgreement& agreed) {
    const bool futexes =
        (agreed.guest() == v1::WAKE_BY_FUTEX) == (agreed.host() == v1::WAKE_BY_FUTEX);
    return v1::WakeBy_IsValid(agreed.guest()) && v1::WakeBy_IsValid(agreed.host()) && futexes &&
           agreed.host_peer() <= 0xffff && agreed.vector() <= 0xffff;
}

ivshmem::OtherEvent removal_of(const std::shared_ptr<RemovalWatch>& removal) {
    if (removal == nullptr) {
        return {};
    }
    return {removal->events(), [removal] { return removal->seen(); }};
}

}  // namespace

Result<std::unique_ptr<Wakeup>> wakeup_of(const v1::WakeAgreement& agreed,
                                          const std::shared_ptr<PciDevice>& device,
                                          Control& control, std::uint64_t session,
                                          const std::shared_ptr<RemovalWatch>& removal) {
    if (!is_known(agreed)) {
        return make_error(Errc::corrupt, "the service told ways of waking that do not go together");
    }
    if (agreed.host() == v1::WAKE_BY_FUTEX) {
        return std::unique_ptr<Wakeup>();
    }
    const bool by_register = agreed.host() == v1::WAKE_BY_DOORBELL;
    if ((by_register || agreed.guest() == v1::WAKE_BY_DOORBELL) &&
        (device == nullptr || !device->has_doorbell())) {
        return make_error(Errc::corrupt, "the service told of a doorbell that is not there");
    }
    const auto vector = static_cast<std::uint16_t>(agreed.vector());
    Fd own;
    std::shared_ptr<WakeStream> stream;
    if (agreed.guest() == v1::WAKE_BY_DOORBELL) {
        MRDA_ASSIGN(own, device->interrupt(vector));
    } else {
        MRDA_ASSIGN(own, ivshmem::make_event());
    }
    if (agreed.guest() == v1::WAKE_BY_STREAM || agreed.host() == v1::WAKE_BY_STREAM) {
        MRDA_ASSIGN(Fd woken, duplicate_fd(own.get()));
        MRDA_ASSIGN(stream, WakeStream::start(control, session, std::move(woken)));
    }
    std::unique_ptr<Bell> bell;
    if (by_register) {
        bell = std::make_unique<RegisterBell>(
            device, static_cast<std::uint16_t>(agreed.host_peer()), vector);
    } else if (agreed.host() == v1::WAKE_BY_STREAM) {
        bell = std::make_unique<StreamBell>(stream);
    }
    if (stream != nullptr) {
        bell = std::make_unique<ListenedTo>(std::move(stream), std::move(bell));
    }
    if (agreed.guest() == v1::WAKE_BY_POLLING) {
        return ivshmem::make_polling_wakeup(std::move(bell), removal_of(removal));
    }
    return ivshmem::make_event_wakeup(std::move(own), std::move(bell), removal_of(removal));
}

std::string words_of(const v1::WakeAgreement& agreed) {
    return "guest by " + std::string(to_string(to_wake_by(agreed.guest()))) + ", host by " +
           std::string(to_string(to_wake_by(agreed.host()))) +
           (agreed.reason().empty() ? std::string() : " (" + agreed.reason() + ")");
}

}  // namespace mrda::guest::core
