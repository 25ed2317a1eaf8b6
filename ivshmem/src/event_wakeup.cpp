// SPDX-License-Identifier: MIT
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::ivshmem {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kFirstPauseNs = 50'000;
constexpr unsigned kMostDoublings = 6;
constexpr std::uint64_t kLastPauseNs = 2'000'000;

class EventBell final : public Bell {
  public:
    explicit EventBell(Fd event) : event_(std::move(event)) {}
    void ring() override { signal_event(event_.get()); }

  private:
    Fd event_;
};

class EventWakeup final : public Wakeup {
  public:
    EventWakeup(Fd own, std::unique_ptr<Bell> bell, OtherEvent other, bool polls)
        : own_(std::move(own)), bell_(std::move(bell)), other_(std::move(other)), polls_(polls) {}

    bool sleep(std::uint64_t deadline_ns, unsigned slept) override {
        const std::uint64_t now = now_ns();
        std::uint64_t pause_ns = deadline_ns > now ? deadline_ns - now : 0;
        if (polls_) {
            pause_ns = std::min(
                {pause_ns, kFirstPauseNs << std::min(slept, kMostDoublings), kLastPauseNs});
        }
        timespec limit{};
        limit.tv_sec = static_cast<time_t>(pause_ns / kNsPerSecond);
        limit.tv_nsec = static_cast<long>(pause_ns % kNsPerSecond);
        // poll(2): a descriptor of -1 is passed over.
        std::array<pollfd, 2> told{pollfd{own_.get(), POLLIN, 0}, pollfd{other_.fd, POLLIN, 0}};
        const bool forever = deadline_ns == kNoDeadline && !polls_;
        if (::ppoll(told.data(), told.size(), forever ? nullptr : &limit, nullptr) <= 0) {
            return true;
        }
        if (told[0].revents != 0) {
            clear_event(own_.get());
        }
        return told[1].revents == 0 || other_.seen();
    }
    void wake_peer() override {
        if (bell_ != nullptr) {
            bell_->ring();
        }
    }
    void wake_self() override { signal_event(own_.get()); }

  private:
    Fd own_;
    std::unique_ptr<Bell> bell_;
    OtherEvent other_;
    bool polls_;
};

}  // namespace

std::unique_ptr<Bell> make_event_bell(Fd event) {
    return std::make_unique<EventBell>(std::move(event));
}

std::unique_ptr<Wakeup> make_event_wakeup(Fd own, std::unique_ptr<Bell> bell, OtherEvent other) {
    return std::make_unique<EventWakeup>(std::move(own), std::move(bell), std::move(other), false);
}

Result<std::unique_ptr<Wakeup>> make_polling_wakeup(std::unique_ptr<Bell> bell, OtherEvent other) {
    MRDA_ASSIGN(Fd own, make_event());
    return std::unique_ptr<Wakeup>(
        std::make_unique<EventWakeup>(std::move(own), std::move(bell), std::move(other), true));
}

}  // namespace mrda::ivshmem
