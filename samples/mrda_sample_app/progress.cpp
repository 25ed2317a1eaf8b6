// SPDX-License-Identifier: MIT
#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

namespace mrda_sample_app {

namespace {

constexpr double kNsPerMs = 1e6;
constexpr std::size_t kBarColumns = 24;
constexpr std::chrono::milliseconds kBarEvery(100);
constexpr std::chrono::seconds kLineEvery(2);

std::string rounded(double value, const char* unit) {
    char text[48];
    std::snprintf(text, sizeof text, value < 10 ? "%.2f%s" : "%.1f%s", value, unit);
    return text;
}

std::string psnr_of(const Verified& verified) {
    if (verified.compared == 0) {
        return verified.kept_bytes == 0 ? "not compared: what was sent has no luma"
                                        : "none is one that was sent";
    }
    const std::string value = std::isfinite(verified.psnr_db) ? rounded(verified.psnr_db, " dB")
                                                              : std::string("no difference");
    return "luma PSNR " + value + " of " + std::to_string(verified.compared) + " (" +
           std::to_string(verified.kept_bytes) + " bytes kept to compare)";
}

}  // namespace

Progress::Progress(bool as_json, bool to_stderr)
    : as_json_(as_json),
      to_stderr_(to_stderr),
      on_terminal_(::isatty(to_stderr ? STDERR_FILENO : STDOUT_FILENO) == 1) {}

void Progress::notice(const std::string& text) {
    notices_.push_back(text);
    std::cerr << "mrda_sample_app: " << text << '\n';
}

void Progress::begin(std::uint64_t expected) {
    expected_ = expected;
    begun_ = shown_ = ended_ = std::chrono::steady_clock::now();
}

void Progress::packet(std::uint64_t size_bytes, std::uint64_t latency_ns) {
    bytes_ += size_bytes;
    latencies_ns_.push_back(latency_ns);
    ended_ = std::chrono::steady_clock::now();
}

void Progress::frame() {
    ++frames_;
    const auto now = std::chrono::steady_clock::now();
    const bool due = on_terminal_ ? now - shown_ >= kBarEvery : now - shown_ >= kLineEvery;
    if (due && !as_json_) {
        shown_ = now;
        show();
    }
}

double Progress::seconds() const {
    return std::chrono::duration<double>(ended_ - begun_).count();
}

double Progress::fps() const {
    return seconds() > 0 ? static_cast<double>(latencies_ns_.size()) / seconds() : 0;
}

double Progress::latency_ms(double quantile) const {
    if (latencies_ns_.empty()) {
        return 0;
    }
    std::vector<std::uint64_t> sorted = latencies_ns_;
    const auto at = sorted.begin() +
                    static_cast<std::ptrdiff_t>(quantile * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), at, sorted.end());
    return static_cast<double>(*at) / kNsPerMs;
}

void Progress::say(const std::string& line) {
    (to_stderr_ ? std::cerr : std::cout) << line << std::flush;
}

void Progress::show() {
    std::string line = std::to_string(frames_);
    if (expected_ != 0) {
        line += "/" + std::to_string(expected_);
    }
    const double latest_ms =
        latencies_ns_.empty() ? 0 : static_cast<double>(latencies_ns_.back()) / kNsPerMs;
    line += " frames, " + rounded(fps(), " fps") + ", latency " + rounded(latest_ms, " ms");
    if (!on_terminal_) {
        say(line + "\n");
        return;
    }
    std::string bar;
    if (expected_ != 0) {
        const std::size_t done =
            std::min<std::uint64_t>(kBarColumns, frames_ * kBarColumns / expected_);
        bar = "[" + std::string(done, '#') + std::string(kBarColumns - done, '.') + "] ";
    }
    say("\r" + bar + line + "\033[K");
    bar_shown_ = true;
}

void Progress::settled(const mrda_guest_info& info) {
    info_ = info;
    path_ = info.path;
    path_reason_ = info.path_reason;
    implementation_ = info.implementation;
    woken_ = info.woken;
}

void Progress::copied(std::uint64_t bytes, std::string_view reason) {
    copied_bytes_ = bytes;
    copy_reason_ = reason;
}

void Progress::verified(const Verified& verified) {
    verified_ = verified;
}

void Progress::failed(const mrda::Error& error) {
    error_ = to_string(error);
    error_code_ = to_string(error.code);
}

void Progress::finish() {
    if (bar_shown_) {
        say("\n");
    }
    if (as_json_) {
        finish_as_json();
    } else if (!implementation_.empty()) {
        finish_as_text();
    }
    if (!error_.empty()) {
        std::cerr << "mrda_sample_app: " << error_ << '\n';
    }
}

void Progress::finish_as_text() {
    say(std::to_string(info_.frames_sent) + " frames, " + std::to_string(info_.packets) +
        " packets, " + std::to_string(bytes_) + " bytes in " + rounded(seconds(), " s") + ": " +
        rounded(fps(), " fps") + "\n");
    say("latency      p50 " + rounded(latency_ms(0.5), " ms") + ", p99 " +
        rounded(latency_ms(0.99), " ms") + "\n");
    say("path         " + path_ + (path_reason_.empty() ? "" : ": " + path_reason_) + "\n");
    say("encoder      " + implementation_ + "\n");
    say("woken        " + woken_ + "\n");
    say("copied there " + std::to_string(info_.cpu_copied_bytes) + " bytes by a CPU, " +
        std::to_string(info_.codec_copied_bytes) + " inside the codec\n");
    say("copied here  " + std::to_string(copied_bytes_) + " bytes" +
        (copied_bytes_ == 0 ? "" : ": " + copy_reason_) + "\n");
    if (verified_) {
        say("decoded here " + std::to_string(verified_->pictures) + " pictures by " +
            verified_->implementation + "; " + psnr_of(*verified_) + "\n");
    }
    if (info_.frames_lost + info_.frames_discarded + info_.frames_failed != 0) {
        say("not encoded  " + std::to_string(info_.frames_lost) + " lost with the service, " +
            std::to_string(info_.frames_discarded) + " discarded, " +
            std::to_string(info_.frames_failed) + " failed\n");
    }
    say("control      " + std::to_string(info_.rpc_count) + " messages to the service\n");
}

void Progress::finish_as_json() {
    nlohmann::ordered_json json{{"frames", info_.frames_sent},
                                {"packets", info_.packets},
                                {"bytes", bytes_},
                                {"seconds", seconds()},
                                {"fps", fps()},
                                {"latency_p50_ms", latency_ms(0.5)},
                                {"latency_p99_ms", latency_ms(0.99)},
                                {"path", path_},
                                {"path_reason", path_reason_},
                                {"implementation", implementation_},
                                {"woken", woken_},
                                {"frames_lost", info_.frames_lost},
                                {"frames_discarded", info_.frames_discarded},
                                {"frames_failed", info_.frames_failed},
                                {"reattached", info_.reattached},
                                {"rpc_count", info_.rpc_count},
                                {"guest_copied_bytes", copied_bytes_},
                                {"cpu_copied_bytes", info_.cpu_copied_bytes},
                                {"codec_copied_bytes", info_.codec_copied_bytes},
                                {"notices", notices_}};
    if (verified_) {
        // JSON has no infinity: alike, to the last bit, is null with "compared" above 0.
        const bool finite = verified_->compared != 0 && std::isfinite(verified_->psnr_db);
        json["decoded"] = {{"implementation", verified_->implementation},
                           {"pictures", verified_->pictures},
                           {"compared", verified_->compared},
                           {"luma_psnr_db", finite ? nlohmann::ordered_json(verified_->psnr_db)
                                                   : nlohmann::ordered_json(nullptr)},
                           {"kept_bytes", verified_->kept_bytes}};
    }
    if (copied_bytes_ != 0) {
        json["guest_copy_reason"] = copy_reason_;
    }
    if (!error_.empty()) {
        json["error"] = {{"code", error_code_}, {"message", error_}};
    }
    // A path in a message need not be UTF-8, and must not end the program.
    say(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace mrda_sample_app
