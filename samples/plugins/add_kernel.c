/* SPDX-License-Identifier: MIT */
/* The smallest kernel: sum[i] = a[i] + b[i], for words in buffers of the device. It brings the
 * unit's code, and the session that runs work on it. plugin.h is all that a plugin needs. */
#include <mrda/media/plugin.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The unit's argument block. Addresses are the device's: pointers, on this machine. */
struct registers {
    uint64_t a;
    uint64_t b;
    uint64_t sum;
    uint32_t count;
    uint32_t channel_in;
    uint32_t channel_out;
};

static int32_t run(void* block) {
    struct registers* registers = block;
    const uint32_t* a = (const uint32_t*)(uintptr_t)registers->a;
    const uint32_t* b = (const uint32_t*)(uintptr_t)registers->b;
    uint32_t* sum = (uint32_t*)(uintptr_t)registers->sum;
    for (uint32_t i = 0; i < registers->count; ++i) {
        sum[i] = a[i] + b[i];
    }
    registers->channel_out = registers->channel_in;
    return 0;
}

/* For devices that load code: what add_device_kernel.c became, if it was built before this. */
#if __has_include("add_image.h")
#include "add_image.h"
static const mrda_unit_image images[] = {{MRDA_IMAGE_NATIVE, 0, sizeof add_image, add_image}};
#define IMAGES .image_count = 1, .images = images,
#else
#define IMAGES
#endif

#define AT(member) offsetof(struct registers, member)
static const mrda_unit_argument arguments[] = {
    {"a", MRDA_ARGUMENT_BUFFER, AT(a), 8, -1},
    {"b", MRDA_ARGUMENT_BUFFER, AT(b), 8, -1},
    {"sum", MRDA_ARGUMENT_BUFFER, AT(sum), 8, -1},
    {"count", MRDA_ARGUMENT_VALUE, AT(count), 4, -1},
};
static const mrda_unit_kind unit = {.size_bytes = sizeof unit,
                                    .register_bytes = sizeof(struct registers),
                                    .name = "add",
                                    .arguments = arguments,
                                    .argument_count = 4,
                                    .in_flight = 1,
                                    .channel_in_offset = AT(channel_in),
                                    .channel_out_offset = AT(channel_out),
                                    .global_size_offset = AT(count), /* an instance for each word */
                                    IMAGES.run = run};

/* Zeroed before init, and freed after close, by the host. */
struct session {
    const mrda_execution* unit;
    uint64_t items[MRDA_MAX_SCHEDULED]; /* a ring of what is in work, oldest first */
    uint32_t first, count;
};

static int refuse(mrda_media_error* error, const char* message, const char* name) {
    snprintf(error->message, sizeof error->message, "add: %s%s", message, name);
    return -1; /* -1 - Errc::invalid_argument */
}

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    struct session* session = data;
    if (config->execution == NULL || strcmp(config->execution->kind->name, unit.name)) {
        return refuse(error, "a session needs the unit ", unit.name);
    }
    if (config->parameter_count != 0) {
        return refuse(error,
                      "write takes parameters, the start none: ", config->parameters[0].name);
    }
    session->unit = config->execution;
    return MRDA_MEDIA_OK;
}

/* The buffers a, b and sum, in this order, and the count. */
static int take(const mrda_parameter* parameters, uint32_t count, const mrda_buffer* buffers[3],
                uint32_t* words) {
    static const char* const names[] = {"a", "b", "sum"};
    int64_t wanted = -1;
    for (uint32_t i = 0; i < count; ++i) {
        const mrda_parameter* parameter = &parameters[i];
        for (int argument = 0; argument < 3; ++argument) {
            if (parameter->type == MRDA_PARAMETER_BUFFER &&
                !strcmp(parameter->name, names[argument])) {
                buffers[argument] = parameter->value.buffer;
            }
        }
        if (parameter->type == MRDA_PARAMETER_INTEGER && strcmp(parameter->name, "count") == 0) {
            wanted = parameter->value.integer;
        }
    }
    for (int argument = 0; argument < 3; ++argument) {
        if (buffers[argument] == NULL || wanted < 1 ||
            (uint64_t)wanted > buffers[argument]->length_bytes / sizeof(uint32_t)) {
            return 0;
        }
    }
    *words = (uint32_t)wanted;
    return count == 4;
}

static int schedule(struct session* session, const mrda_buffer* const buffers[3], uint32_t words,
                    mrda_media_error* error) {
    const mrda_execution* on = session->unit;
    int status = MRDA_MEDIA_OK;
    for (uint32_t argument = 0; argument < 3 && status == MRDA_MEDIA_OK; ++argument) {
        status = on->write_buffer_argument(on->host, argument, buffers[argument], error);
    }
    if (status == MRDA_MEDIA_OK) {
        status = on->write_registers(on->host, AT(count), &words, sizeof words, error);
    }
    if (status == MRDA_MEDIA_OK) {
        const uint32_t last = (session->first + session->count) % MRDA_MAX_SCHEDULED;
        status = on->schedule(on->host, &session->items[last], error);
        session->count += status == MRDA_MEDIA_OK ? 1 : 0;
    }
    return status;
}

static int write_work(void* data, const mrda_parameter* parameters, uint32_t count,
                      mrda_media_error* error) {
    struct session* session = data;
    const mrda_buffer* buffers[3] = {NULL, NULL, NULL};
    uint32_t words = 0;
    if (!take(parameters, count, buffers, &words)) {
        return refuse(error, "it takes buffers a, b and sum, and their count of words", "");
    }
    if (session->count == MRDA_MAX_SCHEDULED) {
        return MRDA_MEDIA_TRY_AGAIN;
    }
    /* The register map is this session's alone between these two. */
    int status = session->unit->lock(session->unit->host, error);
    if (status == MRDA_MEDIA_OK) {
        mrda_media_error ignored;
        status = schedule(session, buffers, words, error);
        session->unit->unlock(session->unit->host, &ignored);
    }
    return status;
}

static int read_result(void* data, uint64_t timeout_ns, mrda_parameter* parameters, uint32_t count,
                       mrda_media_error* error) {
    struct session* session = data;
    (void)parameters;
    if (count != 0) {
        return refuse(error, "there is nothing to read but the end of the work", "");
    }
    if (session->count == 0) {
        return MRDA_MEDIA_SEND_MORE;
    }
    int32_t code = 0;
    const int status = session->unit->wait(session->unit->host, session->items[session->first],
                                           timeout_ns, &code, NULL, error);
    if (status != MRDA_MEDIA_TRY_AGAIN) {
        session->first = (session->first + 1) % MRDA_MAX_SCHEDULED;
        session->count -= 1;
    }
    if (status == MRDA_MEDIA_OK && code != 0) {
        strcpy(error->message, "add: the unit failed");
        return -12; /* -1 - Errc::io */
    }
    return status;
}

static void close_session(void* data) {
    (void)data; /* It owns nothing. */
}

static const mrda_session_kind kernel = {.size_bytes = sizeof kernel,
                                         .type = MRDA_SESSION_KERNEL,
                                         .session_bytes = sizeof(struct session),
                                         .init = init,
                                         .close = close_session,
                                         .write = write_work,
                                         .read = read_result,
                                         .unit = "add"};
static const mrda_session_kind* const kinds[] = {&kernel, NULL};
static const mrda_unit_kind* const units[] = {&unit, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = "sample-kernel",
                                   .version = "1",
                                   .kinds = kinds,
                                   .units = units};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi; /* The host compares the versions, and names both. */
    return &plugin;
}
