/* SPDX-License-Identifier: MIT */
#ifndef MRDA_MEDIA_MEDIA_H
#define MRDA_MEDIA_MEDIA_H

#include "mrda/media/plugin.h"

/* Media sessions for applications in C. In C++ the classes of context.h, stage.h, kernel.h and
 * pipeline.h are the same thing.
 *
 * Every function returns one of these, or an error, which is negative (-1 - Errc of
 * mrda/interop/result.h) and told in `error`, which may be null:
 *   MRDA_MEDIA_OK          it is done;
 *   MRDA_MEDIA_SEND_MORE   nothing can come before another send;
 *   MRDA_MEDIA_TRY_AGAIN   not now: full, or nothing within the time, or no free frame;
 *   MRDA_MEDIA_END         all has come since the end of the stream was sent.
 *
 * Handles are numbers that are never used twice: one that was released, or is of another sort, is
 * an error and no crash. Each handle is its owner's reference; what it names lives until the last
 * is released, and as long as a session uses it. All functions may be called by any thread; calls
 * to one session wait for one another.
 *
 * Whoever passes a structure that has size_bytes sets it to the structure's size, also where it is
 * to be filled: as much as both sides know is passed. */

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t mrda_media_context;
typedef uint64_t mrda_media_buffer;
typedef uint64_t mrda_media_frame;
typedef uint64_t mrda_media_data;
typedef uint64_t mrda_media_session;
typedef uint64_t mrda_media_reservation;

typedef struct mrda_media_units {
    const char* plugin;
    const char* unit;
    uint32_t device;
    uint32_t count;
} mrda_media_units;

typedef struct mrda_media_options {
    uint32_t size_bytes; /* of this structure */
    uint32_t plugin_folder_count;
    const char* const* plugin_folders; /* looked through in this order */
    const char* const* device_plugins; /* whose devices are wanted, beside device 0: the machine */
    uint32_t device_plugin_count;
    uint32_t units_count;
    const mrda_media_units* units; /* placed at once */
} mrda_media_options;

typedef struct mrda_media_unit_info {
    uint32_t size_bytes;
    uint32_t sessions; /* that use it now */
    char name[64];
    uint64_t scheduled; /* work items */
    uint64_t done;
    uint64_t failed;
    uint64_t busy_ns;
    uint64_t waiting_ns;
} mrda_media_unit_info;

/* Points the vendors' loaders at MRDA's software drivers, for plugins that use them. Changes the
 * environment: before anything else of MRDA or a vendor's, and before any thread is started.
 * Errors: not_found (they are beside the program, or where MRDA_DRIVER_DIR says). */
int mrda_media_use_software_drivers(mrda_media_error* error);
/* With the devices found. */
int mrda_media_open(const mrda_media_options* options, mrda_media_context* context,
                    mrda_media_error* error);
/* What was looked for and not found, by number from 0 on; END: there is no more. */
int mrda_media_note(mrda_media_context context, uint32_t number, mrda_media_error* note,
                    mrda_media_error* error);
/* By index from 0 on; END: there is no more. */
int mrda_media_device(mrda_media_context context, uint32_t index, mrda_device_info* info,
                      mrda_media_error* error);
int mrda_media_place(mrda_media_context context, const mrda_media_units* units,
                     mrda_media_error* error);
/* A device's unit, by index from 0 on; END: there is no more. */
int mrda_media_unit(mrda_media_context context, uint32_t device, uint32_t index,
                    mrda_media_unit_info* info, mrda_media_error* error);

typedef struct mrda_media_need {
    uint32_t type; /* mrda_session_type */
    uint32_t reserved;
    const char* plugin;
    const char* codec; /* of encoders and decoders; may be null */
    const char* unit;  /* may be null */
} mrda_media_need;

typedef struct mrda_media_place_info {
    uint32_t size_bytes;
    uint32_t device;
    uint32_t bank;
    uint32_t shares_memory; /* 1: frames pass from each to the next without a copy */
    char why_not[256];
} mrda_media_place_info;

/* A device, a bank and units for all of these, kept until it is released; -1: any device or bank.
 * Sessions that are to use them name it. */
int mrda_media_reserve(mrda_media_context context, const mrda_media_need* needs, uint32_t count,
                       int32_t device, int32_t bank, mrda_media_reservation* reservation,
                       mrda_media_place_info* place, mrda_media_error* error);

/* In a bank of a device; -1: its default one. Zeroed. */
int mrda_media_buffer_allocate(mrda_media_context context, uint32_t device, int32_t bank,
                               uint64_t length_bytes, mrda_media_buffer* buffer,
                               mrda_media_error* error);
/* In the bank that a device's unit reaches for that argument of its kernel. */
int mrda_media_buffer_allocate_for(mrda_media_context context, uint32_t device, uint32_t unit,
                                   uint32_t argument, uint64_t length_bytes,
                                   mrda_media_buffer* buffer, mrda_media_error* error);
/* Size, device address, pages (null: no processor can reach it), bank and device. */
int mrda_media_buffer_info(mrda_media_buffer buffer, mrda_buffer* info, mrda_media_error* error);
/* Copies, also where no processor can reach it. Errors: invalid_argument (not within it). */
int mrda_media_buffer_read(mrda_media_buffer buffer, uint64_t offset_bytes, void* into,
                           uint64_t length_bytes, mrda_media_error* error);
int mrda_media_buffer_write(mrda_media_buffer buffer, uint64_t offset_bytes, const void* from,
                            uint64_t length_bytes, mrda_media_error* error);

/* How frames of that format and size lie where nobody has decided it otherwise. */
int mrda_media_layout_of(uint32_t drm_fourcc, uint32_t width_px, uint32_t height_px,
                         mrda_media_layout* layout, mrda_media_error* error);
/* What a buffer for such a frame has at least. */
int mrda_media_layout_bytes(const mrda_media_layout* layout, uint64_t* bytes,
                            mrda_media_error* error);
/* A frame in the buffer, which it keeps. */
int mrda_media_frame_of(mrda_media_buffer buffer, const mrda_media_layout* layout,
                        mrda_media_frame* frame, mrda_media_error* error);
/* A handle of its own for the frame's buffer. */
int mrda_media_frame_buffer(mrda_media_frame frame, mrda_media_buffer* buffer,
                            mrda_media_error* error);
int mrda_media_frame_info(mrda_media_frame frame, mrda_media_layout* layout, int64_t* pts,
                          uint32_t* flags, mrda_media_error* error);
/* Of this handle's frame; not of its clones'. */
int mrda_media_frame_set(mrda_media_frame frame, int64_t pts, uint32_t flags,
                         mrda_media_error* error);
/* Adds a copy of `bytes` to what goes with the frame; `kind` is MRDA_SIDE_*. */
int mrda_media_frame_add_side_data(mrda_media_frame frame, uint32_t kind, const void* bytes,
                                   uint64_t length_bytes, mrda_media_error* error);

typedef struct mrda_media_data_info {
    uint32_t size_bytes;
    uint32_t flags; /* MRDA_FRAME_KEY */
    uint64_t length_bytes;
    int64_t pts; /* 90 kHz */
    int64_t dts;
    const void* bytes; /* null: no processor can reach them, use mrda_media_data_read */
} mrda_media_data_info;

/* A part of the buffer, which it keeps. */
int mrda_media_data_of(mrda_media_buffer buffer, uint64_t offset_bytes, uint64_t length_bytes,
                       int64_t pts, mrda_media_data* data, mrda_media_error* error);
/* A copy of `bytes`. */
int mrda_media_data_of_bytes(const void* bytes, uint64_t length_bytes, int64_t pts,
                             mrda_media_data* data, mrda_media_error* error);
int mrda_media_data_about(mrda_media_data data, mrda_media_data_info* info,
                          mrda_media_error* error);
int mrda_media_data_read(mrda_media_data data, uint64_t offset_bytes, void* into,
                         uint64_t length_bytes, mrda_media_error* error);

/* Another handle for the same memory: of a buffer, frame or data. */
int mrda_media_clone(uint64_t handle, uint64_t* clone, mrda_media_error* error);
/* Of any sort. A context's sessions live on with what they use of it. Waits for what a session has
 * in work; if another thread is inside a call of the session, that call's end does. Errors:
 * invalid_argument (released before). */
int mrda_media_release(uint64_t handle, mrda_media_error* error);

typedef struct mrda_media_properties {
    uint32_t size_bytes; /* of this structure */
    uint32_t type;       /* mrda_session_type */
    const char* plugin;
    mrda_codec_config codec;                     /* of encoders and decoders */
    mrda_media_layout input;                     /* fourcc 0: as the upstream's frames lie */
    mrda_media_layout outputs[MRDA_MAX_OUTPUTS]; /* of a decoder: the format that is wished */
    uint32_t output_count;
    uint32_t frames;  /* in each pool that is made for it; 0: 4 */
    const char* path; /* as in mrda_session_config; may be null */
    const mrda_parameter* parameters;
    uint32_t parameter_count;
    int32_t device;        /* -1: the reservation's, the upstream's, or any that has the unit */
    int32_t bank;          /* -1: the reservation's, the upstream's, or the first that works */
    int32_t unit;          /* -1: the least used one of that name */
    const char* unit_name; /* null: the plugin's own, or none */
    uint32_t channel;
    uint32_t upstream_output;
    mrda_media_session upstream;        /* whose frames it is sent; 0: the application's */
    mrda_media_reservation reservation; /* 0: none */
} mrda_media_properties;

typedef struct mrda_media_session_report {
    uint32_t size_bytes;
    uint32_t in_place; /* 1: the upstream's frames are taken as they lie */
    mrda_media_report plugin;
    char copy_reason[256]; /* why they are not */
    uint64_t copied_bytes; /* of frames that had to be copied into its pool */
    uint64_t sent;
    uint64_t received;
    uint64_t busy_ns;
    uint32_t device;
    uint32_t bank;
    int32_t unit; /* -1: none */
    uint32_t reserved;
} mrda_media_session_report;

/* Any device, bank and unit; all else is 0. */
void mrda_media_properties_init(mrda_media_properties* properties, uint32_t type,
                                const char* plugin);
int mrda_media_create(mrda_media_context context, const mrda_media_properties* properties,
                      mrda_media_session* session, mrda_media_error* error);
/* A free frame of its input pool; TRY_AGAIN: all are in use. */
int mrda_media_input_frame(mrda_media_session session, mrda_media_frame* frame,
                           mrda_media_error* error);
/* The handle stays the caller's. A frame of the session's pool, or of its upstream's where that is
 * reported as in place, is taken as it lies. 0: the stream ends. */
int mrda_media_send_frame(mrda_media_session session, mrda_media_frame frame,
                          mrda_media_error* error);
int mrda_media_send_data(mrda_media_session session, mrda_media_data data, mrda_media_error* error);
/* Wait at most `timeout_ns`. The new handle is the caller's. */
int mrda_media_receive_frame(mrda_media_session session, uint32_t output, uint64_t timeout_ns,
                             mrda_media_frame* frame, mrda_media_error* error);
int mrda_media_receive_data(mrda_media_session session, uint64_t timeout_ns, mrda_media_data* data,
                            mrda_media_error* error);
/* Kernels: begins work, and does not wait for it. Buffers are named by their handles, in
 * value.handle. */
int mrda_media_write(mrda_media_session session, const mrda_parameter* parameters, uint32_t count,
                     mrda_media_error* error);
/* Kernels: the results of the oldest work, by the names and types that are set: numbers, or texts
 * that are the session's until the next call. */
int mrda_media_read(mrda_media_session session, uint64_t timeout_ns, mrda_parameter* parameters,
                    uint32_t count, mrda_media_error* error);
/* What it is and has done; of a kernel: its device and unit alone. */
int mrda_media_about(mrda_media_session session, mrda_media_session_report* report,
                     mrda_media_error* error);

#ifdef __cplusplus
}
#endif

#endif
