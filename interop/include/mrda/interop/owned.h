// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

namespace mrda {

/// The one owner of a C handle. `Policy` stands beside the handle's API and has
///     using Handle = …;                        // cheap to copy, comparable
///     static Handle null();                    // what "nothing" is
///     static void close(Handle handle);        // never fails, never throws
/// Move-only. One object is for one thread at a time; what the handle itself allows, its API says.
template <typename Policy>
class Owned {
  public:
    using Handle = typename Policy::Handle;

    Owned() = default;
    explicit Owned(Handle handle) : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(other.release()) {}
    Owned& operator=(Owned&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() { reset(); }

    /// The handle, still owned here.
    [[nodiscard]] Handle get() const { return handle_; }
    [[nodiscard]] bool valid() const { return !(handle_ == Policy::null()); }
    explicit operator bool() const { return valid(); }

    /// The handle, now the caller's to close.
    [[nodiscard]] Handle release() { return std::exchange(handle_, Policy::null()); }

    /// Closes what is held, and holds `next`.
    void reset(Handle next = Policy::null()) {
        const Handle old = std::exchange(handle_, next);
        if (!(old == Policy::null())) {
            Policy::close(old);
        }
    }

  private:
    Handle handle_ = Policy::null();
};

}  // namespace mrda
