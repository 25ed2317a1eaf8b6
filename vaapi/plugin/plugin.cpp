// SPDX-License-Identifier: MIT
// A device's video processing as scaler and filter, behind the C table that hosts load.
#include "mrda/media/plugin.h"

#include <drm_fourcc.h>

#include <cstdint>

#include "mrda/media/answer.h"
#include "mrda/media/loaded_plugin.h"
#include "session.h"

namespace mrda::vaapi::plugin {

namespace {

/// What the host keeps for a session.
struct Data {
    Session* session;
};

Session& session_of(void* data) {
    return *static_cast<Data*>(data)->session;
}

template <mrda_session_type type>
int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    return media::answer(error, [&]() -> Result<int> {
        MRDA_ASSIGN(auto session, Session::open(*config, type));
        static_cast<Data*>(data)->session = session.release();
        return int{MRDA_MEDIA_OK};
    });
}

int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    return media::answer(error, [&] { return session_of(data).send(frame); });
}

int receive_frame(void* data, std::uint32_t output, std::uint64_t timeout_ns, mrda_frame* frame,
                  mrda_media_error* error) {
    return media::answer(error,
                         [&] { return session_of(data).receive(output, timeout_ns, *frame); });
}

int take_done(void* data, std::uint32_t* index) {
    const auto done = session_of(data).take_done();
    *index = done.value_or(0);
    return done ? 1 : 0;
}

int reset(void* data, mrda_media_error* error) {
    return media::answer(error, [&]() -> Result<int> {
        MRDA_TRY(session_of(data).reset());
        return int{MRDA_MEDIA_OK};
    });
}

void report(const void* data, mrda_media_report* report) {
    media::attempt([&] { static_cast<const Data*>(data)->session->report(*report); });
}

void close(void* data) {
    delete static_cast<Data*>(data)->session;
}

constexpr mrda_format kFormats[] = {
    {DRM_FORMAT_NV12, 12},     {DRM_FORMAT_YUV420, 12},   {DRM_FORMAT_P010, 24},
    {DRM_FORMAT_YUYV, 16},     {DRM_FORMAT_ARGB8888, 32}, {DRM_FORMAT_XRGB8888, 32},
    {DRM_FORMAT_ABGR8888, 32}, {DRM_FORMAT_XBGR8888, 32}, {0, 0}};

template <mrda_session_type session_type>
constexpr mrda_session_kind kKind{.size_bytes = sizeof(mrda_session_kind),
                                  .type = session_type,
                                  .inputs = kFormats,
                                  .outputs = kFormats,
                                  .input_memory = MRDA_MEMORY_OBJECT | MRDA_MEMORY_PAGES,
                                  .output_memory = MRDA_MEMORY_OBJECT | MRDA_MEMORY_PAGES,
                                  .session_bytes = sizeof(Data),
                                  .init = init<session_type>,
                                  .send_frame = send_frame,
                                  .receive_frame = receive_frame,
                                  .take_done = take_done,
                                  .reset = reset,
                                  .report = report,
                                  .close = close};
constexpr const mrda_session_kind* kKinds[] = {&kKind<MRDA_SESSION_SCALER>,
                                               &kKind<MRDA_SESSION_FILTER>, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "va",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::vaapi::plugin

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::vaapi::plugin::kPlugin;
}
