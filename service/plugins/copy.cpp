// SPDX-License-Identifier: MIT
// The codec that does nothing: for each frame a token of 16 bytes, the frame's number and the first
// eight bytes of its slot. It measures the transport, and shows that host and guest see one memory.
#include <atomic>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "mrda/media/encoder_session.h"

struct mrda_encoder {
    struct Token {
        std::uint64_t number;
        std::uint64_t first_bytes;
    };
    struct Pending {
        Token token;
        std::int64_t pts;
    };

    mrda_media_slots slots{};
    std::deque<Pending> pending;
    std::deque<std::uint32_t> done;
    Token current{};
    std::uint64_t sent = 0;
    bool draining = false;
};

namespace {

using mrda::Errc;

int open(const mrda_encoder_config* config, mrda_encoder** encoder, mrda_media_error* error) {
    if (config->input.pages == nullptr || config->input.slot_bytes < sizeof(std::uint64_t)) {
        return mrda::media::fail(
            mrda::make_error(Errc::invalid_argument, "copy: no mapped slots to read"), error);
    }
    auto made = std::make_unique<mrda_encoder>();
    made->slots = config->input;
    *encoder = made.release();
    return MRDA_MEDIA_OK;
}

/// One atomic look at memory that somebody else may write.
std::uint64_t first_bytes_of(const mrda_media_slots& slots, std::uint32_t slot) {
    auto* const first = static_cast<std::byte*>(slots.pages) + slot * slots.slot_bytes;
    return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(first))
        .load(std::memory_order_relaxed);
}

int send(mrda_encoder* encoder, std::uint32_t slot, std::int64_t pts, std::uint32_t /*flags*/,
         mrda_media_error* error) {
    if (encoder->draining || slot >= encoder->slots.slot_count) {
        return mrda::media::fail(
            mrda::make_error(Errc::invalid_argument,
                             "copy: slot " + std::to_string(slot) + " sent of " +
                                 std::to_string(encoder->slots.slot_count) + ", or after drain"),
            error);
    }
    encoder->pending.push_back({{encoder->sent++, first_bytes_of(encoder->slots, slot)}, pts});
    encoder->done.push_back(slot);
    return MRDA_MEDIA_OK;
}

int receive(mrda_encoder* encoder, std::uint64_t /*timeout_ns*/, mrda_media_packet* packet,
            mrda_media_error* /*error*/) {
    if (encoder->pending.empty()) {
        return encoder->draining ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    const mrda_encoder::Pending oldest = encoder->pending.front();
    encoder->pending.pop_front();
    encoder->current = oldest.token;
    *packet = {.data = &encoder->current,
               .size_bytes = sizeof encoder->current,
               .pts = oldest.pts,
               .dts = oldest.pts,
               .flags = MRDA_FRAME_KEY,
               .reserved = 0};
    return MRDA_MEDIA_OK;
}

int take_done(mrda_encoder* encoder, std::uint32_t* slot) {
    if (encoder->done.empty()) {
        return 0;
    }
    *slot = encoder->done.front();
    encoder->done.pop_front();
    return 1;
}

int drain(mrda_encoder* encoder, mrda_media_error* /*error*/) {
    encoder->draining = true;
    return MRDA_MEDIA_OK;
}

int reset(mrda_encoder* encoder, mrda_media_error* /*error*/) {
    encoder->pending.clear();
    encoder->done.clear();
    encoder->draining = false;
    return MRDA_MEDIA_OK;
}

void report(const mrda_encoder* /*encoder*/, mrda_media_report* report) {
    mrda::media::copy_text(report->implementation, "copy");
    mrda::media::copy_text(report->path, "direct");
}

void close(mrda_encoder* encoder) {
    delete encoder;
}

constexpr const char* kCodecs[] = {"copy", nullptr};
constexpr mrda_encoder_plugin kPlugin{.size_bytes = sizeof(mrda_encoder_plugin),
                                      .abi = MRDA_PLUGIN_ABI,
                                      .name = "copy",
                                      .version = "1",
                                      .codecs = kCodecs,
                                      .open = open,
                                      .send = send,
                                      .receive = receive,
                                      .take_done = take_done,
                                      .drain = drain,
                                      .reset = reset,
                                      .report = report,
                                      .close = close};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_encoder_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &kPlugin;
}
