// SPDX-License-Identifier: MIT
#include "session.h"

#include <libyuv.h>

#include <algorithm>
#include <string>

#include "mrda/media/loaded_plugin.h"

namespace mrda::plugins::yuv {

namespace {

/// So that outputs need not be received in step.
constexpr std::size_t kMaxHeld = 4;

}  // namespace

Result<int> Session::send(const mrda_frame* frame) {
    if (frame == nullptr) {
        ended_ = true;
        return int{MRDA_MEDIA_OK};
    }
    if (ended_) {
        return make_error(Errc::invalid_argument, "a frame after the stream's end; reset first");
    }
    if (held_.size() == kMaxHeld) {
        return int{MRDA_MEDIA_TRY_AGAIN};
    }
    MRDA_ASSIGN(const HeldFrame held, hold(*frame));
    held_.push_back(held);
    return int{MRDA_MEDIA_OK};
}

Result<int> Session::receive(std::uint32_t output, mrda_frame& frame) {
    if (output >= output_count_) {
        return make_error(Errc::invalid_argument, "output " + std::to_string(output) + " of " +
                                                      std::to_string(output_count_));
    }
    if (given_[output] == held_.size()) {
        return ended_ ? int{MRDA_MEDIA_END} : int{MRDA_MEDIA_SEND_MORE};
    }
    const HeldFrame& from = held_[given_[output]];
    MRDA_ASSIGN(const Planes to, planes_of(frame));
    MRDA_ASSIGN(const std::uint64_t copied, transform_(from.planes, to, scratch_));
    copied_bytes_ += copied;
    frame.pts = from.pts;
    frame.flags = from.flags;
    ++given_[output];
    release_done();
    return int{MRDA_MEDIA_OK};
}

void Session::release_done() {
    const auto outputs = std::span(given_).first(output_count_);
    if (*std::min_element(outputs.begin(), outputs.end()) == 0) {
        return;
    }
    done_.push_back(held_.front().index);
    held_.pop_front();
    for (std::size_t& given : outputs) {
        --given;
    }
}

std::optional<std::uint32_t> Session::take_done() {
    if (done_.empty()) {
        return std::nullopt;
    }
    const std::uint32_t index = done_.front();
    done_.pop_front();
    return index;
}

void Session::reset() {
    held_.clear();
    given_ = {};
    done_.clear();
    ended_ = false;
}

void Session::report(mrda_media_report& report) const {
    media::copy_text(report.implementation, "libyuv " + std::to_string(LIBYUV_VERSION));
    media::copy_text(report.path, "direct");
    report.codec_copied_bytes = copied_bytes_;
}

}  // namespace mrda::plugins::yuv
