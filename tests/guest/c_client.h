/* SPDX-License-Identifier: MIT */
#ifndef MRDA_TESTS_GUEST_C_CLIENT_H
#define MRDA_TESTS_GUEST_C_CLIENT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Sends `frames` frames to the service at the default address with the codec "copy". Returns how
 * many packets came, in order, before the end; negative: what failed is in `words`, of 256 bytes.
 */
int mrda_c_client(int frames, char* words);

#ifdef __cplusplus
}
#endif

#endif
