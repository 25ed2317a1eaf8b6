// SPDX-License-Identifier: MIT
#include "session.h"

#include <algorithm>
#include <cstring>

#include "mrda/media/loaded_plugin.h"
#include "parameters.h"

namespace mrda::vaapi::plugin {

namespace {

/// So that outputs need not be received in step.
constexpr std::size_t kMaxHeld = 4;
/// Beyond any picture's work: then the device hangs.
constexpr std::uint64_t kHangsAfterNs = 5'000'000'000;

std::string text_of(std::span<const char> field) {
    return {field.data(), ::strnlen(field.data(), field.size())};
}

Result<void> check_config(const mrda_session_config& config, mrda_session_type type) {
    const std::string path = text_of(config.path);
    if (!path.empty() && path != "direct") {
        return make_error(Errc::unsupported, "path \"" + path +
                                                 "\" asked of video processing, which has direct "
                                                 "alone; leave it empty");
    }
    const std::uint32_t most = type == MRDA_SESSION_SCALER ? MRDA_MAX_OUTPUTS : 1;
    if (config.output_count == 0 || config.output_count > most) {
        return make_error(Errc::invalid_argument, std::to_string(config.output_count) +
                                                      " outputs, of 1 to " + std::to_string(most));
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const mrda_session_config& config,
                                               mrda_session_type type) {
    MRDA_TRY(check_config(config, type));
    MRDA_ASSIGN(Display display, Display::open_at(text_of(config.device)));
    MRDA_ASSIGN(Pool input, Pool::import(display, config.input, "input"));
    std::unique_ptr<Session> session(new Session(std::move(display), std::move(input)));
    MRDA_TRY(session->open_outputs(config, type));
    return session;
}

Result<void> Session::open_outputs(const mrda_session_config& config, mrda_session_type type) {
    outputs_.reserve(config.output_count);
    for (std::uint32_t output = 0; output < config.output_count; ++output) {
        MRDA_ASSIGN(Pool pool, Pool::import(display_, config.outputs[output],
                                            "output " + std::to_string(output)));
        const FrameLayout& layout = pool.layout();
        MRDA_ASSIGN(VideoProcessor processor,
                    VideoProcessor::open(display_, layout.format().drm_fourcc, layout.width_px(),
                                         layout.height_px()));
        outputs_.push_back({std::move(pool), std::move(processor)});
    }
    if (type == MRDA_SESSION_FILTER) {
        MRDA_ASSIGN(options_, read_filter(config, outputs_.front().processor));
    } else {
        MRDA_TRY(check_scaler(config));
    }
    for (const Output& output : outputs_) {
        MRDA_TRY(output.processor.check(input_.first(), options_));
    }
    return {};
}

Session::~Session() {
    for (Output& output : outputs_) {
        static_cast<void>(settle(output, kHangsAfterNs));
    }
}

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
    MRDA_ASSIGN(const Surface* const surface, input_.find(*frame));
    held_.push_back({surface, frame->pts, frame->flags, frame->index});
    return int{MRDA_MEDIA_OK};
}

Result<bool> Session::settle(Output& output, std::uint64_t timeout_ns) {
    if (output.pending == nullptr) {
        return true;
    }
    const auto there = output.pending->wait(timeout_ns);
    if (!there.ok() && there.error().code == Errc::timeout) {
        return false;
    }
    output.pending = nullptr;
    MRDA_TRY(there);
    return true;
}

Result<int> Session::receive(std::uint32_t output, std::uint64_t timeout_ns, mrda_frame& frame) {
    if (output >= outputs_.size()) {
        return make_error(Errc::invalid_argument, "output " + std::to_string(output) + " of " +
                                                      std::to_string(outputs_.size()));
    }
    Output& to = outputs_[output];
    if (to.given == held_.size()) {
        return ended_ ? int{MRDA_MEDIA_END} : int{MRDA_MEDIA_SEND_MORE};
    }
    const Held& from = held_[to.given];
    MRDA_ASSIGN(const Surface* const target, to.pool.find(frame));
    const bool elsewhere = to.pending != nullptr && to.pending != target;
    if (elsewhere) {  // The host may use that other buffer as soon as this returns.
        MRDA_ASSIGN(const bool settled, settle(to, timeout_ns));
        if (!settled) {
            return int{MRDA_MEDIA_TRY_AGAIN};
        }
    }
    if (to.pending == nullptr) {
        MRDA_TRY(to.processor.process(*from.surface, *target, options_));
        to.pending = target;
    }
    MRDA_ASSIGN(const bool there, settle(to, elsewhere ? 0 : timeout_ns));
    if (!there) {
        return int{MRDA_MEDIA_TRY_AGAIN};
    }
    frame.pts = from.pts;
    frame.flags = from.flags;
    ++to.given;
    release_done();
    return int{MRDA_MEDIA_OK};
}

void Session::release_done() {
    if (std::any_of(outputs_.begin(), outputs_.end(),
                    [](const Output& output) { return output.given == 0; })) {
        return;
    }
    done_.push_back(held_.front().index);
    held_.pop_front();
    for (Output& output : outputs_) {
        --output.given;
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

Result<void> Session::reset() {
    for (Output& output : outputs_) {
        MRDA_ASSIGN(const bool settled, settle(output, kHangsAfterNs));
        if (!settled) {
            return make_error(Errc::device_lost, "the device has worked on one picture for " +
                                                     std::to_string(kHangsAfterNs / 1'000'000'000) +
                                                     " s; close the session");
        }
        output.given = 0;
    }
    held_.clear();
    done_.clear();
    ended_ = false;
    return {};
}

void Session::report(mrda_media_report& report) const {
    media::copy_text(report.implementation, display_.vendor());
    media::copy_text(report.path, "direct");
    std::string remarks = input_.remark();
    for (const Output& output : outputs_) {
        const std::string& remark = output.pool.remark();
        remarks += (remarks.empty() || remark.empty() ? "" : "\n") + remark;
    }
    media::copy_text(report.path_reason, remarks);
    report.cpu_copied_bytes = 0;
    report.codec_copied_bytes = 0;
}

}  // namespace mrda::vaapi::plugin
