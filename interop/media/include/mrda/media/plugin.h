/* SPDX-License-Identifier: MIT */
#ifndef MRDA_MEDIA_PLUGIN_H
#define MRDA_MEDIA_PLUGIN_H

#include <stdint.h>

#include "mrda/media/devices.h"
#include "mrda/media/types.h"
#include "mrda/media/units.h"

/* What an accelerator or a codec gives to MRDA: one shared object with the function
 * mrda_plugin_entry, whose table lists the sessions that it can make, the compute units that it has
 * code for, and the devices that it reaches. Plain C, so that plugin and host may come from
 * different compilers. docs/guides/plugin.md leads from nothing to a loaded plugin. */

#ifdef __cplusplus
extern "C" {
#endif

/* The version of everything below. A host refuses a plugin of another one, naming both. */
#define MRDA_PLUGIN_ABI 3u

/* The buffers that frames of one layout come in, known when a session begins, so that it can
 * import them once. Outlive the session. */
typedef struct mrda_pool {
    const mrda_buffer* const* buffers;
    uint32_t buffer_count; /* 0: no frames, or a decoder's output before it is known */
    uint32_t reserved;
    mrda_media_layout layout; /* within each buffer, from its first byte */
} mrda_pool;

enum { MRDA_FRAME_KEY = 1 };

enum {
    MRDA_SIDE_CUSTOM = 0,
    MRDA_SIDE_QUANTISER_MAP = 1, /* int8_t for each macroblock, rows first */
    MRDA_SIDE_HDR = 2,           /* mrda_side_hdr */
    MRDA_SIDE_PARAMETERS = 3     /* mrda_side_parameters */
};

/* What goes with a frame beside its pixels. Whoever does not know a kind looks past it. */
typedef struct mrda_side_data {
    uint32_t kind; /* MRDA_SIDE_* */
    uint32_t reserved;
    uint64_t length_bytes;
    const void* data;
} mrda_side_data;

typedef struct mrda_side_hdr {
    uint16_t max_content_nits;
    uint16_t max_average_nits;
} mrda_side_hdr;

/* From this frame on; 0: as before. */
typedef struct mrda_side_parameters {
    uint32_t bitrate_kbps;
    uint32_t qp;
} mrda_side_parameters;

typedef struct mrda_frame {
    uint32_t size_bytes;
    uint32_t flags; /* MRDA_FRAME_* */
    const mrda_buffer* buffer;
    const mrda_media_layout* layout; /* from the buffer's first byte */
    int64_t pts;                     /* 90 kHz */
    uint32_t index;                  /* of the buffer in its pool */
    uint32_t side_data_count;
    const mrda_side_data* side_data;
} mrda_frame;

typedef struct mrda_media_packet {
    const void* data;
    uint64_t length_bytes;
    int64_t pts; /* of the frame, 90 kHz */
    int64_t dts;
    uint32_t flags; /* MRDA_FRAME_KEY */
    uint32_t reserved;
} mrda_media_packet;

enum { MRDA_RATE_CQP = 0, MRDA_RATE_VBR = 1, MRDA_RATE_CBR = 2 };

typedef struct mrda_codec_config {
    char codec[16];   /* "avc", "hevc", "av1", "vp9", "copy" */
    char profile[16]; /* "main", "high", "main10"; empty: the plugin chooses */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t fps_num;
    uint32_t fps_den;
    uint32_t rate_control; /* MRDA_RATE_* */
    uint32_t qp;
    uint32_t bitrate_kbps;
    uint32_t gop_size;
    uint32_t gop_ref_dist; /* 1: no B frames */
    uint32_t num_ref_frames;
    uint32_t target_usage; /* 1 best quality ... 7 best speed */
    uint32_t async_depth;
} mrda_codec_config;

/* What a session shall be. Borrowed during init, but for the pools' buffers. */
typedef struct mrda_session_config {
    uint32_t size_bytes;
    uint32_t output_count;   /* scalers have up to MRDA_MAX_OUTPUTS, others that give frames one */
    char device[16];         /* a PCI address; empty: the plugin's platform chooses */
    char path[8];            /* "direct", "blit" or "map": that way in or none; empty: the best */
    mrda_codec_config codec; /* of encoders and decoders */
    mrda_pool input;         /* of sessions that take frames */
    mrda_pool outputs[MRDA_MAX_OUTPUTS];
    const mrda_parameter* parameters; /* the rest, by name; a name not known is an error */
    uint32_t parameter_count;
    uint32_t channel;                /* 0 if the application does not care */
    const mrda_execution* execution; /* of the session's compute unit; null: it has none */
} mrda_session_config;

/* What a session tells about itself, for people and for the copy count. */
typedef struct mrda_media_report {
    char implementation[64];     /* "oneVPL mrda-software", ... */
    char path[16];               /* "direct", "blit", "map" */
    char path_reason[512];       /* why no better one; what its surfaces are of */
    uint64_t cpu_copied_bytes;   /* pixels that a CPU copied from buffer to codec input */
    uint64_t codec_copied_bytes; /* pixels that the codec converted inside itself */
} mrda_media_report;

typedef enum mrda_session_type {
    MRDA_SESSION_ENCODER = 0, /* send_frame, receive_packet */
    MRDA_SESSION_DECODER = 1, /* send_packet, receive_frame */
    MRDA_SESSION_SCALER = 2,  /* send_frame, receive_frame for each output */
    MRDA_SESSION_FILTER = 3,  /* send_frame, receive_frame */
    MRDA_SESSION_KERNEL = 4   /* write, read */
} mrda_session_type;

typedef struct mrda_format {
    uint32_t drm_fourcc;
    uint32_t bits_per_pixel; /* of all planes together: NV12 has 12 */
} mrda_format;

/* One kind of session that a plugin makes. `session` is its own data: session_bytes of it, zeroed
 * before init and freed after close by the host. All functions of one session are called by one
 * thread at a time; several sessions at once. Those that its type does not need are null, and so
 * may be those that say so. */
typedef struct mrda_session_kind {
    uint32_t size_bytes;
    uint32_t type;              /* mrda_session_type */
    const char* const* codecs;  /* of encoders and decoders; ends with a null */
    const mrda_format* inputs;  /* frames that it takes; ends with fourcc 0 */
    const mrda_format* outputs; /* frames that it gives; ends with fourcc 0 */
    uint32_t input_memory;      /* MRDA_MEMORY_*: any one of these is enough */
    uint32_t output_memory;
    uint64_t session_bytes;

    /* May wait for devices. After an error close is not called, and nothing is left behind. */
    int (*init)(void* session, const mrda_session_config* config, mrda_media_error* error);
    /* The frame, and the structures that it points at, are the session's until take_done names its
     * index, or where that is null until this returns. Null: the stream ends, which is always
     * taken. Does not wait. */
    int (*send_frame)(void* session, const mrda_frame* frame, mrda_media_error* error);
    /* Decoders: the packet is read before this returns, and may be decoded. Null: the stream ends,
     * which is always taken. */
    int (*send_packet)(void* session, const mrda_media_packet* packet, mrda_media_error* error);
    /* The next packet in coding order; waits for it at most `timeout_ns`. `packet->data` is the
     * plugin's, until the next receive_packet, reset or close. */
    int (*receive_packet)(void* session, uint64_t timeout_ns, mrda_media_packet* packet,
                          mrda_media_error* error);
    /* Writes the next frame of an output into `frame`, and sets its pts and flags. Its buffer is of
     * that output's pool; a decoder's, where it had none, lies as describe said. Waits for the
     * frame at most `timeout_ns`. */
    int (*receive_frame)(void* session, uint32_t output, uint64_t timeout_ns, mrda_frame* frame,
                         mrda_media_error* error);
    /* Decoders: how the next frame should lie: format and size of the picture, its planes one
     * behind the other. TRY_AGAIN: not known yet, send more. Another size in mid-stream is told
     * here, before the first frame that has it. Does not wait. */
    int (*describe)(void* session, mrda_media_layout* layout, mrda_media_error* error);
    /* May be null: see send_frame. The index of a frame that the session no longer reads.
     * 1: `index` is set. 0: none. Does not wait. */
    int (*take_done)(void* session, uint32_t* index);
    /* May be null: the host closes the session and opens another. Drops what is inside, also after
     * the end of the stream; the next frame is a key frame. May wait. */
    int (*reset)(void* session, mrda_media_error* error);
    /* May be null. */
    void (*report)(const void* session, mrda_media_report* report);
    void (*close)(void* session);
    /* Kernels: takes parameters, and begins the work that they describe. Buffers are borrowed until
     * the work is done. TRY_AGAIN: as much as fits is in work, read first. Does not wait. */
    int (*write)(void* session, const mrda_parameter* parameters, uint32_t count,
                 mrda_media_error* error);
    /* Kernels: the results of the oldest work that has not been read, by the names and types that
     * the caller has set; waits for them at most `timeout_ns`. SEND_MORE: there is no work. After
     * invalid_argument the work can be read again; with another error it has failed, and is over.
     */
    int (*read)(void* session, uint64_t timeout_ns, mrda_parameter* parameters, uint32_t count,
                mrda_media_error* error);
    const char* unit; /* the compute unit that a session runs on; null: none */
} mrda_session_kind;

typedef struct mrda_plugin {
    uint32_t size_bytes; /* of this structure, as the plugin knows it */
    uint32_t abi;        /* MRDA_PLUGIN_ABI */
    const char* name;    /* [a-z0-9_-]+, as its file is named: libmrda_NAME.so */
    const char* version;
    const mrda_session_kind* const* kinds; /* ends with a null; null: none */

    /* May be null. Loads what the first init on `device` (as in mrda_session_config) will need, so
     * that it takes less time; on the thread that will call init. What cannot be had is told by
     * init. */
    void (*prepare)(const char* device);
    const mrda_unit_kind* const* units; /* ends with a null; null: none */
    const mrda_device_kind* devices;    /* null: none */
} mrda_plugin;

/* `host_abi` is the host's MRDA_PLUGIN_ABI. Returns the plugin's table, which lives as long as the
 * shared object; also for a host of another version, which then refuses it. */
typedef const mrda_plugin* (*mrda_plugin_entry_fn)(uint32_t host_abi);
#define MRDA_PLUGIN_ENTRY "mrda_plugin_entry"

#ifdef __cplusplus
}
#endif

#endif
