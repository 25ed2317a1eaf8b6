/* SPDX-License-Identifier: MIT */
/* Sessions that reach frames by address alone, on this machine. An encoder that keeps as many
 * frames as the parameter "keep" says before it gives a packet, which holds the frame's side data:
 * kind (4 bytes), then its bytes. And a filter that adds 1 to a frame's first byte. */
#include <mrda/media/plugin.h>
#include <string.h>

#define NV12 0x3231564eu
#define MOST 64u

struct session {
    mrda_frame frames[MOST];
    uint32_t first;
    uint32_t count;
    uint32_t keep;
    uint32_t done[MOST];
    uint32_t done_count;
    int ended;
    unsigned char packet[4096];
};

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    struct session* session = data;
    (void)error;
    for (uint32_t i = 0; i < config->parameter_count; ++i) {
        session->keep = (uint32_t)config->parameters[i].value.integer;
    }
    return MRDA_MEDIA_OK;
}

static int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    struct session* session = data;
    (void)error;
    if (frame == NULL) {
        session->ended = 1;
        return MRDA_MEDIA_OK;
    }
    if (session->count == MOST) {
        return MRDA_MEDIA_TRY_AGAIN;
    }
    session->frames[(session->first + session->count++) % MOST] = *frame;
    return MRDA_MEDIA_OK;
}

static int receive_packet(void* data, uint64_t timeout_ns, mrda_media_packet* packet,
                          mrda_media_error* error) {
    struct session* session = data;
    (void)timeout_ns;
    (void)error;
    if (session->count == 0 || (session->count <= session->keep && !session->ended)) {
        return session->ended ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    const mrda_frame* frame = &session->frames[session->first];
    uint64_t length = 0;
    for (uint32_t i = 0; i < frame->side_data_count; ++i) {
        memcpy(session->packet + length, &frame->side_data[i].kind, sizeof(uint32_t));
        length += sizeof(uint32_t);
        memcpy(session->packet + length, frame->side_data[i].data,
               frame->side_data[i].length_bytes);
        length += frame->side_data[i].length_bytes;
    }
    packet->data = session->packet;
    packet->length_bytes = length;
    packet->pts = packet->dts = frame->pts;
    packet->flags = frame->flags;
    session->done[session->done_count++] = frame->index;
    session->first = (session->first + 1) % MOST;
    session->count -= 1;
    return MRDA_MEDIA_OK;
}

static int take_done(void* data, uint32_t* index) {
    struct session* session = data;
    if (session->done_count == 0) {
        return 0;
    }
    *index = session->done[--session->done_count];
    return 1;
}

static void close_session(void* data) {
    (void)data;
}

struct filter {
    mrda_frame frame;
    int has_frame;
    int ended;
    int done;
};

static int init_filter(void* data, const mrda_session_config* config, mrda_media_error* error) {
    (void)data;
    (void)config;
    (void)error;
    return MRDA_MEDIA_OK;
}

static int filter_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    struct filter* filter = data;
    (void)error;
    if (frame == NULL) {
        filter->ended = 1;
        return MRDA_MEDIA_OK;
    }
    if (filter->has_frame || filter->done) {
        return MRDA_MEDIA_TRY_AGAIN;
    }
    filter->frame = *frame;
    filter->has_frame = 1;
    return MRDA_MEDIA_OK;
}

static int receive_filtered(void* data, uint32_t output, uint64_t timeout_ns, mrda_frame* frame,
                            mrda_media_error* error) {
    struct filter* filter = data;
    (void)output;
    (void)timeout_ns;
    (void)error;
    if (!filter->has_frame) {
        return filter->ended ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    unsigned char* to = (unsigned char*)(uintptr_t)frame->buffer->address;
    const unsigned char* from = (const unsigned char*)(uintptr_t)filter->frame.buffer->address;
    memcpy(to, from, filter->frame.buffer->length_bytes);
    to[0] += 1;
    frame->pts = filter->frame.pts;
    frame->flags = filter->frame.flags;
    filter->has_frame = 0;
    filter->done = 1;
    return MRDA_MEDIA_OK;
}

static int take_filtered(void* data, uint32_t* index) {
    struct filter* filter = data;
    *index = filter->frame.index;
    const int done = filter->done;
    filter->done = 0;
    return done;
}

static const char* const codecs[] = {"side", NULL};
static const mrda_format formats[] = {{NV12, 12}, {0, 0}};
static const mrda_session_kind encoder = {.size_bytes = sizeof encoder,
                                          .type = MRDA_SESSION_ENCODER,
                                          .codecs = codecs,
                                          .inputs = formats,
                                          .input_memory = MRDA_MEMORY_ADDRESS,
                                          .session_bytes = sizeof(struct session),
                                          .init = init,
                                          .send_frame = send_frame,
                                          .receive_packet = receive_packet,
                                          .take_done = take_done,
                                          .close = close_session};
static const mrda_session_kind filter = {.size_bytes = sizeof filter,
                                         .type = MRDA_SESSION_FILTER,
                                         .inputs = formats,
                                         .outputs = formats,
                                         .input_memory = MRDA_MEMORY_ADDRESS,
                                         .output_memory = MRDA_MEMORY_ADDRESS,
                                         .session_bytes = sizeof(struct filter),
                                         .init = init_filter,
                                         .send_frame = filter_frame,
                                         .receive_frame = receive_filtered,
                                         .take_done = take_filtered,
                                         .close = close_session};
static const mrda_session_kind* const kinds[] = {&encoder, &filter, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = "device-only",
                                   .version = "1",
                                   .kinds = kinds};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
