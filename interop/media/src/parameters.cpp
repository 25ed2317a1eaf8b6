// SPDX-License-Identifier: MIT
#include "mrda/media/parameters.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace mrda::media {

namespace {

std::span<const mrda_parameter> parameters_of(const mrda_session_config& config) {
    return {config.parameters, config.parameters == nullptr ? 0 : config.parameter_count};
}

std::string_view name_of(const mrda_parameter& parameter) {
    return parameter.name == nullptr ? std::string_view() : parameter.name;
}

std::string type_text(std::uint32_t type) {
    constexpr std::array<std::string_view, 4> kNames{"an integer", "a real number", "text",
                                                     "a buffer"};
    return type < kNames.size() ? std::string(kNames[type]) : "type " + std::to_string(type);
}

/// Null: not given.
Result<const mrda_parameter*> find(const mrda_session_config& config, std::string_view name,
                                   std::uint32_t type) {
    for (const mrda_parameter& parameter : parameters_of(config)) {
        if (name_of(parameter) != name) {
            continue;
        }
        if (parameter.type != type) {
            return make_error(Errc::invalid_argument, "parameter \"" + std::string(name) +
                                                          "\" is " + type_text(parameter.type) +
                                                          ", and must be " + type_text(type));
        }
        return &parameter;
    }
    return static_cast<const mrda_parameter*>(nullptr);
}

std::string text_of(std::int64_t value) {
    return std::to_string(value);
}
std::string text_of(std::string_view value) {
    return std::string(value);
}

template <typename T>
std::string list_of(std::initializer_list<T> values) {
    std::string all;
    for (const T& value : values) {
        all += (all.empty() ? "" : ", ") + text_of(value);
    }
    return all;
}

template <typename T>
Result<std::optional<std::size_t>> position_of(const T& value, std::string_view name,
                                               std::initializer_list<T> choices) {
    const auto* const chosen = std::find(choices.begin(), choices.end(), value);
    if (chosen == choices.end()) {
        return make_error(Errc::invalid_argument, "parameter \"" + std::string(name) + "\" is " +
                                                      text_of(value) + ", and must be one of " +
                                                      list_of(choices));
    }
    return std::optional(static_cast<std::size_t>(chosen - choices.begin()));
}

}  // namespace

Result<void> check_parameters(const mrda_session_config& config,
                              std::initializer_list<std::string_view> known) {
    for (const mrda_parameter& parameter : parameters_of(config)) {
        const std::string_view name = name_of(parameter);
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return make_error(Errc::invalid_argument,
                              "parameter \"" + std::string(name) + "\" is not known; the session " +
                                  (known.size() == 0 ? "has none" : "has " + list_of(known)));
        }
    }
    return {};
}

Result<std::optional<std::int64_t>> integer_parameter(const mrda_session_config& config,
                                                      std::string_view name, std::int64_t least,
                                                      std::int64_t most) {
    MRDA_ASSIGN(const mrda_parameter* const found, find(config, name, MRDA_PARAMETER_INTEGER));
    if (found == nullptr) {
        return std::optional<std::int64_t>();
    }
    const std::int64_t value = found->value.integer;
    if (value < least || value > most) {
        return make_error(Errc::invalid_argument, "parameter \"" + std::string(name) + "\" is " +
                                                      text_of(value) + ", and must be from " +
                                                      text_of(least) + " to " + text_of(most));
    }
    return std::optional(value);
}

Result<std::optional<std::size_t>> integer_choice(const mrda_session_config& config,
                                                  std::string_view name,
                                                  std::initializer_list<std::int64_t> choices) {
    MRDA_ASSIGN(const mrda_parameter* const found, find(config, name, MRDA_PARAMETER_INTEGER));
    if (found == nullptr) {
        return std::optional<std::size_t>();
    }
    return position_of(std::int64_t{found->value.integer}, name, choices);
}

Result<std::optional<std::size_t>> text_choice(const mrda_session_config& config,
                                               std::string_view name,
                                               std::initializer_list<std::string_view> choices) {
    MRDA_ASSIGN(const mrda_parameter* const found, find(config, name, MRDA_PARAMETER_TEXT));
    if (found == nullptr) {
        return std::optional<std::size_t>();
    }
    const char* const text = found->value.text;
    return position_of(text == nullptr ? std::string_view() : std::string_view(text), name,
                       choices);
}

}  // namespace mrda::media
