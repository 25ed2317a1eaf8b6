/* SPDX-License-Identifier: MIT */
/* An encoder that hosts load, and that does one thing wrong: MRDA_FAULT, one of the numbers below.
 * mrda-plugin-check must name it. */
#include <mrda/media/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault {
    CRASHES,
    LOSES_A_FRAME,
    CHANGES_TIMES,
    NEVER_ENDS,
    TAKES_AFTER_THE_END,
    LEAKS_MEMORY,
    LEAKS_DESCRIPTORS,
    WRITES_BEHIND_ITS_DATA,
    WRITES_INTO_FRAMES,
    NAMES_A_FRAME_TWICE,
    REFUSES_WITHOUT_WORDS,
    SHARES_ITS_STATE,
    KEEPS_WHAT_A_RESET_DROPS,
    FIRST_IS_NO_KEY_FRAME,
    TAKES_ANY_PARAMETER
};
static const enum fault fault = MRDA_FAULT;

#define DEPTH 4u
#define NV12 0x3231564eu

struct state {
    int64_t times[DEPTH];
    uint32_t first;
    uint32_t count;
    uint32_t sent;
    int ended;
    uint32_t done[2 * DEPTH];
    uint32_t done_count;
};
struct session {
    struct state own;
};

static struct state shared;

static struct state* state_of(void* data) {
    return fault == SHARES_ITS_STATE ? &shared : &((struct session*)data)->own;
}

static int refuse(mrda_media_error* error) {
    if (fault != REFUSES_WITHOUT_WORDS) {
        snprintf(error->message, sizeof error->message, "faulty: that cannot be");
    }
    return -1;
}

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    if (config->input.buffer_count == 0 || config->codec.width_px == 0 ||
        config->codec.width_px > config->input.layout.width_px ||
        config->codec.rate_control > MRDA_RATE_CBR) {
        return refuse(error);
    }
    if (config->parameter_count > 0 && fault != TAKES_ANY_PARAMETER) {
        snprintf(error->message, sizeof error->message, "faulty: there is no parameter \"%s\"",
                 config->parameters[0].name);
        return -1;
    }
    memset(state_of(data), 0, sizeof(struct state));
    if (fault == LEAKS_MEMORY) {
        static void* volatile lost;
        lost = malloc(50000);
        (void)lost;
    }
    if (fault == LEAKS_DESCRIPTORS) {
        (void)!dup(0);
    }
    if (fault == WRITES_BEHIND_ITS_DATA) {
        ((char*)data)[sizeof(struct session)] = 1;
    }
    return MRDA_MEDIA_OK;
}

static int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    struct state* state = state_of(data);
    if (frame == NULL) {
        state->ended = 1;
        return MRDA_MEDIA_OK;
    }
    if (state->ended) {
        return fault == TAKES_AFTER_THE_END ? MRDA_MEDIA_OK : refuse(error);
    }
    if (state->count == DEPTH) {
        return MRDA_MEDIA_TRY_AGAIN;
    }
    if (fault == WRITES_INTO_FRAMES) {
        ((char*)frame->buffer->pages)[0] ^= 1;
    }
    state->done[state->done_count++] = frame->index;
    if (fault == LOSES_A_FRAME && state->sent++ == 2) {
        return MRDA_MEDIA_OK;
    }
    state->times[(state->first + state->count++) % DEPTH] = frame->pts;
    return MRDA_MEDIA_OK;
}

static int receive_packet(void* data, uint64_t timeout_ns, mrda_media_packet* packet,
                          mrda_media_error* error) {
    static const char bytes[] = "packet";
    struct state* state = state_of(data);
    (void)timeout_ns;
    (void)error;
    if (state->count == 0) {
        if (fault == NEVER_ENDS && state->ended) {
            return MRDA_MEDIA_TRY_AGAIN;
        }
        return state->ended ? MRDA_MEDIA_END : MRDA_MEDIA_SEND_MORE;
    }
    if (fault == CRASHES) {
        raise(SIGSEGV);
    }
    packet->data = bytes;
    packet->length_bytes = sizeof bytes;
    packet->pts = packet->dts = state->times[state->first] + (fault == CHANGES_TIMES ? 1 : 0);
    packet->flags = fault == FIRST_IS_NO_KEY_FRAME ? 0 : MRDA_FRAME_KEY;
    state->first = (state->first + 1) % DEPTH;
    --state->count;
    return MRDA_MEDIA_OK;
}

static int take_done(void* data, uint32_t* index) {
    struct state* state = state_of(data);
    if (state->done_count == 0) {
        return 0;
    }
    *index = state->done[0];
    if (fault != NAMES_A_FRAME_TWICE || state->done_count > 1) {
        memmove(state->done, state->done + 1, --state->done_count * sizeof *state->done);
    } else {
        state->done_count = 1;
    }
    return 1;
}

static int reset(void* data, mrda_media_error* error) {
    (void)error;
    if (fault != KEEPS_WHAT_A_RESET_DROPS) {
        memset(state_of(data), 0, sizeof(struct state));
    }
    return MRDA_MEDIA_OK;
}

static void close_session(void* data) {
    (void)data;
}

static const char* const codecs[] = {"faulty", NULL};
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
                                          .take_done = take_done,
                                          .reset = reset,
                                          .close = close_session};
static const mrda_session_kind* const kinds[] = {&encoder, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = MRDA_NAME,
                                   .version = "1",
                                   .kinds = kinds};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
