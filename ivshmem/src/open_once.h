// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "mrda/interop/result.h"

namespace mrda::ivshmem {

/// What a process can have open only once, by name: the first user opens it, the others share it,
/// and the last closes it. Whoever asks meanwhile waits until it is closed, as opening it before
/// that would fail. Any thread. Must outlive all that it gave.
template <typename Opened>
class OpenOnce {
  public:
    /// `open` gives a Result<std::unique_ptr<Opened>>. `is_good`: whether one that is open can be
    /// shared; if not, another is opened beside it. Neither is called twice at once.
    template <typename IsGood, typename Open>
    Result<std::shared_ptr<Opened>> get(const std::string& name, IsGood is_good, Open open) {
        std::shared_ptr<Opened> old;  // Closing it takes the mutex, so it goes after the lock.
        std::unique_lock lock(mutex_);
        for (auto found = open_.find(name); found != open_.end(); found = open_.find(name)) {
            old = found->second.shared.lock();
            if (old == nullptr) {
                closed_.wait(lock);  // Its last user has let go, and is about to close it.
            } else if (is_good(*old)) {
                return old;
            } else {
                open_.erase(found);
            }
        }
        MRDA_ASSIGN(std::unique_ptr<Opened> made, open());
        Opened* const one = made.release();
        std::shared_ptr<Opened> shared(one, [this, name](Opened* last) { close(name, last); });
        open_[name] = {one, shared};
        return shared;
    }

  private:
    struct Entry {
        const Opened* one;
        std::weak_ptr<Opened> shared;
    };

    void close(const std::string& name, Opened* last) {
        {
            const std::lock_guard lock(mutex_);
            delete last;
            const auto found = open_.find(name);
            if (found != open_.end() && found->second.one == last) {
                open_.erase(found);
            }
        }
        closed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable closed_;  // Something was.
    std::map<std::string, Entry> open_;
};

}  // namespace mrda::ivshmem
