// SPDX-License-Identifier: MIT
// Entries of the Media SDK (API 1.x), which oneVPL's headers have dropped and libmfx's dispatcher
// still demands before it takes a runtime.
#include "exports.h"

MRDA_VPL_EXPORT mfxStatus MFXVideoCORE_SetBufferAllocator(mfxSession, void*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoUSER_Register(mfxSession, mfxU32, const void*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoUSER_Unregister(mfxSession, mfxU32) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoUSER_GetPlugin(mfxSession, mfxU32, void*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoUSER_ProcessFrameAsync(mfxSession, const mfxHDL*, mfxU32,
                                                         const mfxHDL*, mfxU32, mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_Query(mfxSession, mfxVideoParam*, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_QueryIOSurf(mfxSession, mfxVideoParam*,
                                                  mfxFrameAllocRequest*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_Init(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_Reset(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_Close(mfxSession) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_GetVideoParam(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoENC_ProcessFrameAsync(mfxSession, void*, void*, mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_Query(mfxSession, mfxVideoParam*, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_QueryIOSurf(mfxSession, mfxVideoParam*,
                                                  mfxFrameAllocRequest*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_Init(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_Reset(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_Close(mfxSession) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_GetVideoParam(mfxSession, mfxVideoParam*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoPAK_ProcessFrameAsync(mfxSession, void*, void*, mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXVideoVPP_RunFrameVPPAsyncEx(mfxSession, mfxFrameSurface1*,
                                                         mfxFrameSurface1*, mfxFrameSurface1**,
                                                         mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
MRDA_VPL_EXPORT mfxStatus MFXDoWork(mfxSession) {
    return MFX_ERR_UNSUPPORTED;
}
