// SPDX-License-Identifier: MIT
#include <random>

#include "checks.h"
#include "subject.h"

namespace mrda::check {

namespace {

constexpr std::uint32_t kWidthPx = 128;
constexpr std::uint32_t kHeightPx = 96;
constexpr int kPackets = 300;
constexpr std::size_t kMostBytes = 2000;

struct Case {
    const mrda_session_kind* kind;
    std::string codec;
};

mrda_session_config config_of(const Case& with) {
    return plain_config(with.codec.c_str(), kWidthPx, kHeightPx);
}

Fault open(Subject& subject, const Case& with) {
    const int status = subject.init(config_of(with));
    return status == MRDA_MEDIA_OK ? Fault()
                                   : "init gives " + status_text(status) + ": " + subject.words();
}

/// What a decoder makes of a stream that is none: errors by name, or nothing.
Fault survive_noise(const Case& with, int packets) {
    Subject subject(*with.kind);
    if (Fault fault = open(subject, with); !fault.empty()) {
        return fault;
    }
    std::mt19937 random(static_cast<unsigned>(packets));
    std::vector<std::uint8_t> bytes(kMostBytes);
    for (int number = 0; number < packets; ++number) {
        for (std::uint8_t& byte : bytes) {
            byte = static_cast<std::uint8_t>(random());
        }
        if (number % 2 == 0) {  // As if something began here.
            bytes[0] = bytes[1] = bytes[2] = 0;
            bytes[3] = 1;
        }
        mrda_media_packet packet{};
        packet.data = bytes.data();
        packet.length_bytes = random() % kMostBytes;
        packet.pts = number;
        const int status = subject.send(&packet);
        if (status < 0) {
            if (Fault fault = check_refusal("noise", status, subject.words()); !fault.empty()) {
                return fault;
            }
        } else if (status != MRDA_MEDIA_OK && status != MRDA_MEDIA_TRY_AGAIN) {
            return "noise is answered with " + status_text(status);
        }
    }
    return subject.is_intact() ? "" : "bytes behind session_bytes were written";
}

Fault end_without_a_packet(const Case& with) {
    Subject subject(*with.kind);
    if (Fault fault = open(subject, with); !fault.empty()) {
        return fault;
    }
    const FramePool pool(
        FrameLayout::linear(with.kind->outputs->drm_fourcc, kWidthPx, kHeightPx).value(), 1);
    mrda_frame frame = pool.frame(0, 0);
    if (const int status = subject.receive(0, 0, frame);
        status != MRDA_MEDIA_SEND_MORE && status != MRDA_MEDIA_TRY_AGAIN) {
        return "receive before any packet gives " + status_text(status);
    }
    if (const int status = subject.send(static_cast<const mrda_media_packet*>(nullptr));
        status != MRDA_MEDIA_OK) {
        return "the end of the stream is refused with " + status_text(status);
    }
    if (const int status = subject.receive(0, 0, frame); status != MRDA_MEDIA_END) {
        return "receive after the end gives " + status_text(status) + " in place of END";
    }
    const std::uint8_t byte = 0;
    mrda_media_packet late{};
    late.data = &byte;
    late.length_bytes = 1;
    const int status = subject.send(&late);
    return check_refusal("a packet after the end of the stream", status, subject.words());
}

Fault know_no_layout_yet(const Case& with) {
    Subject subject(*with.kind);
    if (Fault fault = open(subject, with); !fault.empty()) {
        return fault;
    }
    mrda_media_layout layout{};
    mrda_media_error error{};
    const int status = with.kind->describe(subject.data(), &layout, &error);
    return status == MRDA_MEDIA_TRY_AGAIN
               ? Fault()
               : "describe before any packet gives " + status_text(status);
}

}  // namespace

std::vector<Check> decoder_checks(const mrda_session_kind& kind) {
    std::vector<Check> checks;
    for (const char* const* codec = kind.codecs; *codec != nullptr; ++codec) {
        const Case with{&kind, *codec};
        const std::string who = "decoder " + with.codec;
        checks.push_back({who + ": ends a stream of no packet, and takes nothing after",
                          [with] { return end_without_a_packet(with); }});
        checks.push_back({who + ": knows no layout before a packet",
                          [with] { return know_no_layout_yet(with); }});
        checks.push_back(
            {who + ": survives noise", [with] { return survive_noise(with, kPackets); }});
        checks.push_back({who + ": refuses a parameter that it does not know",
                          [with] { return check_unknown_parameter(*with.kind, config_of(with)); }});
        checks.push_back(leaves_nothing_behind(who, [with] { return survive_noise(with, 6); }));
        checks.push_back(lives_beside_others(who, [with] { return survive_noise(with, 20); }));
    }
    return checks;
}

}  // namespace mrda::check
