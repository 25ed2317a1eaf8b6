// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <set>

#include "checks.h"
#include "subject.h"

namespace mrda::check {

namespace {

// H.265 encoders of GPUs take no less.
constexpr std::uint32_t kWidthPx = 192;
constexpr std::uint32_t kHeightPx = 128;
constexpr std::uint32_t kBuffers = 12;
constexpr std::uint64_t kFrames = 24;
constexpr std::int64_t kTick = 3000;
constexpr std::uint64_t kWaitNs = 1'000'000'000;
/// A session that makes no headway in so many calls never will.
constexpr int kMostCalls = 20'000;

struct Case {
    const mrda_session_kind* kind;
    std::string codec;
    std::uint32_t drm_fourcc;
};

FrameLayout layout_of(const Case& with) {
    return FrameLayout::linear(with.drm_fourcc, kWidthPx, kHeightPx).value();
}

mrda_session_config config_of(const Case& with, const FramePool& pool) {
    mrda_session_config config = plain_config(with.codec.c_str(), kWidthPx, kHeightPx);
    config.input = pool.pool();
    return config;
}

/// A stream through a session, kept to the rules on our side and watched on the plugin's.
class Stream {
  public:
    explicit Stream(const Case& with)
        : pool_(layout_of(with), kBuffers), subject_(*with.kind), with_(with) {
        for (std::uint32_t index = 0; index < kBuffers; ++index) {
            free_.insert(index);
        }
    }

    Fault open() {
        const int status = subject_.init(config_of(with_, pool_));
        return status == MRDA_MEDIA_OK
                   ? Fault()
                   : "init gives " + status_text(status) + ": " + subject_.words();
    }
    /// Sends `count` frames and the end, and receives all.
    Fault run(std::uint64_t count) {
        std::uint64_t sent = 0;
        bool ended = false;
        for (int call = 0; call < kMostCalls; ++call) {
            if (Fault fault = take_done(); !fault.empty()) {
                return fault;
            }
            if (sent < count && !free_.empty()) {
                sent += send(sent);
            } else if (sent == count && !ended) {
                ended = subject_.send(static_cast<const mrda_frame*>(nullptr)) == MRDA_MEDIA_OK;
                if (!ended) {
                    return "the end of the stream is refused: " + subject_.words();
                }
            }
            if (!refusal_.empty()) {
                return refusal_;
            }
            const int status = receive();
            if (status == MRDA_MEDIA_END) {
                return ended ? check_all(count) : "END comes before the end of the stream";
            }
            if (status < 0 || status > MRDA_MEDIA_END) {
                return "receive gives " + status_text(status) + ": " + subject_.words();
            }
            if (status == MRDA_MEDIA_SEND_MORE && ended) {
                return "receive wants more after the end of the stream";
            }
        }
        return "no END: " + std::to_string(packets_.size()) + " packets of " +
               std::to_string(count) + " frames have come";
    }
    Subject& subject() { return subject_; }
    FramePool& pool() { return pool_; }
    void begin_anew() {
        packets_.clear();
        for (std::uint32_t index = 0; index < kBuffers; ++index) {
            free_.insert(index);
        }
        held_.clear();
    }

  private:
    int send(std::uint64_t number) {
        const std::uint32_t index = *free_.begin();
        pool_.draw(index, number);
        sum_[index] = pool_.sum(index);
        const mrda_frame frame = pool_.frame(index, static_cast<std::int64_t>(number) * kTick);
        const int status = subject_.send(&frame);
        if (status == MRDA_MEDIA_TRY_AGAIN) {
            return 0;
        }
        if (status != MRDA_MEDIA_OK) {
            refusal_ = "frame " + std::to_string(number) + " is refused with " +
                       status_text(status) + ": " + subject_.words();
            return 0;
        }
        free_.erase(index);
        held_.insert(index);
        if (with_.kind->take_done == nullptr) {
            held_.erase(index);
            free_.insert(index);
        }
        return 1;
    }
    Fault take_done() {
        std::uint32_t index = 0;
        while (with_.kind->take_done != nullptr &&
               with_.kind->take_done(subject_.data(), &index) == 1) {
            if (held_.erase(index) == 0) {
                return "take_done names frame " + std::to_string(index) +
                       ", which the session does not have";
            }
            if (pool_.sum(index) != sum_[index]) {
                return "the session has written into frame " + std::to_string(index);
            }
            free_.insert(index);
        }
        return {};
    }
    int receive() {
        mrda_media_packet packet{};
        const int status = subject_.receive(kWaitNs, packet);
        if (status == MRDA_MEDIA_OK) {
            if (packets_.empty()) {
                first_is_key_ = (packet.flags & MRDA_FRAME_KEY) != 0;
            }
            empty_ = empty_ || packet.data == nullptr || packet.length_bytes == 0;
            packets_.push_back(packet.pts);
        }
        return status;
    }
    Fault check_all(std::uint64_t count) {
        if (Fault fault = take_done(); !fault.empty()) {
            return fault;
        }
        if (packets_.size() != count) {
            return std::to_string(packets_.size()) + " packets come of " + std::to_string(count) +
                   " frames";
        }
        std::sort(packets_.begin(), packets_.end());
        for (std::uint64_t number = 0; number < count; ++number) {
            if (packets_[number] != static_cast<std::int64_t>(number) * kTick) {
                return "the times of the packets are not those of the frames: " +
                       std::to_string(packets_[number]) + " in place of " +
                       std::to_string(number * kTick);
            }
        }
        if (count > 0 && !first_is_key_) {
            return "the first packet is no key frame";
        }
        if (empty_) {
            return "a packet without data";
        }
        if (!held_.empty()) {
            return "take_done never names frame " + std::to_string(*held_.begin());
        }
        if (!pool_.is_intact()) {
            return "bytes behind a frame were written";
        }
        return subject_.is_intact() ? "" : "bytes behind session_bytes were written";
    }

    FramePool pool_;
    Subject subject_;
    Case with_;
    std::set<std::uint32_t> free_;
    std::set<std::uint32_t> held_;
    std::array<std::uint64_t, kBuffers> sum_{};
    std::vector<std::int64_t> packets_;
    bool first_is_key_ = false;
    bool empty_ = false;
    Fault refusal_;
};

Fault live(const Case& with, std::uint64_t frames) {
    Stream stream(with);
    Fault fault = stream.open();
    return fault.empty() ? stream.run(frames) : fault;
}

Fault ends(const Case& with) {
    Stream stream(with);
    if (Fault fault = stream.open(); !fault.empty()) {
        return fault;
    }
    if (Fault fault = stream.run(3); !fault.empty()) {
        return fault;
    }
    const mrda_frame late = stream.pool().frame(0, 0);
    const int status = stream.subject().send(&late);
    return check_refusal("a frame after the end of the stream", status, stream.subject().words());
}

Fault says_at_once_that_it_wants_more(const Case& with) {
    Stream stream(with);
    if (Fault fault = stream.open(); !fault.empty()) {
        return fault;
    }
    mrda_media_packet packet{};
    const int status = stream.subject().receive(0, packet);
    return status == MRDA_MEDIA_SEND_MORE || status == MRDA_MEDIA_TRY_AGAIN
               ? Fault()
               : "receive before any frame gives " + status_text(status);
}

Fault begins_anew(const Case& with) {
    Stream stream(with);
    if (Fault fault = stream.open(); !fault.empty()) {
        return fault;
    }
    for (std::uint32_t index = 0; index < 3; ++index) {
        const mrda_frame frame = stream.pool().frame(index, kTick * index);
        stream.subject().send(&frame);
    }
    if (const int status = stream.subject().reset(); status != MRDA_MEDIA_OK) {
        return "reset gives " + status_text(status) + ": " + stream.subject().words();
    }
    stream.begin_anew();
    Fault fault = stream.run(kFrames);
    return fault.empty() ? fault : "after a reset, " + fault;
}

Fault refuses(const Case& with, const std::string& what,
              const std::function<void(mrda_session_config&)>& spoil) {
    const FramePool pool(layout_of(with), kBuffers);
    Subject subject(*with.kind);
    mrda_session_config config = config_of(with, pool);
    spoil(config);
    const int status = subject.init(config);
    return check_refusal("init with " + what, status, subject.words());
}

void add_refusals(std::vector<Check>& checks, const std::string& who, const Case& with) {
    const auto add = [&](const char* what, std::function<void(mrda_session_config&)> spoil) {
        checks.push_back({who + ": refuses " + what,
                          [=, spoil = std::move(spoil)] { return refuses(with, what, spoil); }});
    };
    if (with.codec != "copy") {  // Which looks at no picture.
        add("a picture of 0x0", [](mrda_session_config& config) {
            config.codec.width_px = config.codec.height_px = 0;
        });
        add("a picture larger than its frames",
            [](mrda_session_config& config) { config.codec.width_px = 4 * kWidthPx; });
        add("a rate control that does not exist",
            [](mrda_session_config& config) { config.codec.rate_control = 77; });
    }
    add("frames of no buffer", [](mrda_session_config& config) { config.input.buffer_count = 0; });
}

Fault refuses_an_unknown_parameter(const Case& with) {
    const FramePool pool(layout_of(with), kBuffers);
    return check_unknown_parameter(*with.kind, config_of(with, pool));
}

/// Why no such session can be checked here; "": it can.
std::string lack_of(const Case& with) {
    if (!encoders_on_gpu) {
        return {};
    }
    const FramePool pool(layout_of(with), kBuffers);
    Subject subject(*with.kind);
    const int status = subject.init(config_of(with, pool));
    const bool lacks = status == -1 - static_cast<int>(Errc::unsupported) ||
                       status == -1 - static_cast<int>(Errc::not_found);
    return lacks ? "this device refuses it: " + subject.words() : std::string();
}

Check unless_lacking(const Case& with, Check check) {
    check.run = [with, run = std::move(check.run)]() -> Finding {
        const std::string lack = lack_of(with);
        return lack.empty() ? run() : Finding::skip(lack);
    };
    return check;
}

}  // namespace

bool encoders_on_gpu = false;

std::vector<Check> encoder_checks(const mrda_session_kind& kind) {
    std::vector<Check> checks;
    for (const char* const* codec = kind.codecs; *codec != nullptr; ++codec) {
        for (const mrda_format* format = kind.inputs; format->drm_fourcc != 0; ++format) {
            const Case with{&kind, *codec, format->drm_fourcc};
            checks.push_back(unless_lacking(
                with, {"encoder " + with.codec + " " + fourcc_string(format->drm_fourcc) +
                           ": every frame comes out once",
                       [with] { return live(with, kFrames); }}));
        }
        const Case with{&kind, *codec, kind.inputs->drm_fourcc};
        const std::string who = "encoder " + with.codec;
        const auto add = [&](Check check) {
            checks.push_back(unless_lacking(with, std::move(check)));
        };
        add({who + ": ends a stream of no frame", [with] { return live(with, 0); }});
        add({who + ": takes nothing after the end", [with] { return ends(with); }});
        add({who + ": says at once that it wants more",
             [with] { return says_at_once_that_it_wants_more(with); }});
        if (kind.reset != nullptr) {
            add({who + ": begins anew after a reset", [with] { return begins_anew(with); }});
        }
        add_refusals(checks, who, with);
        checks.push_back({who + ": refuses a parameter that it does not know",
                          [with] { return refuses_an_unknown_parameter(with); }});
        add(leaves_nothing_behind(who, [with] { return live(with, 4); }));
        add(lives_beside_others(who, [with] { return live(with, 8); }));
    }
    return checks;
}

}  // namespace mrda::check
