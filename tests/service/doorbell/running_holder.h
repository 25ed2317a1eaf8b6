// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "holder.h"

namespace mrda::service {

inline constexpr std::uint64_t kTestPatienceNs = 20'000'000'000;

/// A holder on a thread of its own, as long as its loop runs.
class RunningHolder {
  public:
    explicit RunningHolder(Holder::Settings settings)
        : holder_(Holder::listen(*loop_, std::move(settings)).value()) {
        ended_ = ran_.get_future();
        thread_ = std::thread([this] {
            loop_->run();
            holder_.reset();
            ran_.set_value();
        });
    }
    ~RunningHolder() {
        loop_->stop();
        thread_.join();
    }
    RunningHolder(const RunningHolder&) = delete;
    RunningHolder& operator=(const RunningHolder&) = delete;

    /// From now on it does nothing, as if it were stopped, until what is returned is gone.
    [[nodiscard]] std::shared_ptr<void> hold_up() {
        const auto go = std::make_shared<std::promise<void>>();
        std::promise<void> held;
        loop_->post([go = go->get_future().share(), &held] {
            held.set_value();
            go.wait();
        });
        held.get_future().wait();
        return {nullptr, [go](void*) { go->set_value(); }};
    }
    /// By itself.
    [[nodiscard]] bool ends() const {
        return ended_.wait_for(std::chrono::nanoseconds(kTestPatienceNs)) ==
               std::future_status::ready;
    }
    [[nodiscard]] bool has_ended() const {
        return ended_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }

  private:
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    std::unique_ptr<Holder> holder_;
    std::promise<void> ran_;
    std::future<void> ended_;
    std::thread thread_;
};

}  // namespace mrda::service
