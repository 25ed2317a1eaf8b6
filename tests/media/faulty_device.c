/* SPDX-License-Identifier: MIT */
/* A device whose memory is this machine's, with a unit that it alone has code for; and that does
 * one thing wrong: MRDA_FAULT, one of the numbers below. mrda-plugin-check must name it. */
#include <mrda/media/plugin.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault {
    NONE,
    OPENS_WHAT_IS_NOT_THERE,
    HAS_TOO_MANY_BANKS,
    DOES_NOT_CLEAR,
    PROMISES_PAGES,
    PROMISES_AN_OBJECT,
    COPIES_FROM_THE_BEGINNING,
    COPIES_WHOLE_WORDS,
    PROMISES_ANY_AMOUNT,
    REFUSES_WITHOUT_WORDS,
    TAKES_ANY_BANK,
    LOADS_WITHOUT_AN_IMAGE,
    SHARES_ITS_COPIES,
    LEAKS_MEMORY,
    LEAKS_DEVICES,
    LEAKS_UNITS,
    UNIT_WRITES_BEFORE_ITS_BUFFER,
    IS_NOT_THERE /* No fault: of devices that are not there little can be checked. */
};
static const enum fault fault = MRDA_FAULT;

#define MOST ((uint64_t)1 << 24)

static int refuse(mrda_media_error* error, const char* what) {
    if (fault != REFUSES_WITHOUT_WORDS) {
        snprintf(error->message, sizeof error->message, "faulty: there is no %s", what);
    }
    return -1;
}

static int count(uint32_t* devices, mrda_media_error* error) {
    (void)error;
    *devices = fault == IS_NOT_THERE ? 0 : 1;
    return MRDA_MEDIA_OK;
}

static int open_device(uint32_t index, mrda_device_info* info, void** device,
                       mrda_media_error* error) {
    if ((index > 0 || fault == IS_NOT_THERE) && fault != OPENS_WHAT_IS_NOT_THERE) {
        return refuse(error, "such device");
    }
    info->bank_count = fault == HAS_TOO_MANY_BANKS ? MRDA_MAX_BANKS + 1 : 1;
    strcpy(info->name, "faulty");
    strcpy(info->banks[0].name, "heap");
    info->banks[0].memory = MRDA_MEMORY_PAGES | MRDA_MEMORY_ADDRESS;
    *device = malloc(50000);
    return MRDA_MEDIA_OK;
}

static void close_device(void* device) {
    if (fault != LEAKS_DEVICES) {
        free(device);
    }
}

static int allocate(void* device, uint32_t bank, uint64_t length_bytes, mrda_buffer* buffer,
                    void** memory, mrda_media_error* error) {
    (void)device;
    if (bank > 0 && fault != TAKES_ANY_BANK) {
        return refuse(error, "such bank");
    }
    if (length_bytes > MOST && fault != PROMISES_ANY_AMOUNT) {
        return refuse(error, "so much memory");
    }
    /* With room for a word that is cut. */
    const uint64_t room = length_bytes > MOST ? 1 : length_bytes + sizeof(uint64_t);
    *memory = malloc(room);
    memset(*memory, fault == DOES_NOT_CLEAR ? 1 : 0, room);
    buffer->memory = MRDA_MEMORY_PAGES | MRDA_MEMORY_ADDRESS;
    buffer->length_bytes = length_bytes;
    buffer->pages = fault == PROMISES_PAGES ? NULL : *memory;
    buffer->address = (uint64_t)(uintptr_t)*memory;
    if (fault == PROMISES_AN_OBJECT) {
        buffer->memory |= MRDA_MEMORY_OBJECT;
    }
    return MRDA_MEDIA_OK;
}

static void release(void* device, void* memory) {
    (void)device;
    if (fault != LEAKS_MEMORY) {
        free(memory);
    }
}

static void copy(void* to, const void* from, uint64_t length_bytes) {
    static unsigned char between[MOST];
    if (fault == SHARES_ITS_COPIES) {
        memcpy(between, from, length_bytes);
        usleep(10); /* So that another thread comes between, on one processor, too. */
        from = between;
    }
    memcpy(to, from, length_bytes);
}

static int copy_out(void* device, void* memory, uint64_t offset_bytes, void* into,
                    uint64_t length_bytes, mrda_media_error* error) {
    (void)device;
    (void)error;
    const uint64_t begin = fault == COPIES_FROM_THE_BEGINNING ? 0 : offset_bytes;
    copy(into, (const char*)memory + begin, length_bytes);
    return MRDA_MEDIA_OK;
}

static int copy_in(void* device, void* memory, uint64_t offset_bytes, const void* from,
                   uint64_t length_bytes, mrda_media_error* error) {
    (void)device;
    (void)error;
    const uint64_t begin = fault == COPIES_FROM_THE_BEGINNING ? 0 : offset_bytes;
    copy((char*)memory + begin, from, length_bytes);
    if (fault == COPIES_WHOLE_WORDS) {
        memset((char*)memory + begin + length_bytes, 0xee, 7 - (begin + length_bytes + 7) % 8);
    }
    return MRDA_MEDIA_OK;
}

struct registers {
    uint64_t words;
    uint32_t channel_in;
    uint32_t channel_out;
};

static int load(void* device, const mrda_unit_kind* kind, void** unit, mrda_media_error* error) {
    (void)device;
    if (kind->image_count == 0 && fault != LOADS_WITHOUT_AN_IMAGE) {
        return refuse(error, "code for it");
    }
    *unit = malloc(50000);
    return MRDA_MEDIA_OK;
}

static void unload(void* device, void* unit) {
    (void)device;
    if (fault != LEAKS_UNITS) {
        free(unit);
    }
}

static int run(void* device, void* unit, void* block, int32_t* return_code,
               mrda_media_error* error) {
    (void)device;
    (void)unit;
    (void)error;
    struct registers* registers = block;
    uint32_t* words = (uint32_t*)(uintptr_t)registers->words;
    words[fault == UNIT_WRITES_BEFORE_ITS_BUFFER ? -1 : 0] = registers->channel_in;
    registers->channel_out = registers->channel_in;
    *return_code = 0;
    return MRDA_MEDIA_OK;
}

static const mrda_unit_argument arguments[] = {
    {"words", MRDA_ARGUMENT_BUFFER, offsetof(struct registers, words), 8, 0},
};
static const mrda_unit_image image = {
    .format = MRDA_IMAGE_NATIVE, .length_bytes = sizeof arguments, .data = arguments};
static const mrda_unit_kind unit = {.size_bytes = sizeof unit,
                                    .register_bytes = sizeof(struct registers),
                                    .name = "mark",
                                    .arguments = arguments,
                                    .argument_count = 1,
                                    .in_flight = 1,
                                    .channel_in_offset = offsetof(struct registers, channel_in),
                                    .channel_out_offset = offsetof(struct registers, channel_out),
                                    .global_size_offset = MRDA_NO_REGISTER,
                                    .image_count = 1,
                                    .images = &image};
static const mrda_unit_kind* const units[] = {&unit, NULL};
static const mrda_device_kind devices = {.size_bytes = sizeof devices,
                                         .count = count,
                                         .open = open_device,
                                         .close = close_device,
                                         .allocate = allocate,
                                         .release = release,
                                         .copy_out = copy_out,
                                         .copy_in = copy_in,
                                         .load = load,
                                         .unload = unload,
                                         .run = run};
static const mrda_plugin plugin = {.size_bytes = sizeof plugin,
                                   .abi = MRDA_PLUGIN_ABI,
                                   .name = MRDA_NAME,
                                   .version = "1",
                                   .units = units,
                                   .devices = &devices};

__attribute__((visibility("default"))) const mrda_plugin* mrda_plugin_entry(uint32_t host_abi);

const mrda_plugin* mrda_plugin_entry(uint32_t host_abi) {
    (void)host_abi;
    return &plugin;
}
