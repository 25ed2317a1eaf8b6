// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/guest/guest.h"
#include "mrda/interop/result.h"
#include "verifier.h"

namespace mrda_sample_app {

/// What the program says: a bar on a terminal, or lines, while it works, and figures at the end; or
/// one JSON object.
class Progress {
  public:
    /// `to_stderr`: the standard output has the bitstream.
    Progress(bool as_json, bool to_stderr);

    /// Something that the user must not miss.
    void notice(const std::string& text);
    /// `expected`: 0 if not known.
    void begin(std::uint64_t expected);
    void packet(std::uint64_t size_bytes, std::uint64_t latency_ns);
    [[nodiscard]] std::uint64_t packets() const { return latencies_ns_.size(); }
    /// After each frame; says something now and then.
    void frame();
    void settled(const mrda_guest_info& info);
    void verified(const Verified& verified);
    void copied(std::uint64_t bytes, std::string_view reason);
    void failed(const mrda::Error& error);
    void finish();

  private:
    [[nodiscard]] double seconds() const;
    [[nodiscard]] double fps() const;
    /// In milliseconds; of no packet, 0.
    [[nodiscard]] double latency_ms(double quantile) const;
    void show();
    void say(const std::string& line);
    void finish_as_text();
    void finish_as_json();

    bool as_json_;
    bool to_stderr_;
    bool on_terminal_;
    bool bar_shown_ = false;
    std::uint64_t expected_ = 0;
    std::uint64_t frames_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t copied_bytes_ = 0;
    std::string copy_reason_;
    std::optional<Verified> verified_;
    std::vector<std::uint64_t> latencies_ns_;
    std::vector<std::string> notices_;
    mrda_guest_info info_{};
    std::string path_;
    std::string path_reason_;
    std::string implementation_;
    std::string woken_;
    std::string error_;
    std::string error_code_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown_ = begun_;
    std::chrono::steady_clock::time_point ended_ = begun_;
};

}  // namespace mrda_sample_app
