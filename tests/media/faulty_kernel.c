/* SPDX-License-Identifier: MIT */
/* A unit that adds, and a kernel on it, of which one does one thing wrong: MRDA_FAULT, one of the
 * numbers below. mrda-plugin-check must name it. */
#include <mrda/media/plugin.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault {
    NONE,
    DOES_NOT_LOOK_FOR_ITS_UNIT,
    BEGINS_WITHOUT_ITS_UNIT,
    TAKES_ANY_PARAMETER,
    TAKES_ANY_WORK,
    READS_WITHOUT_WORK,
    FORGETS_WORK_IN_FLIGHT,
    READS_TWICE,
    KEEPS_THE_LOCK,
    SCHEDULES_WHAT_IT_REFUSES,
    FULL_IS_AN_ERROR,
    IS_NEVER_FULL,
    REFUSES_WITHOUT_WORDS,
    IGNORES_ITS_VALUES,
    SHARES_ITS_WORK,
    WRITES_BEHIND_ITS_DATA,
    LEAKS_MEMORY,
    LEAKS_DESCRIPTORS,
    UNIT_WRITES_BEHIND_ITS_REGISTERS,
    UNIT_WRITES_BEHIND_ITS_BUFFER,
    UNIT_NAMES_ANOTHER_CHANNEL,
    UNIT_SHARES_ITS_STATE,
    UNIT_LEAKS_MEMORY,
    KNOWS_ITS_OWN_NAMES, /* No fault: its work is not known to the check. */
    HAS_IMAGES_ALONE     /* No fault: there is nothing that can be checked. */
};
static const enum fault fault = MRDA_FAULT;

static void lose(size_t bytes) {
    static void* volatile lost;
    lost = malloc(bytes);
    (void)lost;
}

struct registers {
    uint64_t a;
    uint64_t b;
    uint64_t sum;
    uint32_t count;
    uint32_t channel_in;
    uint32_t channel_out;
    uint32_t last;
};

static int32_t run(void* block) {
    static struct registers* volatile newest;
    struct registers* registers = block;
    newest = registers;
    const uint32_t* a = (const uint32_t*)(uintptr_t)registers->a;
    const uint32_t* b = (const uint32_t*)(uintptr_t)registers->b;
    uint32_t* sum = (uint32_t*)(uintptr_t)registers->sum;
    for (uint32_t i = 0; i < registers->count; ++i) {
        sum[i] = a[i] + b[i];
    }
    if (fault == UNIT_WRITES_BEHIND_ITS_REGISTERS) {
        (&registers->last)[1] = 0;
    }
    if (fault == UNIT_WRITES_BEHIND_ITS_BUFFER) {
        sum[1024] = 0;
    }
    if (fault == UNIT_LEAKS_MEMORY) {
        lose(5000);
    }
    if (fault == UNIT_SHARES_ITS_STATE) {
        usleep(10); /* So that another item's thread comes between, on one processor, too. */
        registers = newest;
    }
    registers->channel_out = registers->channel_in + (fault == UNIT_NAMES_ANOTHER_CHANNEL ? 1 : 0);
    return 0;
}

#define AT(member) offsetof(struct registers, member)
static const mrda_unit_argument arguments[] = {
    {"a", MRDA_ARGUMENT_BUFFER, AT(a), 8, -1},
    {"b", MRDA_ARGUMENT_BUFFER, AT(b), 8, -1},
    {"sum", MRDA_ARGUMENT_BUFFER, AT(sum), 8, -1},
    {"count", MRDA_ARGUMENT_VALUE, AT(count), 4, -1},
};
static const mrda_unit_image image = {
    .format = MRDA_IMAGE_NATIVE, .length_bytes = sizeof arguments, .data = arguments};
static const mrda_unit_kind unit = {.size_bytes = sizeof unit,
                                    .register_bytes = sizeof(struct registers),
                                    .name = "add",
                                    .arguments = arguments,
                                    .argument_count = 4,
                                    .in_flight = 4,
                                    .channel_in_offset = AT(channel_in),
                                    .channel_out_offset = AT(channel_out),
                                    .global_size_offset = MRDA_NO_REGISTER,
                                    .image_count = 1,
                                    .images = &image,
                                    .run = MRDA_FAULT == HAS_IMAGES_ALONE ? NULL : run};

struct session {
    const mrda_execution* unit;
    uint64_t items[MRDA_MAX_SCHEDULED];
    uint32_t first;
    uint32_t count;
};

static int refuse(mrda_media_error* error, const char* name) {
    if (fault != REFUSES_WITHOUT_WORDS) {
        snprintf(error->message, sizeof error->message, "faulty: not with %s", name);
    }
    return -1;
}

static int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    struct session* session = data;
    if (fault == DOES_NOT_LOOK_FOR_ITS_UNIT && config->execution->kind == NULL) {
        return refuse(error, "no kind");
    }
    if (config->execution == NULL && fault != BEGINS_WITHOUT_ITS_UNIT) {
        return refuse(error, "no unit");
    }
    if (config->parameter_count > 0 && fault != TAKES_ANY_PARAMETER) {
        return refuse(error, config->parameters[0].name);
    }
    session->unit = config->execution;
    if (fault == LEAKS_MEMORY) {
        lose(50000);
    }
    if (fault == LEAKS_DESCRIPTORS) {
        (void)!dup(0);
    }
    if (fault == WRITES_BEHIND_ITS_DATA) {
        ((char*)data)[sizeof(struct session)] = 1;
    }
    return MRDA_MEDIA_OK;
}

/* What `write` was told, by the unit's arguments. */
struct work {
    const mrda_buffer* buffers[3];
    uint32_t words;
};

static const char* take(const mrda_parameter* parameters, uint32_t count, struct work* work) {
    static const char* const names[] = {"a", "b", "sum"};
    memset(work, 0, sizeof *work);
    for (uint32_t i = 0; i < count; ++i) {
        int known = strcmp(parameters[i].name, "count") == 0 && fault != KNOWS_ITS_OWN_NAMES;
        if (known) {
            work->words = fault == IGNORES_ITS_VALUES ? 0 : (uint32_t)parameters[i].value.integer;
        }
        for (int argument = 0; argument < 3; ++argument) {
            if (strcmp(parameters[i].name, names[argument]) == 0) {
                work->buffers[argument] = parameters[i].value.buffer;
                known = 1;
            }
        }
        if (!known) {
            return parameters[i].name;
        }
    }
    return work->buffers[0] && work->buffers[1] && work->buffers[2] ? NULL : "no buffers";
}

static int schedule(struct session* session, const struct work* work, mrda_media_error* error) {
    const mrda_execution* on = session->unit;
    int status = on->write_registers(on->host, on->kind->arguments[3].offset_bytes, &work->words,
                                     sizeof work->words, error);
    for (uint32_t argument = 0; argument < 3 && status == MRDA_MEDIA_OK; ++argument) {
        status = on->write_buffer_argument(on->host, argument, work->buffers[argument], error);
    }
    if (status == MRDA_MEDIA_OK || fault == SCHEDULES_WHAT_IT_REFUSES) {
        uint64_t item = 0;
        mrda_media_error ignored;
        const int scheduled = on->schedule(on->host, &item, &ignored);
        if (status == MRDA_MEDIA_OK && scheduled == MRDA_MEDIA_OK) {
            session->items[(session->first + session->count++) % MRDA_MAX_SCHEDULED] = item;
        }
        status = status == MRDA_MEDIA_OK ? scheduled : status;
    }
    return status;
}

static int write_work(void* data, const mrda_parameter* parameters, uint32_t count,
                      mrda_media_error* error) {
    struct session* session = data;
    static struct work shared;
    struct work own;
    struct work* const work = fault == SHARES_ITS_WORK ? &shared : &own;
    const char* const unknown = take(parameters, count, work);
    if (unknown != NULL) {
        return fault == TAKES_ANY_WORK ? MRDA_MEDIA_OK : refuse(error, unknown);
    }
    if (session->count == MRDA_MAX_SCHEDULED) {
        if (fault == FULL_IS_AN_ERROR) {
            return refuse(error, "so much work");
        }
        return fault == IS_NEVER_FULL ? MRDA_MEDIA_OK : MRDA_MEDIA_TRY_AGAIN;
    }
    if (fault == SHARES_ITS_WORK) {
        usleep(10); /* So that another session comes between, on one processor, too. */
    }
    int status = session->unit->lock(session->unit->host, error);
    if (status != MRDA_MEDIA_OK) {
        return status;
    }
    status = schedule(session, work, error);
    if (status >= MRDA_MEDIA_OK || fault != KEEPS_THE_LOCK) {
        mrda_media_error ignored;
        session->unit->unlock(session->unit->host, &ignored);
    }
    return status;
}

static int read_result(void* data, uint64_t timeout_ns, mrda_parameter* parameters, uint32_t count,
                       mrda_media_error* error) {
    struct session* session = data;
    if (count != 0) {
        return refuse(error, parameters[0].name);
    }
    if (session->count == 0) {
        return fault == READS_WITHOUT_WORK ? MRDA_MEDIA_OK : MRDA_MEDIA_SEND_MORE;
    }
    int32_t code = 0;
    const int status = session->unit->wait(session->unit->host, session->items[session->first],
                                           timeout_ns, &code, NULL, error);
    if (status == MRDA_MEDIA_TRY_AGAIN) {
        return fault == FORGETS_WORK_IN_FLIGHT ? MRDA_MEDIA_SEND_MORE : status;
    }
    if (fault != READS_TWICE) {
        session->first = (session->first + 1) % MRDA_MAX_SCHEDULED;
        session->count -= 1;
    }
    return status;
}

static void close_session(void* data) {
    (void)data;
}

static const mrda_session_kind kernel = {.size_bytes = sizeof kernel,
                                         .type = MRDA_SESSION_KERNEL,
                                         .session_bytes = sizeof(struct session),
                                         .init = init,
                                         .close = close_session,
                                         .write = write_work,
                                         .read = read_result,
                                         .unit = MRDA_FAULT == IGNORES_ITS_VALUES ? NULL : "add"};
static const mrda_session_kind* const kinds[] = {MRDA_FAULT == HAS_IMAGES_ALONE ? NULL : &kernel,
                                                 NULL};
static const mrda_unit_kind* const units[] = {&unit, NULL};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = MRDA_NAME,
                                   .version = "1",
                                   .kinds = kinds,
                                   .units = units};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
