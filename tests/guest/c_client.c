/* SPDX-License-Identifier: MIT */
/* An application in plain C, as guest.h shows it. */
#include "c_client.h"

#include <stdio.h>
#include <string.h>

#include "mrda/guest/guest.h"

static const uint64_t second_ns = 1000000000;

/* Takes in what is there; negative: an error, or MRDA_GUEST_END. */
static mrda_guest_status take_packets(mrda_guest_session* session, uint64_t timeout_ns,
                                      int* packets) {
    mrda_guest_packet packet;
    mrda_guest_status status;
    for (;;) {
        status = mrda_guest_receive(session, &packet, timeout_ns);
        if (status != MRDA_GUEST_OK) {
            return status;
        }
        if (packet.pts == (int64_t)*packets * 3000) {
            ++*packets;
        }
        status = mrda_guest_release(session, &packet);
        if (status != MRDA_GUEST_OK) {
            return status;
        }
    }
}

static mrda_guest_status send_frames(mrda_guest_session* session, int frames, int* packets) {
    mrda_guest_buffer buffer;
    mrda_guest_status status;
    int sent = 0;
    while (sent < frames) {
        status = mrda_guest_get_buffer(session, &buffer, second_ns);
        if (status == MRDA_GUEST_OK) {
            memset(buffer.planes[0], sent, 16);
            status = mrda_guest_send_frame(session, &buffer, (int64_t)sent * 3000, 0);
            ++sent;
        }
        if (status < 0) {
            return status;
        }
        status = take_packets(session, 0, packets);
        if (status < 0) {
            return status;
        }
    }
    return mrda_guest_send_frame(session, NULL, 0, 0);
}

int mrda_c_client(int frames, char* words) {
    mrda_guest_config config;
    mrda_guest_session* session;
    mrda_guest_status status;
    int packets = 0;
    mrda_guest_config_init(&config);
    config.codec = MRDA_GUEST_COPY;
    config.width_px = 64;
    config.height_px = 16;
    if (mrda_guest_create(&config, &session, words, 256) != MRDA_GUEST_OK) {
        return -1;
    }
    status = send_frames(session, frames, &packets);
    if (status == MRDA_GUEST_OK) {
        status = take_packets(session, 5 * second_ns, &packets);
    }
    if (status != MRDA_GUEST_END) {
        snprintf(words, 256, "%d: %s", (int)status, mrda_guest_last_error(session));
        packets = -2;
    }
    mrda_guest_destroy(session);
    return packets;
}
