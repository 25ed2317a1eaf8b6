// SPDX-License-Identifier: MIT
#include "executor.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace mrda::media {

Result<void> Executor::allow(std::size_t threads) {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) {
        try {
            threads_.emplace_back([this] { work(); });
        } catch (const std::system_error& problem) {
            return make_error(Errc::exhausted,
                              std::string("no thread for a device's units: ") + problem.what());
        }
    }
    max_threads_ = std::min(max_threads_ + threads, kMostThreads);
    return {};
}

Executor::~Executor() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    posted_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void Executor::post(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
        if (idle_ < queue_.size() && threads_.size() < max_threads_) {
            try {
                threads_.emplace_back([this] { this->work(); });
            } catch (const std::system_error&) {
                max_threads_ = threads_.size();  // Those that there are do the work.
            }
        }
    }
    posted_.notify_one();
}

void Executor::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        posted_.wait(lock, [this] { return ending_ || !queue_.empty(); });
        --idle_;
        if (queue_.empty()) {
            return;
        }
        std::function<void()> work = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
    }
}

}  // namespace mrda::media
