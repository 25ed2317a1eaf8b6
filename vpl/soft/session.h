// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>
#include <vpl/mfxvideo.h>

#include <memory>
#include <mutex>
#include <vector>

#include "encode_session.h"
#include "params.h"

namespace mrda::vpl::soft {

/// What stands behind an mfxSession. All methods may be called from any thread.
class Session : public std::enable_shared_from_this<Session> {
  public:
    explicit Session(mfxIMPL implementation) : implementation_(implementation) {}

    mfxIMPL implementation() const { return implementation_; }
    mfxStatus set_display(mfxHDL display);
    mfxStatus display(mfxHDL& display) const;
    mfxStatus set_allocator(const mfxFrameAllocator* allocator);
    mfxStatus set_priority(mfxPriority priority);
    mfxPriority priority() const;

    mfxStatus init_encoder(const mfxVideoParam& video);
    mfxStatus reset_encoder(const mfxVideoParam& video);
    mfxStatus close_encoder();
    mfxStatus encoder_params(mfxVideoParam& video) const;
    mfxStatus encoder_statistics(mfxEncodeStat& statistics) const;
    mfxStatus encode(const mfxEncodeCtrl* control, mfxFrameSurface1* surface,
                     mfxBitstream& bitstream, mfxSyncPoint& sync);
    /// As EncodeSession::sync(); MFX_ERR_INVALID_HANDLE without an encoder.
    mfxStatus sync(mfxSyncPoint sync, mfxU32 timeout_ms);

    /// Sessions that are joined share the sync points of their parent's group.
    mfxStatus join(const std::shared_ptr<Session>& child);
    mfxStatus leave();
    bool has_children() const;
    /// The parent and all of its children, this session among them.
    std::vector<std::shared_ptr<Session>> group();

  private:
    std::shared_ptr<EncodeSession> encoder() const;
    static mfxStatus report(const EncodeSession& encoder, const EncoderConfig& config,
                            mfxExtBuffer& buffer);

    const mfxIMPL implementation_;
    mutable std::mutex mutex_;
    FrameSource source_;
    mfxPriority priority_ = MFX_PRIORITY_NORMAL;
    std::weak_ptr<Session> parent_;
    std::vector<std::weak_ptr<Session>> children_;
    mfxVideoParam limits_{};  ///< What Init asked for: Reset may not ask for more.
    EncodeParams params_;
    std::shared_ptr<EncodeSession> encoder_;
};

/// Makes a session and its handle: a number that is never given twice, so that a stale one is known
/// as such.
mfxStatus open_session(mfxIMPL implementation, mfxSession& handle);
/// Null if the handle is not a session's.
std::shared_ptr<Session> find_session(mfxSession handle);
mfxStatus close_session(mfxSession handle);

/// Waits for an operation of `session` or of one that is joined with it.
mfxStatus sync_operation(const std::shared_ptr<Session>& session, mfxSyncPoint sync,
                         mfxU32 timeout_ms);

}  // namespace mrda::vpl::soft
