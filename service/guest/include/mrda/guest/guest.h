/* SPDX-License-Identifier: MIT */
#ifndef MRDA_GUEST_GUEST_H
#define MRDA_GUEST_GUEST_H

#include <stddef.h>
#include <stdint.h>

/* The guest library: encode on the host through shared memory. Plain C; mrda/guest/guest.hpp is the
 * C++ face. A session is for one thread at a time; only mrda_guest_stop may come from another one,
 * and several sessions may be used at once. Nothing here copies a pixel, but for the return of a
 * service below.
 *
 *     mrda_guest_config config;
 *     mrda_guest_config_init(&config);
 *     config.codec = MRDA_GUEST_AVC; ...
 *     mrda_guest_session *session;
 *     mrda_guest_create(&config, &session, message, sizeof message);
 *     for each frame:
 *         mrda_guest_get_buffer(session, &buffer, timeout_ns);   fill buffer.planes[]
 *         mrda_guest_send_frame(session, &buffer, pts, 0);
 *         while (mrda_guest_receive(session, &packet, 0) == MRDA_GUEST_OK)
 *             write packet.data, mrda_guest_release(session, &packet);
 *     mrda_guest_send_frame(session, NULL, 0, 0);                 end of stream
 *     receive until MRDA_GUEST_END
 *     mrda_guest_destroy(session);
 *
 * When the service goes away, the library waits for it and goes on: with the same session if that
 * lived on, else with a new one that the service makes in its place. Until then calls find nothing
 * (TRY_AGAIN), frames that are sent wait, and at most reattach_timeout_ns passes before all calls
 * say SERVICE_GONE. With a new session, much depends on whether the old one's memory was kept. It
 * was not where it lies in device files, which others may have by now; nor where the host had given
 * it back, as the lease had ended while this process stood still.
 * - Frames that were inside and whose packet had not come are lost, and counted so; but those that
 *   a service that closed in order had not taken, and those that were sent since, are sent again if
 *   the memory was kept, and else are lost, too. The next packet is a key frame. An end of stream
 *   that was sent is sent again.
 * - Buffers that the application holds stay its own, and in the same place. If the memory was kept,
 *   their content is copied; what another thread writes in just that moment may be missing. If not,
 *   their content is nothing to rely on: write it again before it is sent.
 * - Packets that the application holds stay readable until they are released, as private copies. If
 *   the memory was not kept, their content is nothing to rely on.
 *
 * A session that somebody else has the service drain (Drain, of mrda.v1.Sessions) comes to its end
 * as if the application had sent that: receive gives the packets, then END, and send_frame takes no
 * more. Frames that the host had not taken are discarded, and counted so; mrda_guest_reset begins
 * anew.
 */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mrda_guest_session mrda_guest_session;

/* What calls return. Negative: errors; mrda_guest_last_error() has the words. */
typedef enum mrda_guest_status {
    MRDA_GUEST_OK = 0,
    MRDA_GUEST_END = 1,           /* receive: every packet has come */
    MRDA_GUEST_TRY_AGAIN = 2,     /* nothing within the time given: no packet, no free buffer */
    MRDA_GUEST_BAD_ARGUMENT = -1, /* can never work */
    MRDA_GUEST_EXHAUSTED = -2,    /* the service has no room: the message has the figures */
    MRDA_GUEST_SERVICE_GONE = -3, /* no answer, and none until the deadline for coming back */
    MRDA_GUEST_DENIED = -4,       /* token, owner, device path */
    MRDA_GUEST_UNSUPPORTED = -5,  /* codec, profile, format, wire version */
    MRDA_GUEST_FAILED = -6,       /* the session ended on the host: destroy it */
    MRDA_GUEST_STOPPED = -7,      /* mrda_guest_stop was called, or an administrator did */
    MRDA_GUEST_NOT_FOUND = -8,    /* plugin, file, device: what was named is not there */
    MRDA_GUEST_DEVICE_GONE = -9   /* the machine's IVSHMEM device is being removed, or was; or its
                                     memory is gone, see survive_removal */
} mrda_guest_status;

typedef enum mrda_guest_codec {
    MRDA_GUEST_AVC = 1,
    MRDA_GUEST_HEVC = 2,
    MRDA_GUEST_AV1 = 3,
    MRDA_GUEST_COPY = 4, /* a token of 16 bytes for each frame: measures the transport */
    MRDA_GUEST_VP9 = 5   /* a superframe a packet: files of it want a container, as IVF */
} mrda_guest_codec;

/* Set by mrda_guest_config_init to what stands behind "=". Strings are read during create only. */
typedef struct mrda_guest_config {
    uint32_t size_bytes;     /* of this structure; set by mrda_guest_config_init */
    uint32_t codec;          /* a mrda_guest_codec; = MRDA_GUEST_AVC */
    const char* address;     /* "HOST:PORT" or "unix:PATH"; = NULL: $MRDA_ADDRESS, else the local
                                service's socket */
    const char* token_file;  /* = NULL: $MRDA_TOKEN, else the file $MRDA_TOKEN_FILE, else the
                                local user's default; others must not be able to read it */
    const char* tls_ca_file; /* PEM: who signs services' certificates; = NULL: $MRDA_TLS_CA, else
                                no TLS, which services beyond this machine refuse */
    const char* tls_certificate_file; /* PEM; its common name is the VM's, in place of a token; =
                                         NULL: $MRDA_TLS_CERT */
    const char* tls_key_file;         /* PEM; = NULL: $MRDA_TLS_KEY */
    /* = NULL: in a virtual machine whose service is reached by HOST:PORT, the IVSHMEM devices that
     * have the session's regions; else the service's memory. "pci:" and a PCI address
     * ("pci:00:05.0") or a region's name: that device. Another text: the host's file, as configured
     * for this VM. */
    const char* in_device_path;
    const char* out_device_path; /* = NULL */
    const char* wake;    /* in a virtual machine: "interrupt" (of an ivshmem-doorbell bound to
                            vfio-pci), "stream" or "polling"; = NULL: the best there is */
    const char* profile; /* "main", "high", "main10"; = NULL: the codec chooses */
    const char* plugin;  /* = NULL: the first that has the codec */
    uint32_t drm_fourcc; /* of the frames; = NV12 */
    uint32_t width_px;   /* = 0: must be set */
    uint32_t height_px;
    uint32_t fps_num; /* = 30 */
    uint32_t fps_den; /* = 1 */
    uint32_t vbr;     /* = 0: constant QP */
    uint32_t qp;      /* = 22 */
    uint32_t bitrate_kbps;
    uint32_t gop_size;            /* = 60 */
    uint32_t gop_ref_dist;        /* = 1: no B frames */
    uint32_t num_ref_frames;      /* = 1 */
    uint32_t target_usage;        /* = 4; 1 best quality ... 7 best speed */
    uint32_t async_depth;         /* = 4 */
    uint32_t input_slots;         /* = 0: what async_depth and gop_ref_dist need */
    uint32_t output_slots;        /* = 0 */
    uint64_t input_slot_bytes;    /* = 0: what a frame needs; else refused if that is more */
    uint64_t output_slot_bytes;   /* = 0 */
    uint64_t connect_timeout_ns;  /* = 25 s; where nobody listens, create fails at once */
    uint64_t reattach_timeout_ns; /* = 10 s: how long a service that went away is waited for */
    /* = 0. 1: memory that is suddenly gone (a device pulled out of the machine, a region's file cut
     * short) does not end this process by SIGBUS: it becomes pages of zeros, and calls return
     * DEVICE_GONE. For that the library installs a handler of SIGBUS, once, which gives what is not
     * its own to the one that was there before. */
    uint32_t survive_removal;
} mrda_guest_config;

#define MRDA_GUEST_MAX_PLANES 4

/* One free input slot, the caller's until it is sent or given back. */
typedef struct mrda_guest_buffer {
    uint32_t slot;
    uint32_t plane_count;
    /* In shared memory, for writing. A device's is write-combined: write in order, whole lines, and
     * do not read. Of other threads than the one that calls send_frame, what they wrote must be
     * fenced (sfence) before that. read(2) into memory that is gone fails with EFAULT. */
    uint8_t* planes[MRDA_GUEST_MAX_PLANES];
    uint32_t pitch_bytes[MRDA_GUEST_MAX_PLANES];
    uint64_t size_bytes; /* of the whole slot, from planes[0] on */
} mrda_guest_buffer;

enum { MRDA_GUEST_KEY_FRAME = 1 };

/* One packet, the caller's until mrda_guest_release. */
typedef struct mrda_guest_packet {
    const uint8_t* data; /* for reading: in shared memory, or the library's copy of a device's */
    uint64_t size_bytes;
    int64_t pts; /* as sent */
    int64_t dts;
    uint32_t flags; /* MRDA_GUEST_KEY_FRAME */
    uint32_t slot;
    uint64_t latency_ns; /* from send_frame to here; 0: not known */
} mrda_guest_packet;

/* Counts since creation, and what was settled. Strings are the session's, until destroy. */
typedef struct mrda_guest_info {
    uint64_t session_id;
    uint32_t epoch;
    uint32_t input_slots;
    uint32_t output_slots;
    uint64_t input_slot_bytes;
    uint64_t output_slot_bytes;
    uint64_t frames_sent;
    uint64_t frames_encoded;
    uint64_t frames_discarded; /* by a reset, or because somebody drained the session */
    uint64_t frames_lost;      /* with the life of a service, or with memory that was not kept */
    uint64_t frames_failed;    /* one at a time, by the codec */
    uint64_t packets;
    uint64_t cpu_copied_bytes; /* pixels from slot to codec by a CPU; known at the end of stream */
    uint64_t codec_copied_bytes; /* pixels converted inside the codec; as above */
    uint64_t reattached;         /* how often the service came back */
    uint64_t rpc_count;          /* gRPC messages sent */
    const char* path;            /* "direct", "blit" or "map" */
    const char* path_reason;     /* why it is no better one; what its surfaces are of */
    const char* implementation;  /* of the codec */
    const char* notices;         /* what the service changed, a line each */
    const char* woken;           /* how guest and host wake each other, and why not better */
} mrda_guest_info;

void mrda_guest_config_init(mrda_guest_config* config);

/* Connects, makes the session and maps its memory; waits for that at most connect_timeout_ns. On
 * failure *session is NULL and `message`, of message_bytes (may be NULL, 0), has the words. */
mrda_guest_status mrda_guest_create(const mrda_guest_config* config, mrda_guest_session** session,
                                    char* message, size_t message_bytes);

/* A free input buffer; waits for one at most timeout_ns (0: not at all). TRY_AGAIN: all are in use;
 * at once, where the host cannot go on before packets are received. BAD_ARGUMENT: somebody had the
 * session drained, and no buffer comes back before a reset. */
mrda_guest_status mrda_guest_get_buffer(mrda_guest_session* session, mrda_guest_buffer* buffer,
                                        uint64_t timeout_ns);
/* Gives a buffer back unsent. */
mrda_guest_status mrda_guest_return_buffer(mrda_guest_session* session,
                                           const mrda_guest_buffer* buffer);
/* The frame is the host's now: do not touch the buffer again. NULL: end of stream. `pts` in 90 kHz
 * ticks. Does not wait. */
mrda_guest_status mrda_guest_send_frame(mrda_guest_session* session,
                                        const mrda_guest_buffer* buffer, int64_t pts,
                                        uint32_t flags);
/* The next packet in coding order; waits at most timeout_ns (0: not at all). */
mrda_guest_status mrda_guest_receive(mrda_guest_session* session, mrda_guest_packet* packet,
                                     uint64_t timeout_ns);
mrda_guest_status mrda_guest_release(mrda_guest_session* session, const mrda_guest_packet* packet);

/* Frames inside come back discarded, the next one is an IDR; also after an end of stream. Packets
 * that were received stay the caller's. Waits at most timeout_ns; TRY_AGAIN: the reset is under
 * way, call again before any frame is sent. */
mrda_guest_status mrda_guest_reset(mrda_guest_session* session, uint64_t timeout_ns);
/* Ends the session on the host; a call that waits in another thread returns STOPPED, as do all
 * later ones. Any thread, but not beside mrda_guest_destroy. Waits for the service at most 2 s;
 * sets no last error. */
mrda_guest_status mrda_guest_stop(mrda_guest_session* session);
/* Stops it, if need be, and frees everything. NULL is allowed. */
void mrda_guest_destroy(mrda_guest_session* session);

void mrda_guest_get_info(const mrda_guest_session* session, mrda_guest_info* info);
/* Words of the session's last error; "" if there was none. Good until the next call. */
const char* mrda_guest_last_error(const mrda_guest_session* session);

#ifdef __cplusplus
}
#endif

#endif
