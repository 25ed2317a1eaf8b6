// SPDX-License-Identifier: MIT
// oneVPL's encoders, behind the C table that hosts load.
#include "mrda/media/plugin.h"

#include <drm_fourcc.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "mrda/media/loaded_plugin.h"
#include "session.h"

using mrda::vpl::plugin::Session;

namespace {

/// What the host keeps for a session.
struct Data {
    Session* session;
};

Session& session_of(void* data) {
    return *static_cast<Data*>(data)->session;
}

int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    auto session = Session::open(*config);
    if (!session.ok()) {
        return mrda::media::fail(session.error(), error);
    }
    static_cast<Data*>(data)->session = session->release();
    return MRDA_MEDIA_OK;
}

int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    if (frame == nullptr) {
        session_of(data).drain();
        return MRDA_MEDIA_OK;
    }
    const auto taken =
        session_of(data).send(frame->index, frame->pts, (frame->flags & MRDA_FRAME_KEY) != 0);
    if (!taken.ok()) {
        return mrda::media::fail(taken.error(), error);
    }
    return *taken ? MRDA_MEDIA_OK : MRDA_MEDIA_TRY_AGAIN;
}

int receive_packet(void* data, std::uint64_t timeout_ns, mrda_media_packet* packet,
                   mrda_media_error* error) {
    using Status = mrda::vpl::Received::Status;
    const auto received = session_of(data).receive(timeout_ns);
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
               .length_bytes = from.data.size(),
               .pts = from.pts,
               .dts = from.dts,
               .flags = from.key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U,
               .reserved = 0};
    return MRDA_MEDIA_OK;
}

int take_done(void* data, std::uint32_t* index) {
    const auto done = session_of(data).take_done();
    *index = done.value_or(0);
    return done ? 1 : 0;
}

int reset(void* data, mrda_media_error* error) {
    const auto done = session_of(data).reset();
    return done.ok() ? int{MRDA_MEDIA_OK} : mrda::media::fail(done.error(), error);
}

void report(const void* data, mrda_media_report* report) {
    static_cast<const Data*>(data)->session->report(*report);
}

void close(void* data) {
    delete static_cast<Data*>(data)->session;
}

void prepare(const char* device) {
    Session::prepare(device);
}

constexpr const char* kCodecs[] = {"avc", "hevc", "av1", nullptr};
constexpr mrda_format kInputs[] = {{DRM_FORMAT_NV12, 12},
                                   {DRM_FORMAT_P010, 24},
                                   {DRM_FORMAT_ARGB8888, 32},
                                   {DRM_FORMAT_XRGB8888, 32},
                                   {0, 0}};
constexpr mrda_session_kind kEncoder{.size_bytes = sizeof(mrda_session_kind),
                                     .type = MRDA_SESSION_ENCODER,
                                     .codecs = kCodecs,
                                     .inputs = kInputs,
                                     .input_memory = MRDA_MEMORY_PAGES | MRDA_MEMORY_OBJECT,
                                     .session_bytes = sizeof(Data),
                                     .init = init,
                                     .send_frame = send_frame,
                                     .receive_packet = receive_packet,
                                     .take_done = take_done,
                                     .reset = reset,
                                     .report = report,
                                     .close = close};
constexpr const mrda_session_kind* kKinds[] = {&kEncoder, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "vpl",
                              .version = "1",
                              .kinds = kKinds,
                              .prepare = prepare};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &kPlugin;
}
