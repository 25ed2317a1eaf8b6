/* SPDX-License-Identifier: MIT */
#ifndef MRDA_TESTS_MEDIA_C_CLIENT_H
#define MRDA_TESTS_MEDIA_C_CLIENT_H

#include "mrda/media/media.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A context with the plugins of three folders, and one unit "add" on device 0. */
int client_open(const char* const folders[3], mrda_media_context* context, mrda_media_error* error);
/* Sends frames through a filter and an encoder, and gives how many packets came. Negative: what
 * failed. */
int client_run_stages(mrda_media_context context, int frames, mrda_media_session_report* report,
                      mrda_media_error* error);
/* Adds words on the unit; 0: every sum was right. */
int client_add(mrda_media_context context, mrda_media_error* error);

#ifdef __cplusplus
}
#endif

#endif
