// SPDX-License-Identifier: MIT
#include "handles.h"

#include <array>

namespace mrda::media {

namespace {

Error no_handle(std::uint64_t handle) {
    return make_error(Errc::invalid_argument, "there is no handle " + std::to_string(handle) +
                                                  ", or it was released before");
}

}  // namespace

Handles& handles() {
    static auto& all = *new Handles();
    return all;
}

std::uint64_t Handles::add(Handled object) {
    const std::unique_lock lock(mutex_);
    const std::uint64_t handle = ++last_;
    objects_.emplace(handle, std::move(object));
    return handle;
}

Result<Handled> Handles::find(std::uint64_t handle) const {
    const std::shared_lock lock(mutex_);
    const auto found = objects_.find(handle);
    return found == objects_.end() ? Result<Handled>(no_handle(handle)) : found->second;
}

Result<Handled> Handles::take(std::uint64_t handle) {
    const std::unique_lock lock(mutex_);
    auto node = objects_.extract(handle);
    return node.empty() ? Result<Handled>(no_handle(handle)) : std::move(node.mapped());
}

Error Handles::wrong_sort(std::uint64_t handle, std::size_t sort) {
    // In the order of Handled.
    constexpr std::array<const char*, std::variant_size_v<Handled>> kSorts{
        "context",        "buffer",     "frame", "data", "session with frames",
        "kernel session", "reservation"};
    return make_error(Errc::invalid_argument, "handle " + std::to_string(handle) + " is a " +
                                                  kSorts[sort] + ", which is not asked for here");
}

}  // namespace mrda::media
