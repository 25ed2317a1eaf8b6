/* SPDX-License-Identifier: MIT */
/* The smallest encoder: each packet is the frame's time and the sum of its luma, eight bytes each.
 * Plain C, and nothing of MRDA is linked: plugin.h is all that a plugin needs. */
#include <mrda/media/plugin.h>
#include <stdio.h>
#include <string.h>

#define NV12 0x3231564eu /* DRM_FORMAT_NV12, of drm_fourcc.h */

/* Frames that are sent and whose packet has not been received: a real encoder has some inside. */
#define DEPTH 4u

/* Zeroed before init, and freed after close, by the host. */
struct session {
    struct packet {
        int64_t pts;
        uint64_t sum;
    } packets[DEPTH], current;
    uint32_t first;
    uint32_t count;
    int ended;
};

static int refuse(mrda_media_error* error, const char* message) {
    snprintf(error->message, sizeof error->message, "sample encoder: %s", message);
    return -1; /* -1 - Errc::invalid_argument */
}

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    (void)data;
    const mrda_media_layout* layout = &config->input.layout;
    if (config->parameter_count > 0) {
        snprintf(error->message, sizeof error->message,
                 "sample encoder: there is no parameter \"%s\"", config->parameters[0].name);
        return -1;
    }
    if (config->input.buffer_count == 0) {
        return refuse(error, "frames must come from a pool");
    }
    if (config->codec.width_px == 0 || config->codec.width_px > layout->width_px ||
        config->codec.height_px == 0 || config->codec.height_px > layout->height_px) {
        return refuse(error, "the picture is empty, or larger than its frames");
    }
    if (config->codec.rate_control > MRDA_RATE_CBR) {
        return refuse(error, "the rate control is none of CQP, VBR and CBR");
    }
    return MRDA_MEDIA_OK;
}

static uint64_t sum_luma(const mrda_frame* frame) {
    const mrda_media_plane* luma = &frame->layout->planes[0];
    const unsigned char* row = (const unsigned char*)frame->buffer->pages + luma->offset_bytes;
    uint64_t sum = 0;
    for (uint32_t y = 0; y < frame->layout->height_px; ++y, row += luma->pitch_bytes) {
        for (uint32_t x = 0; x < frame->layout->width_px; ++x) {
            sum += row[x]; /* May change meanwhile: whoever has the buffer can write it. */
        }
    }
    return sum;
}

/* There is no take_done: the frame is read before this returns. */
static int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    struct session* session = data;
    if (frame == NULL) {
        session->ended = 1;
        return MRDA_MEDIA_OK;
    }
    if (session->ended) {
        return refuse(error, "a frame after the end of the stream");
    }
    if (session->count == DEPTH) {
        return MRDA_MEDIA_TRY_AGAIN; /* Receive first. */
    }
    struct packet* packet = &session->packets[(session->first + session->count++) % DEPTH];
    packet->pts = frame->pts;
    packet->sum = sum_luma(frame);
    return MRDA_MEDIA_OK;
}

static int receive_packet(void* data, uint64_t timeout_ns, mrda_media_packet* packet,
                          mrda_media_error* error) {
    struct session* session = data;
    (void)timeout_ns; /* Nothing here takes time. */
    (void)error;
    if (session->count == 0) {
        return session->ended ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    session->current = session->packets[session->first];
    session->first = (session->first + 1) % DEPTH;
    --session->count;
    packet->data = &session->current; /* Good until the next call. */
    packet->length_bytes = sizeof session->current;
    packet->pts = packet->dts = session->current.pts;
    packet->flags = MRDA_FRAME_KEY; /* Each packet can be understood alone. */
    return MRDA_MEDIA_OK;
}

static int reset(void* data, mrda_media_error* error) {
    (void)error;
    memset(data, 0, sizeof(struct session));
    return MRDA_MEDIA_OK;
}

static void report(const void* data, mrda_media_report* report) {
    (void)data;
    strcpy(report->implementation, "sample encoder");
    strcpy(report->path, "direct");
}

static void close_session(void* data) {
    (void)data; /* It owns nothing. */
}

static const char* const codecs[] = {"sum", NULL};
static const mrda_format formats[] = {{NV12, 12}, {0, 0}};
static const mrda_session_kind encoder = {.size_bytes = sizeof encoder,
                                          .type = MRDA_SESSION_ENCODER,
                                          .codecs = codecs,
                                          .inputs = formats,
                                          .input_memory = MRDA_MEMORY_PAGES,
                                          .session_bytes = sizeof(struct session),
                                          .init = init,
                                          .send_frame = send_frame,
                                          .receive_packet = receive_packet,
                                          .reset = reset,
                                          .report = report,
                                          .close = close_session};
static const mrda_session_kind* const kinds[] = {&encoder, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = "sample-encoder",
                                   .version = "1",
                                   .kinds = kinds};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi; /* The host compares the versions, and names both. */
    return &plugin;
}
