// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

namespace mrda::ze_soft {

/// The live objects of one type. A handle is the object's address, and is looked up before it is
/// ever followed: a stale or foreign one is refused. Thread-safe.
template <typename T>
class HandleTable {
  public:
    void* add(std::shared_ptr<T> object) {
        const std::unique_lock lock(mutex_);
        void* const handle = object.get();
        objects_.emplace(handle, std::move(object));
        return handle;
    }

    /// The object, kept alive for the caller even if another thread destroys its handle; or null.
    std::shared_ptr<T> find(const void* handle) const {
        const std::shared_lock lock(mutex_);
        const auto found = objects_.find(handle);
        return found == objects_.end() ? nullptr : found->second;
    }

    /// As find, and the handle is no longer valid.
    std::shared_ptr<T> take(const void* handle) {
        const std::unique_lock lock(mutex_);
        auto node = objects_.extract(handle);
        return node.empty() ? nullptr : std::move(node.mapped());
    }

  private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<const void*, std::shared_ptr<T>> objects_;
};

/// The table of all live T. Never destroyed: threads may still use it while the process exits.
template <typename T>
HandleTable<T>& live() {
    static auto& table = *new HandleTable<T>();
    return table;
}

template <typename Handle, typename T>
Handle publish(std::shared_ptr<T> object) {
    return static_cast<Handle>(live<T>().add(std::move(object)));
}

}  // namespace mrda::ze_soft
