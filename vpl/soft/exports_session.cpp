// SPDX-License-Identifier: MIT
#include <cstring>

#include "capabilities.h"
#include "exports.h"

using namespace mrda::vpl::soft;

namespace {

bool version_is_offered(const mfxVersion& wanted) {
    const mfxVersion offered = api_version();
    // A client of the 1.x API (Media SDK) speaks a subset of 2.x.
    return wanted.Major < offered.Major ||
           (wanted.Major == offered.Major && wanted.Minor <= offered.Minor);
}

mfxStatus init_session(const mfxVersion& wanted, mfxSession* session) {
    if (session == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    if (!version_is_offered(wanted)) {
        return MFX_ERR_UNSUPPORTED;
    }
    return guarded([&] { return open_session(implementation(), *session); });
}

}  // namespace

// A number and not the header's enumeration: dispatchers ask for formats that are newer than the
// header.
MRDA_VPL_EXPORT mfxHDL* MFXQueryImplsDescription(mfxU32 format, mfxU32* num_impls) {
    if (num_impls == nullptr) {
        return nullptr;
    }
    mfxHDL* handles = nullptr;
    guarded([&] {
        handles = describe(format, *num_impls);
        return MFX_ERR_NONE;
    });
    return handles;
}

// Descriptions live as long as the library.
MRDA_VPL_EXPORT mfxStatus MFXReleaseImplDescription(mfxHDL /*hdl*/) {
    return MFX_ERR_NONE;
}

MRDA_VPL_EXPORT mfxStatus MFXInitialize(mfxInitializationParam par, mfxSession* session) {
    if (session == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    if (par.AccelerationMode != MFX_ACCEL_MODE_NA &&
        par.AccelerationMode != MFX_ACCEL_MODE_VIA_VAAPI) {
        return MFX_ERR_UNSUPPORTED;
    }
    return guarded([&] { return open_session(implementation(), *session); });
}

MRDA_VPL_EXPORT mfxStatus MFXInitEx(mfxInitParam par, mfxSession* session) {
    return init_session(par.Version, session);
}

MRDA_VPL_EXPORT mfxStatus MFXInit(mfxIMPL /*impl*/, mfxVersion* ver, mfxSession* session) {
    return init_session(ver != nullptr ? *ver : mfxVersion{}, session);
}

MRDA_VPL_EXPORT mfxStatus MFXClose(mfxSession session) {
    return guarded([&] { return close_session(session); });
}

MRDA_VPL_EXPORT mfxStatus MFXQueryIMPL(mfxSession session, mfxIMPL* impl) {
    return with_session(session, [&](const auto& self) {
        if (impl == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        *impl = self->implementation();
        return MFX_ERR_NONE;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXQueryVersion(mfxSession session, mfxVersion* version) {
    return with_session(session, [&](const auto& /*self*/) {
        if (version == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        *version = api_version();
        return MFX_ERR_NONE;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXJoinSession(mfxSession session, mfxSession child) {
    return with_session(session, [&](const auto& self) {
        const std::shared_ptr<Session> other = find_session(child);
        return other ? self->join(other) : MFX_ERR_INVALID_HANDLE;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXDisjoinSession(mfxSession session) {
    return with_session(session, [](const auto& self) { return self->leave(); });
}

MRDA_VPL_EXPORT mfxStatus MFXCloneSession(mfxSession session, mfxSession* clone) {
    return with_session(session, [&](const auto& self) {
        if (clone == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        return open_session(self->implementation(), *clone);
    });
}

MRDA_VPL_EXPORT mfxStatus MFXSetPriority(mfxSession session, mfxPriority priority) {
    return with_session(session, [&](const auto& self) { return self->set_priority(priority); });
}

MRDA_VPL_EXPORT mfxStatus MFXGetPriority(mfxSession session, mfxPriority* priority) {
    return with_session(session, [&](const auto& self) {
        if (priority == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        *priority = self->priority();
        return MFX_ERR_NONE;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoCORE_SetHandle(mfxSession session, mfxHandleType type,
                                                 mfxHDL hdl) {
    return with_session(session, [&](const auto& self) {
        return type == MFX_HANDLE_VA_DISPLAY ? self->set_display(hdl) : MFX_ERR_UNSUPPORTED;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoCORE_GetHandle(mfxSession session, mfxHandleType type,
                                                 mfxHDL* hdl) {
    return with_session(session, [&](const auto& self) {
        if (hdl == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        return type == MFX_HANDLE_VA_DISPLAY ? self->display(*hdl) : MFX_ERR_UNSUPPORTED;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoCORE_SetFrameAllocator(mfxSession session,
                                                         mfxFrameAllocator* allocator) {
    return with_session(session, [&](const auto& self) { return self->set_allocator(allocator); });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoCORE_QueryPlatform(mfxSession session, mfxPlatform* platform) {
    return with_session(session, [&](const auto& /*self*/) {
        if (platform == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        std::memset(platform, 0, sizeof *platform);
        platform->CodeName = MFX_PLATFORM_UNKNOWN;
        platform->MediaAdapterType = MFX_MEDIA_UNKNOWN;
        return MFX_ERR_NONE;
    });
}

MRDA_VPL_EXPORT mfxStatus MFXVideoCORE_SyncOperation(mfxSession session, mfxSyncPoint syncp,
                                                     mfxU32 wait) {
    return with_session(session, [&](const auto& self) {
        return syncp != nullptr ? sync_operation(self, syncp, wait) : MFX_ERR_NULL_PTR;
    });
}
