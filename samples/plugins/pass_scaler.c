/* SPDX-License-Identifier: MIT */
/* The smallest scaler: each output gets every n-th pixel, or the picture as it is where it is as
 * large. Plain C, and nothing of MRDA is linked: plugin.h is all that a plugin needs. */
#include <mrda/media/plugin.h>
#include <stdio.h>
#include <string.h>

#define NV12 0x3231564eu /* DRM_FORMAT_NV12, of drm_fourcc.h */

/* Zeroed before init, and freed after close, by the host. */
struct session {
    uint32_t outputs;
    mrda_frame frame;      /* that is scaled */
    uint32_t outputs_left; /* a bit for each that has not given it */
    int ended;
    uint32_t done; /* a frame that every output has given, and that was not yet named */
    int has_done;
};

static int refuse(mrda_media_error* error, const char* message) {
    snprintf(error->message, sizeof error->message, "sample scaler: %s", message);
    return -1; /* -1 - Errc::invalid_argument */
}

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    struct session* session = data;
    if (config->parameter_count > 0) {
        snprintf(error->message, sizeof error->message,
                 "sample scaler: there is no parameter \"%s\"", config->parameters[0].name);
        return -1;
    }
    if (config->input.buffer_count == 0 || config->output_count == 0) {
        return refuse(error, "frames must come from a pool, and go to an output at least");
    }
    session->outputs = config->output_count;
    return MRDA_MEDIA_OK;
}

static int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    struct session* session = data;
    if (frame == NULL) {
        session->ended = 1;
        return MRDA_MEDIA_OK;
    }
    if (session->ended) {
        return refuse(error, "a frame after the end of the stream");
    }
    if (session->outputs_left != 0) {
        return MRDA_MEDIA_TRY_AGAIN; /* Receive from every output first. */
    }
    session->frame = *frame; /* Ours until take_done names it. */
    session->outputs_left = (1u << session->outputs) - 1;
    return MRDA_MEDIA_OK;
}

/* The nearest samples of `unit_bytes` each. */
static void scale_plane(const mrda_frame* from, const mrda_frame* to, int plane,
                        uint32_t unit_bytes, uint32_t subsampling) {
    const mrda_media_plane* in = &from->layout->planes[plane];
    const mrda_media_plane* out = &to->layout->planes[plane];
    const unsigned char* source = (const unsigned char*)from->buffer->pages + in->offset_bytes;
    unsigned char* target = (unsigned char*)to->buffer->pages + out->offset_bytes;
    const uint32_t width = to->layout->width_px / subsampling;
    const uint32_t height = to->layout->height_px / subsampling;
    const uint32_t in_width = from->layout->width_px / subsampling;
    const uint32_t in_height = from->layout->height_px / subsampling;
    for (uint32_t y = 0; y < height; ++y) {
        const unsigned char* row =
            source + (uint64_t)in->pitch_bytes * ((uint64_t)y * in_height / height);
        for (uint32_t x = 0; x < width; ++x) {
            memcpy(target + (uint64_t)out->pitch_bytes * y + (uint64_t)x * unit_bytes,
                   row + (uint64_t)x * in_width / width * unit_bytes, unit_bytes);
        }
    }
}

static int receive_frame(void* data, uint32_t output, uint64_t timeout_ns, mrda_frame* frame,
                         mrda_media_error* error) {
    struct session* session = data;
    (void)timeout_ns; /* Nothing here waits. */
    if (output >= session->outputs) {
        return refuse(error, "no such output");
    }
    if ((session->outputs_left & (1u << output)) == 0) {
        return session->ended ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    scale_plane(&session->frame, frame, 0, 1, 1);
    scale_plane(&session->frame, frame, 1, 2, 2);
    frame->pts = session->frame.pts;
    frame->flags = session->frame.flags;
    session->outputs_left &= ~(1u << output);
    session->has_done = session->outputs_left == 0;
    session->done = session->frame.index;
    return MRDA_MEDIA_OK;
}

static int take_done(void* data, uint32_t* index) {
    struct session* session = data;
    const int has_done = session->has_done;
    *index = session->done;
    session->has_done = 0;
    return has_done;
}

static void report(const void* data, mrda_media_report* report) {
    (void)data;
    strcpy(report->implementation, "sample scaler");
}

static void close_session(void* data) {
    (void)data; /* It owns nothing. */
}

static const mrda_format formats[] = {{NV12, 12}, {0, 0}};
static const mrda_session_kind scaler = {.size_bytes = sizeof scaler,
                                         .type = MRDA_SESSION_SCALER,
                                         .inputs = formats,
                                         .outputs = formats,
                                         .input_memory = MRDA_MEMORY_PAGES,
                                         .output_memory = MRDA_MEMORY_PAGES,
                                         .session_bytes = sizeof(struct session),
                                         .init = init,
                                         .send_frame = send_frame,
                                         .receive_frame = receive_frame,
                                         .take_done = take_done,
                                         .report = report,
                                         .close = close_session};
static const mrda_session_kind* const kinds[] = {&scaler, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = "sample-scaler",
                                   .version = "1",
                                   .kinds = kinds};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi; /* The host compares the versions, and names both. */
    return &plugin;
}
