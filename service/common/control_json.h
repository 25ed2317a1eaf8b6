// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "control_socket.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// JSON may write a byte as six.
inline constexpr std::size_t kLongestTextBytes = kMaxMessageBytes / 8;

/// An object. Errors: corrupt.
Result<nlohmann::json> parse_control_message(std::string_view message);

/// As text. What in it is no UTF-8, as it came from drivers, is replaced.
std::string dump_control_message(const nlohmann::json& message);

/// One that is missing is null.
const nlohmann::json& member(const nlohmann::json& object, const char* field);

/// corrupt, naming the field.
Error bad_field(const char* field);

/// Reads checked fields out of an object; the first that is wrong is remembered.
class JsonReader {
  public:
    explicit JsonReader(const nlohmann::json& object) : object_(object) {}

    template <typename T>
    void get(const char* field, T& out) {
        note(field, take(member(object_, field), out));
    }
    /// One that is missing leaves `out` as it is: of what older programs do not say.
    template <typename T>
    void get_if_there(const char* field, T& out) {
        if (object_.contains(field)) {
            get(field, out);
        }
    }
    /// At most so many.
    void get(const char* field, std::size_t most, std::vector<std::string>& out);
    [[nodiscard]] Result<void> done() const;

  private:
    static bool take(const nlohmann::json& value, std::string& out);
    static bool take(const nlohmann::json& value, bool& out);
    template <typename T>
    requires std::is_unsigned_v<T>
    static bool take(const nlohmann::json& value, T& out) {
        if (!value.is_number_unsigned() ||
            value.get<std::uint64_t>() > std::numeric_limits<T>::max()) {
            return false;
        }
        out = value.get<T>();
        return true;
    }
    void note(const char* field, bool taken);

    const nlohmann::json& object_;
    const char* wrong_ = nullptr;
};

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<const char*, N>& names,
                                    const std::string& name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (name == names[i]) {
            return i;
        }
    }
    return std::nullopt;
}

}  // namespace mrda::service
