// SPDX-License-Identifier: MIT
#include "log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <ctime>
#include <nlohmann/json.hpp>

namespace mrda::service {

namespace {

std::atomic<bool> json_lines = false;

spdlog::logger& logger() {
    static const auto made = [] {
        auto created = spdlog::stderr_logger_mt("mrda");
        created->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
        created->flush_on(spdlog::level::info);
        return created;
    }();
    return *made;
}

/// Some of it comes from guests, who can say a lot.
std::string shortened(const std::string& value) {
    constexpr std::size_t kMostBytes = 512;
    return value.size() <= kMostBytes ? value : value.substr(0, kMostBytes) + " ...";
}

/// Line breaks and quotes would end a field early.
std::string quoted(const std::string& whole) {
    const std::string value = shortened(whole);
    if (!value.empty() && value.find_first_of(" \"\n=") == std::string::npos) {
        return value;
    }
    return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_line(std::string_view event, std::string_view level, Log::Fields fields) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    nlohmann::ordered_json line{
        {"time", static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9},
        {"level", level},
        {"event", event}};
    for (const auto& [key, value] : fields) {
        line[std::string(key)] = shortened(value);
    }
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write(spdlog::level::level_enum level, std::string_view event, Log::Fields fields) {
    const auto name = spdlog::level::to_string_view(level);
    if (json_lines) {
        logger().log(level, "{}", json_line(event, {name.data(), name.size()}, fields));
        return;
    }
    std::string line(event);
    for (const auto& [key, value] : fields) {
        line += " " + std::string(key) + "=" + quoted(value);
    }
    logger().log(level, "{}", line);
}

}  // namespace

void Log::set_json(bool json) {
    json_lines = json;
    logger().set_pattern(json ? "%v" : "%Y-%m-%dT%H:%M:%S.%e %l %v");
}

void Log::info(std::string_view event, Fields fields) {
    write(spdlog::level::info, event, fields);
}

void Log::warn(std::string_view event, Fields fields) {
    write(spdlog::level::warn, event, fields);
}

void Log::error(std::string_view event, Fields fields) {
    write(spdlog::level::err, event, fields);
}

}  // namespace mrda::service
