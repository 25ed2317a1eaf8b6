// SPDX-License-Identifier: MIT
#include "report.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>

namespace usm_to_va {

void Report::step(std::string_view name, const std::string& found) {
    ++steps_;
    json_["steps"].push_back({{"step", name}, {"found", found}});
    if (!as_json_) {
        std::string padded(name);
        padded.resize(std::max<std::size_t>(padded.size(), 18), ' ');
        std::cout << (steps_ < 10 ? " " : "") << steps_ << "  " << padded << "  " << found << '\n';
    }
}

void Report::notice(const std::string& text) {
    json_["notice"] = text;
    std::cerr << "usm_to_va: " << text << '\n';
}

void Report::set(const char* path, nlohmann::json value) {
    json_[nlohmann::json::json_pointer(path)] = std::move(value);
}

void Report::line(const std::string& text) {
    if (!as_json_) {
        std::cout << text << '\n';
    }
}

void Report::failed(const mrda::Error& error) {
    json_["error"] = {{"code", mrda::to_string(error.code)}, {"message", mrda::to_string(error)}};
    std::cerr << "usm_to_va: " << mrda::to_string(error) << '\n';
}

mrda::Result<void> Report::finish() {
    // A path in a message need not be UTF-8, and must not end the program.
    const std::string text =
        json_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (as_json_) {
        std::cout << text;
    }
    if (path_.empty()) {
        return {};
    }
    std::ofstream file(path_, std::ios::trunc);
    file << text;
    file.close();
    if (!file) {
        return mrda::os_error("write", errno, "cannot write the report to " + path_);
    }
    return {};
}

}  // namespace usm_to_va
