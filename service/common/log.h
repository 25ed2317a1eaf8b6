// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace mrda::service {

/// One line for each thing that happened, on standard error: `event key=value ...`, or as a JSON
/// object. Never a token, never what a guest sent as pixels. Any thread.
class Log {
  public:
    using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

    static void set_json(bool json);
    static void info(std::string_view event, Fields fields = {});
    static void warn(std::string_view event, Fields fields = {});
    static void error(std::string_view event, Fields fields = {});
};

}  // namespace mrda::service
