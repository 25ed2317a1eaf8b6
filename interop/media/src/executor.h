// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "mrda/interop/result.h"

namespace mrda::media {

/// The threads that wait for a device's units. Started when there is work for one more, up to what
/// is allowed. Its destructor does what was posted, then ends them.
class Executor {
  public:
    /// However many are allowed.
    static constexpr std::size_t kMostThreads = 64;

    Executor() = default;
    ~Executor();
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;

    /// So many more threads, and one of them at once: from then on there is one that does what is
    /// posted. Errors: exhausted (the system gives none).
    [[nodiscard]] Result<void> allow(std::size_t threads);
    /// After allow(). In order of posting. Any thread; does not wait.
    void post(std::function<void()> work);

  private:
    void work();

    std::size_t max_threads_ = 0;
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> queue_;
    std::size_t idle_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace mrda::media
