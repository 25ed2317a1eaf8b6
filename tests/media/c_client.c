/* SPDX-License-Identifier: MIT */
/* What an application in C does with media.h. */
#include "c_client.h"

#include <string.h>

#define NV12 0x3231564eu
#define LONG_NS 60000000000u

int client_open(const char* const folders[3], mrda_media_context* context,
                mrda_media_error* error) {
    const mrda_media_units add = {.plugin = "sample-kernel", .unit = "add", .count = 1};
    const mrda_media_options options = {.size_bytes = sizeof options,
                                        .plugin_folder_count = 3,
                                        .plugin_folders = folders,
                                        .units_count = 1,
                                        .units = &add};
    return mrda_media_open(&options, context, error);
}

static mrda_media_properties anywhere(uint32_t type, const char* plugin) {
    mrda_media_properties properties;
    mrda_media_properties_init(&properties, type, plugin);
    return properties;
}

static int create_stages(mrda_media_context context, mrda_media_session stages[2],
                         mrda_media_error* error) {
    static const mrda_media_need needs[] = {
        {.type = MRDA_SESSION_FILTER, .plugin = "device-only"},
        {.type = MRDA_SESSION_ENCODER, .plugin = "device-only", .codec = "side"}};
    mrda_media_reservation place = 0;
    mrda_media_properties filter = anywhere(MRDA_SESSION_FILTER, "device-only");
    mrda_media_properties encoder = anywhere(MRDA_SESSION_ENCODER, "device-only");
    int status = mrda_media_reserve(context, needs, 2, -1, -1, &place, NULL, error);
    if (status == MRDA_MEDIA_OK) {
        status = mrda_media_layout_of(NV12, 64, 32, &filter.input, error);
    }
    filter.outputs[0] = filter.input;
    filter.output_count = 1;
    filter.reservation = encoder.reservation = place;
    if (status == MRDA_MEDIA_OK) {
        status = mrda_media_create(context, &filter, &stages[0], error);
    }
    strcpy(encoder.codec.codec, "side");
    encoder.upstream = stages[0];
    if (status == MRDA_MEDIA_OK) {
        status = mrda_media_create(context, &encoder, &stages[1], error);
    }
    mrda_media_release(place, NULL);
    return status;
}

static int send_one(mrda_media_session filter, int64_t pts, mrda_media_error* error) {
    mrda_media_frame frame = 0;
    int status = mrda_media_input_frame(filter, &frame, error);
    if (status != MRDA_MEDIA_OK) {
        return status;
    }
    mrda_media_frame_set(frame, pts, MRDA_FRAME_KEY, error);
    status = mrda_media_send_frame(filter, frame, error);
    mrda_media_release(frame, NULL);
    return status;
}

int client_run_stages(mrda_media_context context, int frames, mrda_media_session_report* report,
                      mrda_media_error* error) {
    mrda_media_session stages[2] = {0, 0};
    int packets = 0;
    int status = create_stages(context, stages, error);
    for (int sent = 0; sent < frames && status == MRDA_MEDIA_OK; ++sent) {
        mrda_media_frame between = 0;
        mrda_media_data packet = 0;
        status = send_one(stages[0], sent, error);
        if (status == MRDA_MEDIA_OK) {
            status = mrda_media_receive_frame(stages[0], 0, LONG_NS, &between, error);
        }
        if (status == MRDA_MEDIA_OK) {
            status = mrda_media_send_frame(stages[1], between, error);
            mrda_media_release(between, NULL);
        }
        if (status == MRDA_MEDIA_OK) {
            status = mrda_media_receive_data(stages[1], LONG_NS, &packet, error);
        }
        if (status == MRDA_MEDIA_OK) {
            mrda_media_data_info info = {.size_bytes = sizeof info};
            mrda_media_data_about(packet, &info, error);
            packets += info.pts == sent && info.flags == MRDA_FRAME_KEY;
            mrda_media_release(packet, NULL);
        }
    }
    if (status == MRDA_MEDIA_OK) {
        status = mrda_media_about(stages[1], report, error);
    }
    mrda_media_release(stages[1], NULL);
    mrda_media_release(stages[0], NULL);
    return status == MRDA_MEDIA_OK ? packets : -1;
}

enum { WORDS = 100 };

static int write_words(mrda_media_context context, mrda_media_buffer buffers[3],
                       mrda_media_error* error) {
    uint32_t words[WORDS];
    for (uint32_t i = 0; i < WORDS; ++i) {
        words[i] = i;
    }
    for (int i = 0; i < 3; ++i) {
        if (mrda_media_buffer_allocate(context, 0, 1, sizeof words, &buffers[i], error) != 0 ||
            mrda_media_buffer_write(buffers[i], 0, words, sizeof words, error) != 0) {
            return -1;
        }
    }
    return 0;
}

int client_add(mrda_media_context context, mrda_media_error* error) {
    mrda_media_buffer buffers[3] = {0, 0, 0};
    mrda_media_session kernel = 0;
    const mrda_media_properties properties = anywhere(MRDA_SESSION_KERNEL, "sample-kernel");
    if (write_words(context, buffers, error) != 0 ||
        mrda_media_create(context, &properties, &kernel, error) != 0) {
        return -1;
    }
    const mrda_parameter work[] = {
        {.name = "a", .type = MRDA_PARAMETER_BUFFER, .value.handle = buffers[0]},
        {.name = "b", .type = MRDA_PARAMETER_BUFFER, .value.handle = buffers[1]},
        {.name = "sum", .type = MRDA_PARAMETER_BUFFER, .value.handle = buffers[2]},
        {.name = "count", .type = MRDA_PARAMETER_INTEGER, .value.integer = WORDS}};
    uint32_t sums[WORDS];
    int wrong = mrda_media_write(kernel, work, 4, error) != MRDA_MEDIA_OK ||
                mrda_media_read(kernel, LONG_NS, NULL, 0, error) != MRDA_MEDIA_OK ||
                mrda_media_buffer_read(buffers[2], 0, sums, sizeof sums, error) != MRDA_MEDIA_OK;
    for (uint32_t i = 0; i < WORDS && !wrong; ++i) {
        wrong = sums[i] != 2 * i;
    }
    mrda_media_release(kernel, NULL);
    for (int i = 0; i < 3; ++i) {
        mrda_media_release(buffers[i], NULL);
    }
    return wrong;
}
