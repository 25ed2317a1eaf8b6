// SPDX-License-Identifier: MIT
#include "exports.h"
#include "params.h"

using namespace mrda::vpl::soft;

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_Query(mfxSession session, mfxVideoParam* in,
                                               mfxVideoParam* out) {
    return with_session(session, [&](const auto& /*self*/) {
        return out != nullptr ? query(in, *out) : MFX_ERR_NULL_PTR;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_QueryIOSurf(mfxSession session, mfxVideoParam* par,
                                                     mfxFrameAllocRequest* request) {
    return with_session(session, [&](const auto& /*self*/) {
        const bool complete = par != nullptr && request != nullptr;
        return complete ? query_surfaces(*par, *request) : MFX_ERR_NULL_PTR;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_Init(mfxSession session, mfxVideoParam* par) {
    return with_session(session, [&](const auto& self) {
        return par != nullptr ? self->init_encoder(*par) : MFX_ERR_NULL_PTR;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_Reset(mfxSession session, mfxVideoParam* par) {
    return with_session(session, [&](const auto& self) {
        return par != nullptr ? self->reset_encoder(*par) : MFX_ERR_NULL_PTR;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_Close(mfxSession session) {
    return with_session(session, [](const auto& self) { return self->close_encoder(); });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_GetVideoParam(mfxSession session, mfxVideoParam* par) {
    return with_session(session, [&](const auto& self) {
        return par != nullptr ? self->encoder_params(*par) : MFX_ERR_NULL_PTR;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_GetEncodeStat(mfxSession session, mfxEncodeStat* stat) {
    return with_session(session, [&](const auto& self) {
        return stat != nullptr ? self->encoder_statistics(*stat) : MFX_ERR_NULL_PTR;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoENCODE_EncodeFrameAsync(mfxSession session, mfxEncodeCtrl* ctrl,
                                                          mfxFrameSurface1* surface,
                                                          mfxBitstream* bs, mfxSyncPoint* syncp) {
    return with_session(session, [&](const auto& self) {
        if (bs == nullptr || syncp == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        *syncp = nullptr;
        // Messages and per-frame buffers would have to go into the stream; better refused than
        // dropped.
        if (ctrl != nullptr && (ctrl->NumPayload != 0 || ctrl->NumExtParam != 0)) {
            return MFX_ERR_UNSUPPORTED;
        }
        return self->encode(ctrl, surface, *bs, *syncp);
    });
}
