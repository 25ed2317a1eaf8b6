/* SPDX-License-Identifier: MIT */
#ifndef MRDA_MEDIA_PLUGIN_H
#define MRDA_MEDIA_PLUGIN_H

#include <stdint.h>

/* What a codec gives to MRDA: one shared object with the function mrda_plugin_entry. Plain C, so
 * that plugin and host may come from different compilers. Structures grow at their end only; who
 * passes one says how long its own is. */

#ifdef __cplusplus
extern "C" {
#endif

/* The version of everything below. A host refuses a plugin of another one, naming both. */
#define MRDA_PLUGIN_ABI 1u

#define MRDA_MAX_PLANES 4u

/* What send and receive return beside 0. Errors are negative: -1 - Errc of mrda/interop/result.h.
 */
enum {
    MRDA_MEDIA_OK = 0,
    MRDA_MEDIA_SEND_MORE = 1, /* receive: nothing can come before another send or drain */
    MRDA_MEDIA_TRY_AGAIN =
        2,             /* send: full, receive first; receive: nothing within the time given */
    MRDA_MEDIA_END = 3 /* receive: all has come since drain */
};

/* Filled by whoever returns an error: what was asked, what was found, what to do. */
typedef struct mrda_media_error {
    char message[512]; /* ends with 0 */
} mrda_media_error;

typedef struct mrda_media_plane {
    uint64_t offset_bytes; /* from the slot's first byte */
    uint32_t pitch_bytes;
    uint32_t reserved;
} mrda_media_plane;

/* How a frame lies in its slot. Checked by the host: planes are disjoint and within a slot. */
typedef struct mrda_media_layout {
    uint32_t drm_fourcc;
    uint32_t width_px; /* of the memory; the picture may be smaller */
    uint32_t height_px;
    uint32_t plane_count;
    uint64_t modifier;
    mrda_media_plane planes[MRDA_MAX_PLANES];
} mrda_media_layout;

/* Where frames come from: equal slots, one behind the other, in one object. Borrowed until close.
 * Pixels may change while they are read: somebody else can write them. */
typedef struct mrda_media_slots {
    int fd; /* the object: a memfd or a file; -1: none, only the pages */
    uint32_t slot_count;
    uint64_t first_offset_bytes; /* of slot 0 in the object */
    uint64_t slot_bytes;         /* whole pages */
    void* pages;                 /* slot 0, mapped for reading and writing */
    uint32_t sealed;             /* 1: the object cannot shrink */
    uint32_t reserved;
} mrda_media_slots;

enum { MRDA_RATE_CQP = 0, MRDA_RATE_VBR = 1, MRDA_RATE_CBR = 2 };

typedef struct mrda_encoder_config {
    uint32_t size_bytes; /* of this structure, as its writer knows it */
    uint32_t rate_control;
    char codec[16];   /* "avc", "hevc", "av1", "copy" */
    char profile[16]; /* "main", "high", "main10"; empty: the plugin chooses */
    char device[16];  /* a PCI address; empty: the plugin's platform chooses */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t fps_num;
    uint32_t fps_den;
    uint32_t qp;
    uint32_t bitrate_kbps;
    uint32_t gop_size;
    uint32_t gop_ref_dist; /* 1: no B frames */
    uint32_t num_ref_frames;
    uint32_t target_usage; /* 1 best quality ... 7 best speed */
    uint32_t async_depth;
    uint32_t reserved;
    mrda_media_layout layout;
    mrda_media_slots input;
    char path[8]; /* "direct", "blit" or "map": that way in or none; empty: the best there is */
} mrda_encoder_config;

enum { MRDA_FRAME_KEY = 1 };

typedef struct mrda_media_packet {
    const void* data; /* the plugin's, until the next receive, reset or close */
    uint64_t size_bytes;
    int64_t pts; /* as given to send, 90 kHz */
    int64_t dts;
    uint32_t flags; /* MRDA_FRAME_KEY */
    uint32_t reserved;
} mrda_media_packet;

/* What a session tells about itself, for people and for the copy count. */
typedef struct mrda_media_report {
    char implementation[64];     /* "oneVPL mrda-software", ... */
    char path[16];               /* "direct", "blit", "map" */
    char path_reason[512];       /* why no better one */
    uint64_t cpu_copied_bytes;   /* pixels that a CPU copied from slot to codec input */
    uint64_t codec_copied_bytes; /* pixels that the codec converted inside itself */
} mrda_media_report;

typedef struct mrda_encoder mrda_encoder; /* the plugin's own */

/* All functions of one session are called by one thread at a time; several sessions at once. */
typedef struct mrda_encoder_plugin {
    uint32_t size_bytes; /* of this structure, as the plugin knows it */
    uint32_t abi;        /* MRDA_PLUGIN_ABI */
    const char* name;    /* [a-z0-9_-]+, as its file is named: libmrda_NAME.so */
    const char* version;
    const char* const* codecs; /* ends with a null */

    /* May wait for devices. Errors: any; nothing is left behind. */
    int (*open)(const mrda_encoder_config* config, mrda_encoder** encoder, mrda_media_error* error);
    /* The frame in slot `slot` is the session's until take_done names it. Does not wait. */
    int (*send)(mrda_encoder* encoder, uint32_t slot, int64_t pts, uint32_t flags,
                mrda_media_error* error);
    /* The next packet in coding order; waits for it at most `timeout_ns`. */
    int (*receive)(mrda_encoder* encoder, uint64_t timeout_ns, mrda_media_packet* packet,
                   mrda_media_error* error);
    /* A slot that the session no longer reads. 1: `slot` is set. 0: none. Does not wait. */
    int (*take_done)(mrda_encoder* encoder, uint32_t* slot);
    /* No more frames: receive gives what is inside, then MRDA_MEDIA_END. */
    int (*drain)(mrda_encoder* encoder, mrda_media_error* error);
    /* Drops what is inside; every slot is free, the next frame a key frame. May wait. */
    int (*reset)(mrda_encoder* encoder, mrda_media_error* error);
    void (*report)(const mrda_encoder* encoder, mrda_media_report* report);
    void (*close)(mrda_encoder* encoder);

    /* May be null. Loads what the first open on `device` (as in mrda_encoder_config) will need, so
     * that it takes less time; on the thread that will call open. What cannot be had is told by
     * open. */
    void (*prepare)(const char* device);
} mrda_encoder_plugin;

/* `host_abi` is the host's MRDA_PLUGIN_ABI. Returns the plugin's table, which lives as long as the
 * shared object; also for a host of another version, which then refuses it. */
typedef const mrda_encoder_plugin* (*mrda_plugin_entry_fn)(uint32_t host_abi);
#define MRDA_PLUGIN_ENTRY "mrda_plugin_entry"

#ifdef __cplusplus
}
#endif

#endif
