/* SPDX-License-Identifier: MIT */
#ifndef MRDA_VPL_COPY_REPORT_H
#define MRDA_VPL_COPY_REPORT_H

#include <vpl/mfxdefs.h>
#include <vpl/mfxstructures.h>

/* What MRDA's software oneVPL runtime copied between the surface that a client gave it and the
   codec library. Attach it to the mfxVideoParam of MFXVideoENCODE_GetVideoParam; another runtime
   answers that it does not know the buffer. Counted since MFXVideoENCODE_Init. */
enum { MRDA_EXTBUFF_COPY_REPORT = 0x5243524d }; /* the bytes M, R, C, R */

typedef struct {
    mfxExtBuffer Header;
    mfxU64
        codec_copied_bytes; /* written to memory of the runtime's own before the codec was called */
    mfxU64 frames;          /* given to the codec */
} mrdaExtCopyReport;

#endif
