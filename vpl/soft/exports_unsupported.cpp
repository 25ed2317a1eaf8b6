// SPDX-License-Identifier: MIT
// What the dispatcher demands of every runtime, and this one does not claim: decoding, video
// processing, surfaces of the runtime's own.
#include "exports.h"

MRDA_VPL_EXPORT mfxStatus MFXMemory_GetSurfaceForVPP(mfxSession, mfxFrameSurface1**) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXMemory_GetSurfaceForVPPOut(mfxSession, mfxFrameSurface1**) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXMemory_GetSurfaceForEncode(mfxSession, mfxFrameSurface1**) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXMemory_GetSurfaceForDecode(mfxSession, mfxFrameSurface1**) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_Query(mfxSession, mfxVideoParam*, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_DecodeHeader(mfxSession, mfxBitstream*, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_QueryIOSurf(mfxSession, mfxVideoParam*,
                                                     mfxFrameAllocRequest*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_Init(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_Reset(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_Close(mfxSession) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_GetVideoParam(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_GetDecodeStat(mfxSession, mfxDecodeStat*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_SetSkipMode(mfxSession, mfxSkipMode) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_GetPayload(mfxSession, mfxU64*, mfxPayload*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_DecodeFrameAsync(mfxSession, mfxBitstream*,
                                                          mfxFrameSurface1*, mfxFrameSurface1**,
                                                          mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_Query(mfxSession, mfxVideoParam*, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_QueryIOSurf(mfxSession, mfxVideoParam*,
                                                  mfxFrameAllocRequest*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_Init(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_Reset(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_Close(mfxSession) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_GetVideoParam(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_GetVPPStat(mfxSession, mfxVPPStat*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_RunFrameVPPAsync(mfxSession, mfxFrameSurface1*,
                                                       mfxFrameSurface1*, mfxExtVppAuxData*,
                                                       mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_ProcessFrameAsync(mfxSession, mfxFrameSurface1*,
                                                        mfxFrameSurface1**) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_VPP_Init(mfxSession, mfxVideoParam*,
                                                  mfxVideoChannelParam**, mfxU32) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_VPP_DecodeFrameAsync(mfxSession, mfxBitstream*, mfxU32*,
                                                              mfxU32, mfxSurfaceArray**) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_VPP_Reset(mfxSession, mfxVideoParam*,
                                                   mfxVideoChannelParam**, mfxU32) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_VPP_GetChannelParam(mfxSession, mfxVideoChannelParam*,
                                                             mfxU32) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoDECODE_VPP_Close(mfxSession) {
    return MFX_ERR_UNSUPPORTED;
}
