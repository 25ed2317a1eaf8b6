// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mrda::media {

/// The threads that wait for a device's units. Started when there is work for one more, up to a
/// bound. Its destructor does what was posted, then ends them.
class Executor {
  public:
    explicit Executor(std::size_t max_threads) : max_threads_(max_threads) {}
    ~Executor();
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    /// In order of posting. Any thread; does not wait.
    void post(std::function<void()> work);

  private:
    void work();

    const std::size_t max_threads_;
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> queue_;
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace mrda::media
