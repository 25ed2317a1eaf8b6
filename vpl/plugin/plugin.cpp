// SPDX-License-Identifier: MIT
// oneVPL's encoders, behind the C table that hosts load.
#include "mrda/media/plugin.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "mrda/media/encoder_session.h"
#include "session.h"

using mrda::vpl::plugin::Session;

struct mrda_encoder {
    std::unique_ptr<Session> session;
};

namespace {

int status_of(const mrda::Result<void>& done, mrda_media_error* error) {
    return done.ok() ? int{MRDA_MEDIA_OK} : mrda::media::fail(done.error(), error);
}

int open(const mrda_encoder_config* config, mrda_encoder** encoder, mrda_media_error* error) {
    auto session = Session::open(*config);
    if (!session.ok()) {
        return mrda::media::fail(session.error(), error);
    }
    *encoder = new mrda_encoder{std::move(*session)};
    return MRDA_MEDIA_OK;
}

int send(mrda_encoder* encoder, std::uint32_t slot, std::int64_t pts, std::uint32_t flags,
         mrda_media_error* error) {
    const auto taken = encoder->session->send(slot, pts, (flags & MRDA_FRAME_KEY) != 0);
    if (!taken.ok()) {
        return mrda::media::fail(taken.error(), error);
    }
    return *taken ? MRDA_MEDIA_OK : MRDA_MEDIA_TRY_AGAIN;
}

int receive(mrda_encoder* encoder, std::uint64_t timeout_ns, mrda_media_packet* packet,
            mrda_media_error* error) {
    using Status = mrda::vpl::Received::Status;
    const auto received = encoder->session->receive(timeout_ns);
    if (!received.ok()) {
        return received.error().code == mrda::Errc::timeout
                   ? int{MRDA_MEDIA_TRY_AGAIN}
                   : mrda::media::fail(received.error(), error);
    }
    switch (received->status) {
        case Status::need_input:
            return MRDA_MEDIA_SEND_MORE;
        case Status::end_of_stream:
            return MRDA_MEDIA_END;
        case Status::packet:
            break;
    }
    const mrda::vpl::Packet& from = received->packet;
    *packet = {.data = from.data.data(),
               .size_bytes = from.data.size(),
               .pts = from.pts,
               .dts = from.dts,
               .flags = from.key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U,
               .reserved = 0};
    return MRDA_MEDIA_OK;
}

int take_done(mrda_encoder* encoder, std::uint32_t* slot) {
    const auto done = encoder->session->take_done();
    *slot = done.value_or(0);
    return done ? 1 : 0;
}

int drain(mrda_encoder* encoder, mrda_media_error* /*error*/) {
    encoder->session->drain();
    return MRDA_MEDIA_OK;
}

int reset(mrda_encoder* encoder, mrda_media_error* error) {
    return status_of(encoder->session->reset(), error);
}

void report(const mrda_encoder* encoder, mrda_media_report* report) {
    encoder->session->report(*report);
}

void close(mrda_encoder* encoder) {
    delete encoder;
}

void prepare(const char* device) {
    Session::prepare(device);
}

constexpr const char* kCodecs[] = {"avc", "hevc", "av1", nullptr};
constexpr mrda_encoder_plugin kPlugin{.size_bytes = sizeof(mrda_encoder_plugin),
                                      .abi = MRDA_PLUGIN_ABI,
                                      .name = "vpl",
                                      .version = "1",
                                      .codecs = kCodecs,
                                      .open = open,
                                      .send = send,
                                      .receive = receive,
                                      .take_done = take_done,
                                      .drain = drain,
                                      .reset = reset,
                                      .report = report,
                                      .close = close,
                                      .prepare = prepare};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_encoder_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &kPlugin;
}
