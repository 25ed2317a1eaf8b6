// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "mrda/interop/result.h"

namespace mrda::l0::plugin {

/// Things that several threads use, each by one at a time. Made as they are needed, `most` of them;
/// who comes then waits. Thread-safe.
template <typename T>
class Pool {
  public:
    explicit Pool(std::size_t most) : most_(most) {}

    /// Calls `use(T&)` with one that nobody else has; `make()` makes one where all are in use. What
    /// `use` failed with is not used again.
    template <typename Make, typename Use>
    Result<void> with_one(Make make, Use use) {
        Taken taken(*this);
        if (taken.one == nullptr) {
            MRDA_ASSIGN(auto made, make());
            taken.one = std::make_unique<T>(std::move(made));
        }
        auto used = use(*taken.one);
        if (!used.ok()) {
            taken.one.reset();  // Whatever it still does ends before another takes its place.
        }
        return used;
    }

  private:
    /// Gives it back however the scope is left: with a place that is lost, all would wait for ever.
    struct Taken {
        explicit Taken(Pool& from) : pool(from), one(from.take_idle()) {}
        ~Taken() { pool.give_back(std::move(one)); }
        Taken(const Taken&) = delete;
        Taken& operator=(const Taken&) = delete;

        Pool& pool;
        std::unique_ptr<T> one;
    };

    /// Null: the caller may make one.
    std::unique_ptr<T> take_idle() {
        std::unique_lock lock(mutex_);
        given_back_.wait(lock, [this] { return !idle_.empty() || count_ < most_; });
        if (idle_.empty()) {
            ++count_;
            return nullptr;
        }
        auto one = std::move(idle_.back());
        idle_.pop_back();
        return one;
    }

    /// Null: it is gone.
    void give_back(std::unique_ptr<T> one) {
        const std::lock_guard lock(mutex_);
        if (one == nullptr) {
            --count_;
        } else {
            idle_.push_back(std::move(one));
        }
        given_back_.notify_one();
    }

    const std::size_t most_;
    std::mutex mutex_;
    std::condition_variable given_back_;
    std::size_t count_ = 0;
    std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace mrda::l0::plugin
