/* SPDX-License-Identifier: MIT */
/* The smallest filter: it gives each frame as it came. Plain C, and nothing of MRDA is linked:
 * plugin.h is all that a plugin needs. */
#include <mrda/media/plugin.h>
#include <stdio.h>
#include <string.h>

#define NV12 0x3231564eu /* DRM_FORMAT_NV12, of drm_fourcc.h */

/* Zeroed before init, and freed after close, by the host. */
struct session {
    uint64_t frame_bytes;
    mrda_frame frame; /* sent, and not yet received */
    int has_frame;
    int ended;
    uint32_t done; /* the index of a frame that was received, and not yet named */
    int has_done;
};

static int refuse(mrda_media_error* error, const char* message) {
    snprintf(error->message, sizeof error->message, "copy filter: %s", message);
    return -1; /* -1 - Errc::invalid_argument */
}

/* From the first byte to the last row's end: the host has checked that planes are disjoint. */
static uint64_t bytes_of(const mrda_media_layout* layout) {
    const mrda_media_plane* chroma = &layout->planes[1];
    return chroma->offset_bytes + (uint64_t)chroma->pitch_bytes * (layout->height_px / 2 - 1) +
           layout->width_px;
}

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    struct session* session = data;
    if (config->parameter_count > 0) {
        snprintf(error->message, sizeof error->message, "copy filter: there is no parameter \"%s\"",
                 config->parameters[0].name);
        return -1;
    }
    if (config->input.buffer_count == 0 || config->output_count != 1) {
        return refuse(error, "frames must come from a pool, and go to one output");
    }
    if (memcmp(&config->input.layout, &config->outputs[0].layout, sizeof(mrda_media_layout)) != 0) {
        return refuse(error, "frames must lie alike on both sides, as nothing is changed");
    }
    session->frame_bytes = bytes_of(&config->input.layout);
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
    if (session->has_frame) {
        return MRDA_MEDIA_TRY_AGAIN; /* Receive first. */
    }
    session->frame = *frame; /* Ours until take_done names it. */
    session->has_frame = 1;
    return MRDA_MEDIA_OK;
}

static int receive_frame(void* data, uint32_t output, uint64_t timeout_ns, mrda_frame* frame,
                         mrda_media_error* error) {
    struct session* session = data;
    (void)timeout_ns; /* Nothing here takes time. */
    if (output != 0) {
        return refuse(error, "there is one output, number 0");
    }
    if (!session->has_frame) {
        return session->ended ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    memcpy(frame->buffer->pages, session->frame.buffer->pages, session->frame_bytes);
    frame->pts = session->frame.pts;
    frame->flags = session->frame.flags;
    session->has_frame = 0;
    session->done = session->frame.index;
    session->has_done = 1;
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
    strcpy(report->implementation, "copy filter");
}

static void close_session(void* data) {
    (void)data; /* It owns nothing. */
}

static const mrda_format formats[] = {{NV12, 12}, {0, 0}};
static const mrda_session_kind filter = {.size_bytes = sizeof filter,
                                         .type = MRDA_SESSION_FILTER,
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
static const mrda_session_kind* const kinds[] = {&filter, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = "sample-filter",
                                   .version = "1",
                                   .kinds = kinds};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi; /* The host compares the versions, and names both. */
    return &plugin;
}
