// SPDX-License-Identifier: MIT
// The codec that does nothing: for each frame a token of 16 bytes, the frame's number and the first
// eight bytes of its buffer, or zeros where no processor reaches that. It measures the transport,
// and shows that host and guest see one memory.
#include <drm_fourcc.h>

#include <atomic>
#include <deque>
#include <memory>
#include <new>
#include <string>

#include "mrda/media/loaded_plugin.h"
#include "mrda/media/parameters.h"

namespace {

using mrda::Errc;

struct Token {
    std::uint64_t number;
    std::uint64_t first_bytes;
};
struct Pending {
    Token token;
    std::int64_t pts;
};
struct Copy {
    std::deque<Pending> pending;
    std::deque<std::uint32_t> done;
    Token current{};
    std::uint64_t sent = 0;
    bool draining = false;
};
Copy& copy_of(void* session) {
    return *static_cast<Copy*>(session);
}

int init(void* session, const mrda_session_config* config, mrda_media_error* error) {
    if (const auto known = mrda::media::check_parameters(*config, {}); !known.ok()) {
        return mrda::media::fail(known.error(), error);
    }
    const mrda_pool& pool = config->input;
    if (pool.buffer_count == 0) {
        return mrda::media::fail(
            mrda::make_error(Errc::invalid_argument, "copy: no buffers to read from"), error);
    }
    for (std::uint32_t index = 0; index < pool.buffer_count; ++index) {
        if (pool.buffers[index]->length_bytes < sizeof(std::uint64_t)) {
            return mrda::media::fail(
                mrda::make_error(Errc::invalid_argument, "copy: a buffer of less than 8 bytes"),
                error);
        }
    }
    new (session) Copy();
    return MRDA_MEDIA_OK;
}

/// One atomic look at memory that somebody else may write.
std::uint64_t first_bytes_of(const mrda_buffer& buffer) {
    if (buffer.pages == nullptr) {
        return 0;
    }
    return std::atomic_ref<std::uint64_t>(*static_cast<std::uint64_t*>(buffer.pages))
        .load(std::memory_order_relaxed);
}

int send_frame(void* session, const mrda_frame* frame, mrda_media_error* error) {
    Copy& copy = copy_of(session);
    if (frame == nullptr) {
        copy.draining = true;
        return MRDA_MEDIA_OK;
    }
    if (copy.draining) {
        return mrda::media::fail(
            mrda::make_error(Errc::invalid_argument, "copy: a frame after the stream's end"),
            error);
    }
    copy.pending.push_back({{copy.sent++, first_bytes_of(*frame->buffer)}, frame->pts});
    copy.done.push_back(frame->index);
    return MRDA_MEDIA_OK;
}

int receive_packet(void* session, std::uint64_t /*timeout_ns*/, mrda_media_packet* packet,
                   mrda_media_error* /*error*/) {
    Copy& copy = copy_of(session);
    if (copy.pending.empty()) {
        return copy.draining ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    const Pending oldest = copy.pending.front();
    copy.pending.pop_front();
    copy.current = oldest.token;
    *packet = {.data = &copy.current,
               .length_bytes = sizeof copy.current,
               .pts = oldest.pts,
               .dts = oldest.pts,
               .flags = MRDA_FRAME_KEY,
               .reserved = 0};
    return MRDA_MEDIA_OK;
}

int take_done(void* session, std::uint32_t* index) {
    Copy& copy = copy_of(session);
    if (copy.done.empty()) {
        return 0;
    }
    *index = copy.done.front();
    copy.done.pop_front();
    return 1;
}

int reset(void* session, mrda_media_error* /*error*/) {
    Copy& copy = copy_of(session);
    copy.pending.clear();
    copy.done.clear();
    copy.draining = false;
    return MRDA_MEDIA_OK;
}

void report(const void* /*session*/, mrda_media_report* report) {
    mrda::media::copy_text(report->implementation, "copy");
    mrda::media::copy_text(report->path, "direct");
}

void close(void* session) {
    copy_of(session).~Copy();
}

constexpr const char* kCodecs[] = {"copy", nullptr};
constexpr mrda_format kInputs[] = {
    {DRM_FORMAT_NV12, 12},     {DRM_FORMAT_YUV420, 12},   {DRM_FORMAT_P010, 24},
    {DRM_FORMAT_ARGB8888, 32}, {DRM_FORMAT_ABGR8888, 32}, {DRM_FORMAT_XRGB8888, 32},
    {DRM_FORMAT_XBGR8888, 32}, {DRM_FORMAT_YUYV, 16},     {0, 0}};
constexpr mrda_session_kind kEncoder{
    .size_bytes = sizeof(mrda_session_kind),
    .type = MRDA_SESSION_ENCODER,
    .codecs = kCodecs,
    .inputs = kInputs,
    .input_memory = MRDA_MEMORY_PAGES | MRDA_MEMORY_OBJECT | MRDA_MEMORY_ADDRESS,
    .session_bytes = sizeof(Copy),
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
                              .name = "copy",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &kPlugin;
}
