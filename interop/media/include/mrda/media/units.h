/* SPDX-License-Identifier: MIT */
#ifndef MRDA_MEDIA_UNITS_H
#define MRDA_MEDIA_UNITS_H

#include "mrda/media/types.h"

/* Compute units: code that a device runs, with a register map, which is the block of its
 * arguments. A plugin declares kinds of units, the host places them on devices, and sessions
 * schedule work on them. */

#ifdef __cplusplus
extern "C" {
#endif

#define MRDA_MAX_UNITS 128u           /* of one device */
#define MRDA_MAX_REGISTER_BYTES 4095u /* of one unit */
#define MRDA_MAX_SCHEDULED 64u        /* work items of one session that it was not told of */
#define MRDA_NO_REGISTER 0xffffffffu

enum {
    MRDA_ARGUMENT_VALUE = 0,
    MRDA_ARGUMENT_BUFFER = 1, /* the device address of a buffer, 8 bytes */
    MRDA_ARGUMENT_RESULT = 2  /* 4 bytes that the unit writes: the return code, 0 is success */
};

typedef struct mrda_unit_argument {
    const char* name;
    uint32_t kind;         /* MRDA_ARGUMENT_* */
    uint32_t offset_bytes; /* in the register map, a multiple of its size or of 8 */
    uint32_t size_bytes;
    int32_t bank; /* of buffers: the bank that the unit reaches; -1: any */
} mrda_unit_argument;

enum {
    MRDA_IMAGE_SPIRV = 1, /* Level Zero's ZE_MODULE_FORMAT_IL_SPIRV */
    MRDA_IMAGE_NATIVE = 2 /* ZE_MODULE_FORMAT_NATIVE */
};

/* A device's code. A device takes the first of a kind's images that it can load. */
typedef struct mrda_unit_image {
    uint32_t format; /* MRDA_IMAGE_* */
    uint32_t reserved;
    uint64_t length_bytes;
    const void* data;
} mrda_unit_image;

typedef struct mrda_unit_kind {
    uint32_t size_bytes;
    uint32_t register_bytes;             /* at most MRDA_MAX_REGISTER_BYTES */
    const char* name;                    /* of the kernel in the image, too */
    const mrda_unit_argument* arguments; /* in the order of the kernel's own */
    uint32_t argument_count;
    uint32_t in_flight; /* items that it works on at once, of different channels; at least 1 */
    uint32_t channel_in_offset;  /* 4 bytes: the host writes the item's channel; MRDA_NO_REGISTER */
    uint32_t channel_out_offset; /* 4 bytes: the unit writes the channel that it has done */
    uint32_t global_size_offset; /* 4 bytes: an item's kernel instances; MRDA_NO_REGISTER: 1 */
    uint32_t image_count;
    const mrda_unit_image* images; /* for devices that load code */
    /* For the machine itself: does an item's work and returns its code. Several threads may call it
     * at once, if in_flight says so. Null: not for this machine. */
    int32_t (*run)(void* registers);
} mrda_unit_kind;

/* What a host gives to a session that runs on a compute unit. `host` is the first argument of all.
 * Any thread. Errors are -1 - Errc of mrda/interop/result.h, with their words in `error`. */
typedef struct mrda_execution {
    uint32_t size_bytes;
    uint32_t device; /* index */
    uint32_t unit;   /* index among the device's units */
    uint32_t channel;
    const mrda_unit_kind* kind;
    void* host;

    /* Memory of the session's device: in bank `bank`, -1: the session's. Zeroed; the session's
     * until released, or closed. */
    int (*allocate)(void* host, int32_t bank, uint64_t length_bytes, const mrda_buffer** buffer,
                    mrda_media_error* error);
    /* In the bank that the unit reaches for that argument. */
    int (*allocate_for)(void* host, uint32_t argument, uint64_t length_bytes,
                        const mrda_buffer** buffer, mrda_media_error* error);
    /* Errors: invalid_argument (no buffer of this session, or released before). */
    int (*release)(void* host, const mrda_buffer* buffer, mrda_media_error* error);
    /* Copies, of any buffer that the session was given. Errors: invalid_argument (beyond it). */
    int (*read_buffer)(void* host, const mrda_buffer* buffer, uint64_t offset_bytes, void* into,
                       uint64_t length_bytes, mrda_media_error* error);
    int (*write_buffer)(void* host, const mrda_buffer* buffer, uint64_t offset_bytes,
                        const void* from, uint64_t length_bytes, mrda_media_error* error);

    /* The unit's register map, which all its sessions share: other sessions' words stand in it
     * when one locks it. Waits while another session has it. Errors: busy (this one has it). */
    int (*lock)(void* host, mrda_media_error* error);
    int (*unlock)(void* host, mrda_media_error* error);
    /* Errors: busy (without the lock), invalid_argument (beyond the map). */
    int (*write_registers)(void* host, uint32_t offset_bytes, const void* from,
                           uint32_t length_bytes, mrda_media_error* error);
    int (*read_registers)(void* host, uint32_t offset_bytes, void* into, uint32_t length_bytes,
                          mrda_media_error* error);
    /* Writes the buffer's device address where that argument stands. Errors: as write_registers;
     * invalid_argument (another device, or a bank that the argument does not reach). */
    int (*write_buffer_argument)(void* host, uint32_t argument, const mrda_buffer* buffer,
                                 mrda_media_error* error);

    /* A work item with the registers as they are now. Items of one channel are done one after
     * another, in the order in which they were scheduled. Does not wait. TRY_AGAIN:
     * MRDA_MAX_SCHEDULED are in flight, or done and not waited for. Errors: busy (without the
     * lock). */
    int (*schedule)(void* host, uint64_t* item, mrda_media_error* error);
    /* Waits at most `timeout_ns`; TRY_AGAIN: not done yet. Else the item's return code and, where
     * `registers` is not null, its register map; from then on the item is forgotten. Errors:
     * invalid_argument (no such item, or told before), device_lost and what else the device says.
     */
    int (*wait)(void* host, uint64_t item, uint64_t timeout_ns, int32_t* return_code,
                void* registers, mrda_media_error* error);
} mrda_execution;

#ifdef __cplusplus
}
#endif

#endif
