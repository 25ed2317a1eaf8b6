// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace mrda {

/// What kind of thing went wrong: what a caller branches on. Stable; new values go at the end.
enum class Errc : std::uint8_t {
    invalid_argument,   ///< The caller asked for something that can never work.
    unsupported,        ///< Well formed, but this driver, device or build cannot do it.
    not_found,          ///< The named device, file, loader or driver is not there.
    permission_denied,  ///< It is there, and this user may not use it.
    out_of_memory,      ///< Memory, of whichever kind the message names, ran out.
    exhausted,      ///< A bounded resource other than memory is used up: slots, descriptors, disk.
    busy,           ///< In use now; the same call may work later.
    timeout,        ///< The deadline that the caller gave has passed.
    end_of_stream,  ///< There is nothing more to read, and that is no failure.
    corrupt,        ///< Data that came from outside is not what it must be.
    device_lost,    ///< The device or its driver died; nothing on it can be used again.
    io,             ///< The operating system failed a read, write, map or ioctl.
    internal,       ///< A bug of ours.
};

/// Whose rules `Error::native` follows.
enum class Api : std::uint8_t { mrda, os, ze, va, mfx, grpc, av };

std::string_view to_string(Errc code);
std::string_view to_string(Api api);

/// One failure, told once, where it was seen. A plain value: copy and move it freely, on any
/// thread.
struct Error {
    Errc code = Errc::internal;
    Api api = Api::mrda;
    std::int64_t native = 0;  ///< errno, ze_result_t, VAStatus, mfxStatus …; 0 for Api::mrda.
    std::string call;         ///< The vendor's or system's call that failed; empty for Api::mrda.
    std::string message;      ///< What was asked, what was found, what to do.
};

/// "message (call: api native)". A message that lists things has a line for each.
std::string to_string(const Error& error);

/// An Error of our own making.
Error make_error(Errc code, std::string message);
/// An Error from a failed system call: `code` follows from `errno_value`, strerror's words are
/// appended.
Error os_error(std::string call, int errno_value, std::string message);

/// A value or an Error; the toolkit throws nothing. Access to the wrong one aborts the process, in
/// every build: it is a bug of the caller's.
template <typename T>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] T& value() & { return checked<0>(state_); }
    [[nodiscard]] const T& value() const& { return checked<0>(state_); }
    [[nodiscard]] T&& value() && { return std::move(checked<0>(state_)); }
    [[nodiscard]] const Error& error() const& { return checked<1>(state_); }
    [[nodiscard]] Error&& error() && { return std::move(checked<1>(state_)); }

    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

  private:
    template <std::size_t I, typename State>
    static auto& checked(State& state) {
        auto* held = std::get_if<I>(&state);
        if (held == nullptr) {
            __builtin_trap();
        }
        return *held;
    }

    std::variant<T, Error> state_;
};

/// Success with nothing to say, or an Error.
template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] const Error& error() const& {
        if (!error_) {
            __builtin_trap();
        }
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        if (!error_) {
            __builtin_trap();
        }
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace mrda

#define MRDA_CONCAT_(a, b) a##b
#define MRDA_CONCAT(a, b) MRDA_CONCAT_(a, b)

/// Leaves the function with the Error of `expression`, if it has one.
#define MRDA_TRY(expression)                                      \
    do {                                                          \
        if (auto mrda_result = (expression); !mrda_result.ok()) { \
            return std::move(mrda_result).error();                \
        }                                                         \
    } while (false)

/// `MRDA_ASSIGN(auto x, f())`: declares or assigns x from f()'s value, or leaves with its Error.
#define MRDA_ASSIGN(target, expression) \
    MRDA_ASSIGN_(target, expression, MRDA_CONCAT(mrda_result_, __LINE__))
#define MRDA_ASSIGN_(target, expression, name) \
    auto name = (expression);                  \
    if (!name.ok()) {                          \
        return std::move(name).error();        \
    }                                          \
    target = std::move(name).value()
