/* SPDX-License-Identifier: MIT */
#ifndef MRDA_MEDIA_TYPES_H
#define MRDA_MEDIA_TYPES_H

#include <stdint.h>

/* What plugins, hosts and applications speak of: results, layouts, memory, parameters. Plain C.
 * Structures with a size_bytes grow at their end only, and who passes one says how long its own is;
 * all others are as they are for this version of the ABI. */

#ifdef __cplusplus
extern "C" {
#endif

#define MRDA_MAX_PLANES 4u
#define MRDA_MAX_OUTPUTS 8u

/* What send and receive return beside errors, which are negative: -1 - Errc of
 * mrda/interop/result.h. */
enum {
    MRDA_MEDIA_OK = 0,
    MRDA_MEDIA_SEND_MORE = 1, /* receive: nothing can come before another send */
    MRDA_MEDIA_TRY_AGAIN =
        2,             /* send: full, receive first; receive: nothing within the time given */
    MRDA_MEDIA_END = 3 /* receive: all has come since the end of the stream was sent */
};

/* Filled by whoever returns an error: what was asked, what was found, what to do. */
typedef struct mrda_media_error {
    char message[512]; /* ends with 0 */
} mrda_media_error;

typedef struct mrda_media_plane {
    uint64_t offset_bytes; /* from the frame's first byte */
    uint32_t pitch_bytes;
    uint32_t reserved;
} mrda_media_plane;

/* How a frame lies in its buffer. Checked by the host: planes are disjoint and within it. */
typedef struct mrda_media_layout {
    uint32_t drm_fourcc;
    uint32_t width_px; /* of the memory; the picture may be smaller */
    uint32_t height_px;
    uint32_t plane_count;
    uint64_t modifier;
    mrda_media_plane planes[MRDA_MAX_PLANES];
} mrda_media_layout;

/* How memory can be reached; what a buffer offers, and what a session can work with. */
enum {
    MRDA_MEMORY_PAGES = 1,  /* by this process's processors: `pages` */
    MRDA_MEMORY_OBJECT = 2, /* as a DMA-BUF or a memfd that drivers import: `fd` */
    MRDA_MEMORY_ADDRESS = 4 /* by its device: `address` */
};

enum {
    MRDA_BUFFER_SEALED = 1 /* nobody can shrink its object */
};

/* Memory, the host's own; a plugin borrows it, for as long as each function says. Pixels may
 * change while they are read: somebody else may be able to write them. */
typedef struct mrda_buffer {
    uint32_t size_bytes; /* of this structure, as its writer knows it */
    uint32_t memory;     /* MRDA_MEMORY_*: which of the following there are */
    uint64_t id;         /* no other buffer of this process ever has it */
    uint64_t length_bytes;
    void* pages;           /* null: no processor can reach it */
    uint64_t address;      /* 0: the device cannot */
    int fd;                /* -1: there is no object */
    uint32_t flags;        /* MRDA_BUFFER_* */
    uint64_t offset_bytes; /* of this buffer in the object */
    uint32_t device;       /* its index among the host's devices */
    uint32_t bank;         /* of that device */
} mrda_buffer;

enum {
    MRDA_PARAMETER_INTEGER = 0,
    MRDA_PARAMETER_REAL = 1,
    MRDA_PARAMETER_TEXT = 2,  /* ends with 0 */
    MRDA_PARAMETER_BUFFER = 3 /* a buffer of the session's device */
};

/* A named value, for a session's start and for kernels. */
typedef struct mrda_parameter {
    const char* name;
    uint32_t type; /* MRDA_PARAMETER_*: which of the values it has */
    uint32_t reserved;
    union {
        int64_t integer;
        double real;
        const char* text;
        const mrda_buffer* buffer; /* to plugins */
        uint64_t handle;           /* of applications: see mrda/media/media.h */
    } value;
} mrda_parameter;

#ifdef __cplusplus
}
#endif

#endif
