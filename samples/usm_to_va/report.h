// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "mrda/interop/result.h"

namespace usm_to_va {

/// What the program says: lines for people as they come, or one JSON object at the end, or both.
class Report {
  public:
    /// `path` is a file for the JSON object; "": none.
    Report(bool as_json, std::string path) : as_json_(as_json), path_(std::move(path)) {}

    /// One step of the chain, and what it found.
    void step(std::string_view name, const std::string& found);
    /// Something that the user must not miss.
    void notice(const std::string& text);
    /// A figure or fact for programs, at `path` such as "/encode/fps".
    void set(const char* path, nlohmann::json value);
    /// Figures for people alone.
    void line(const std::string& text);
    void failed(const mrda::Error& error);
    /// Writes the JSON object where it was asked for. Errors: what the file's system said.
    mrda::Result<void> finish();

  private:
    bool as_json_;
    std::string path_;
    int steps_ = 0;
    nlohmann::json json_;
};

}  // namespace usm_to_va
