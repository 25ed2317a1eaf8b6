/* SPDX-License-Identifier: MIT */
#ifndef MRDA_MEDIA_DEVICES_H
#define MRDA_MEDIA_DEVICES_H

#include "mrda/media/types.h"
#include "mrda/media/units.h"

/* Devices that a plugin reaches: their memory, and the code that they run. */

#ifdef __cplusplus
extern "C" {
#endif

#define MRDA_MAX_BANKS 8u

typedef struct mrda_bank {
    char name[32];
    uint32_t memory; /* MRDA_MEMORY_*: how what lies in it can be reached */
    uint32_t reserved;
    uint64_t size_bytes; /* 0: not known */
} mrda_bank;

typedef struct mrda_device_info {
    uint32_t size_bytes;
    uint32_t bank_count;
    char name[64];
    char address[16];                /* PCI, "0000:03:00.0"; empty: it is on no bus */
    mrda_bank banks[MRDA_MAX_BANKS]; /* the first one is the default */
} mrda_device_info;

/* All functions may be called from several threads at once. Errors are -1 - Errc. */
typedef struct mrda_device_kind {
    uint32_t size_bytes;
    uint32_t reserved;
    /* How many there are. None is no error. */
    int (*count)(uint32_t* count, mrda_media_error* error);
    int (*open)(uint32_t index, mrda_device_info* info, void** device, mrda_media_error* error);
    void (*close)(void* device);

    /* Zeroed. Fills all of `buffer` but its id, device and bank. `memory` names it below. */
    int (*allocate)(void* device, uint32_t bank, uint64_t length_bytes, mrda_buffer* buffer,
                    void** memory, mrda_media_error* error);
    void (*release)(void* device, void* memory);
    /* Within the buffer; waits for the copy. */
    int (*copy_out)(void* device, void* memory, uint64_t offset_bytes, void* into,
                    uint64_t length_bytes, mrda_media_error* error);
    int (*copy_in)(void* device, void* memory, uint64_t offset_bytes, const void* from,
                   uint64_t length_bytes, mrda_media_error* error);

    /* Makes a unit of the first of its images that the device can load. Errors: unsupported. */
    int (*load)(void* device, const mrda_unit_kind* kind, void** unit, mrda_media_error* error);
    void (*unload)(void* device, void* unit);
    /* Does an item's work, with `registers` as its argument block, and waits for it; writes the
     * RESULT arguments into the block. Called by several threads at once, if in_flight says so. */
    int (*run)(void* device, void* unit, void* registers, int32_t* return_code,
               mrda_media_error* error);
} mrda_device_kind;

#ifdef __cplusplus
}
#endif

#endif
