// SPDX-License-Identifier: MIT
#include "checks.h"
#include "subject.h"

namespace mrda::check {

namespace {

constexpr std::uint32_t kWidthPx = 128;
constexpr std::uint32_t kHeightPx = 96;
constexpr std::uint32_t kBuffers = 4;
constexpr std::uint64_t kFrames = 8;
constexpr std::int64_t kTick = 3000;
constexpr std::uint64_t kWaitNs = 1'000'000'000;
constexpr int kMostCalls = 10'000;

struct Case {
    const mrda_session_kind* kind;
    std::uint32_t drm_fourcc;
    std::uint32_t outputs;
};

/// A scaler's outputs differ, a filter's picture keeps its size.
FrameLayout output_layout(const Case& with, std::uint32_t output) {
    const bool scales = with.kind->type == MRDA_SESSION_SCALER;
    const std::uint32_t part = scales ? output + 1 : 0;
    return FrameLayout::linear(with.drm_fourcc, kWidthPx - 8 * part, kHeightPx - 8 * part).value();
}

class Stream {
  public:
    explicit Stream(const Case& with)
        : input_(FrameLayout::linear(with.drm_fourcc, kWidthPx, kHeightPx).value(), kBuffers),
          subject_(*with.kind),
          with_(with) {
        for (std::uint32_t output = 0; output < with.outputs; ++output) {
            outputs_.emplace_back(output_layout(with, output), 1);
        }
    }

    [[nodiscard]] mrda_session_config config() const {
        mrda_session_config config = plain_config("", kWidthPx, kHeightPx);
        config.input = input_.pool();
        config.output_count = with_.outputs;
        for (std::uint32_t output = 0; output < with_.outputs; ++output) {
            config.outputs[output] = outputs_[output].pool();
        }
        return config;
    }
    Fault open() {
        const int status = subject_.init(config());
        return status == MRDA_MEDIA_OK
                   ? Fault()
                   : "init gives " + status_text(status) + ": " + subject_.words();
    }
    Fault run(std::uint64_t count) {
        for (std::uint64_t number = 0; number < count; ++number) {
            if (Fault fault = send(number); !fault.empty()) {
                return fault;
            }
            for (std::uint32_t output = 0; output < with_.outputs; ++output) {
                if (Fault fault = expect_frame(output, number); !fault.empty()) {
                    return fault;
                }
            }
            if (Fault fault = expect_done(number); !fault.empty()) {
                return fault;
            }
        }
        return end();
    }
    Subject& subject() { return subject_; }
    FramePool& input() { return input_; }

  private:
    Fault send(std::uint64_t number) {
        const auto index = static_cast<std::uint32_t>(number % kBuffers);
        input_.draw(index, number);
        const std::uint64_t sum = input_.sum(index);
        const mrda_frame frame = input_.frame(index, static_cast<std::int64_t>(number) * kTick);
        const int status = subject_.send(&frame);
        if (status != MRDA_MEDIA_OK) {
            return "a session that has given all its frames takes none: " + status_text(status) +
                   ": " + subject_.words();
        }
        return input_.sum(index) == sum ? "" : "the session writes into the frames that it is sent";
    }
    Fault expect_frame(std::uint32_t output, std::uint64_t number) {
        const FramePool& pool = outputs_[output];
        const std::uint64_t before = pool.sum(0);
        mrda_frame frame = pool.frame(0, -1);
        int status = MRDA_MEDIA_TRY_AGAIN;
        for (int call = 0; status == MRDA_MEDIA_TRY_AGAIN && call < kMostCalls; ++call) {
            status = subject_.receive(output, kWaitNs, frame);
        }
        const std::string which = "output " + std::to_string(output);
        if (status != MRDA_MEDIA_OK) {
            return which + " gives " + status_text(status) + " for a frame: " + subject_.words();
        }
        if (frame.pts != static_cast<std::int64_t>(number) * kTick) {
            return which + " gives a frame the time " + std::to_string(frame.pts) +
                   " in place of " + std::to_string(number * kTick);
        }
        if (number > 0 && pool.sum(0) == before) {
            return which + " is not written";
        }
        return pool.is_intact() ? "" : which + ": bytes behind the frame were written";
    }
    Fault expect_done(std::uint64_t number) {
        const auto sent = static_cast<std::uint32_t>(number % kBuffers);
        std::uint32_t index = kBuffers;
        if (with_.kind->take_done == nullptr) {
            return {};
        }
        if (with_.kind->take_done(subject_.data(), &index) != 1 || index != sent) {
            return "take_done does not name frame " + std::to_string(sent) +
                   ", which every output has given";
        }
        return with_.kind->take_done(subject_.data(), &index) == 1
                   ? "take_done names frame " + std::to_string(index) + " again"
                   : Fault();
    }
    Fault end() {
        if (const int status = subject_.send(static_cast<const mrda_frame*>(nullptr));
            status != MRDA_MEDIA_OK) {
            return "the end of the stream is refused with " + status_text(status);
        }
        for (std::uint32_t output = 0; output < with_.outputs; ++output) {
            mrda_frame frame = outputs_[output].frame(0, -1);
            const int status = subject_.receive(output, kWaitNs, frame);
            if (status != MRDA_MEDIA_END) {
                return "output " + std::to_string(output) + " gives " + status_text(status) +
                       " in place of END";
            }
        }
        if (!input_.is_intact()) {
            return "bytes behind a frame that was sent were written";
        }
        return subject_.is_intact() ? "" : "bytes behind session_bytes were written";
    }

    FramePool input_;
    std::vector<FramePool> outputs_;
    Subject subject_;
    Case with_;
};

Fault live(const Case& with, std::uint64_t frames) {
    Stream stream(with);
    Fault fault = stream.open();
    return fault.empty() ? stream.run(frames) : fault;
}

Fault takes_nothing_after_the_end(const Case& with) {
    Stream stream(with);
    if (Fault fault = stream.open(); !fault.empty()) {
        return fault;
    }
    if (Fault fault = stream.run(1); !fault.empty()) {
        return fault;
    }
    const mrda_frame late = stream.input().frame(0, 0);
    const int status = stream.subject().send(&late);
    return check_refusal("a frame after the end of the stream", status, stream.subject().words());
}

Fault refuses_no_outputs(const Case& with) {
    Stream stream(with);
    mrda_session_config config = stream.config();
    config.output_count = 0;
    const int status = stream.subject().init(config);
    return check_refusal("init without an output", status, stream.subject().words());
}

Fault refuses_an_unknown_parameter(const Case& with) {
    const Stream stream(with);
    return check_unknown_parameter(*with.kind, stream.config());
}

}  // namespace

std::vector<Check> frame_checks(const mrda_session_kind& kind) {
    std::vector<Check> checks;
    const bool scales = kind.type == MRDA_SESSION_SCALER;
    const std::string type(media::to_string(static_cast<mrda_session_type>(kind.type)));
    for (const mrda_format* format = kind.inputs; format->drm_fourcc != 0; ++format) {
        const Case with{&kind, format->drm_fourcc, scales ? MRDA_MAX_OUTPUTS : 1};
        checks.push_back({type + " " + fourcc_string(format->drm_fourcc) +
                              ": every frame comes out of every output once",
                          [with] { return live(with, kFrames); }});
    }
    const Case with{&kind, kind.inputs->drm_fourcc, 1};
    checks.push_back({type + ": ends a stream of no frame", [with] { return live(with, 0); }});
    checks.push_back({type + ": takes nothing after the end",
                      [with] { return takes_nothing_after_the_end(with); }});
    checks.push_back(
        {type + ": refuses to have no output", [with] { return refuses_no_outputs(with); }});
    checks.push_back({type + ": refuses a parameter that it does not know",
                      [with] { return refuses_an_unknown_parameter(with); }});
    checks.push_back(leaves_nothing_behind(type, [with] { return live(with, 4); }));
    checks.push_back(lives_beside_others(type, [with] { return live(with, 8); }));
    return checks;
}

}  // namespace mrda::check
