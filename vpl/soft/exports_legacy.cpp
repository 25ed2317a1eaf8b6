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
MRDA_VPL_EXPORT mfxStatus MFXVideoUSER_ProcessFrameAsync(mfxSession, const mfxHDL*, mfxU32,
                                                         const mfxHDL*, mfxU32, mfxSyncPoint*) {
    return MFX_ERR_UNSUPPORTED;
}
