// SPDX-License-Identifier: MIT
#include "session.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "ext_buffers.h"
#include "mrda/vpl/copy_report.h"

namespace mrda::vpl::soft {

namespace {

struct Registry {
    std::mutex mutex;
    std::uintptr_t next = 1;
    std::map<std::uintptr_t, std::shared_ptr<Session>> sessions;
};

Registry& registry() {
    static Registry instance;
    return instance;
}

// One lock for all groups: joining touches two sessions at once, and is rare.
std::mutex& group_mutex() {
    static std::mutex instance;
    return instance;
}

mfxStatus copy_header(const std::vector<std::uint8_t>& header, mfxU8* buffer, mfxU16& size) {
    if (buffer == nullptr) {
        return MFX_ERR_NONE;
    }
    if (header.size() > size) {
        return MFX_ERR_NOT_ENOUGH_BUFFER;
    }
    std::copy(header.begin(), header.end(), buffer);
    size = static_cast<mfxU16>(header.size());
    return MFX_ERR_NONE;
}

}  // namespace

mfxStatus Session::set_display(mfxHDL display) {
    if (display == nullptr) {
        return MFX_ERR_INVALID_HANDLE;
    }
    const std::lock_guard lock(mutex_);
    if (source_.display != nullptr && source_.display != display) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    source_.display = display;
    return MFX_ERR_NONE;
}

mfxStatus Session::display(mfxHDL& display) const {
    const std::lock_guard lock(mutex_);
    if (source_.display == nullptr) {
        return MFX_ERR_NOT_FOUND;
    }
    display = source_.display;
    return MFX_ERR_NONE;
}

mfxStatus Session::set_allocator(const mfxFrameAllocator* allocator) {
    const std::lock_guard lock(mutex_);
    if (allocator == nullptr) {
        source_.allocator.reset();
        return MFX_ERR_NONE;
    }
    if (allocator->Alloc == nullptr || allocator->Free == nullptr || allocator->GetHDL == nullptr ||
        allocator->Lock == nullptr || allocator->Unlock == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    source_.allocator = *allocator;
    return MFX_ERR_NONE;
}

mfxStatus Session::set_priority(mfxPriority priority) {
    if (priority < MFX_PRIORITY_LOW || priority > MFX_PRIORITY_HIGH) {
        return MFX_ERR_UNSUPPORTED;
    }
    const std::lock_guard lock(mutex_);
    priority_ = priority;
    return MFX_ERR_NONE;
}

mfxPriority Session::priority() const {
    const std::lock_guard lock(mutex_);
    return priority_;
}

std::shared_ptr<EncodeSession> Session::encoder() const {
    const std::lock_guard lock(mutex_);
    return encoder_;
}

mfxStatus Session::init_encoder(const mfxVideoParam& video) {
    const std::lock_guard lock(mutex_);
    if (encoder_) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    EncodeParams params;
    const mfxStatus status = resolve(video, params);
    if (status < MFX_ERR_NONE) {
        return status;
    }
    if (params.format.video_memory && source_.display == nullptr) {
        return MFX_ERR_INVALID_HANDLE;
    }
    std::shared_ptr<EncodeSession> encoder =
        EncodeSession::open(params.config, params.format, source_);
    if (!encoder) {
        return MFX_ERR_INVALID_VIDEO_PARAM;
    }
    encoder_ = std::move(encoder);
    params_ = params;
    limits_ = params.video;
    return status;
}

mfxStatus Session::reset_encoder(const mfxVideoParam& video) {
    const std::shared_ptr<EncodeSession> encoder = this->encoder();
    if (!encoder) {
        return MFX_ERR_NOT_INITIALIZED;
    }
    mfxVideoParam wanted = video;
    EncodeParams params;
    {
        const std::lock_guard lock(mutex_);
        if (wanted.AsyncDepth == 0) {
            wanted.AsyncDepth = limits_.AsyncDepth;
        }
        const mfxStatus status = resolve(wanted, params);
        if (status < MFX_ERR_NONE) {
            return status;
        }
        const mfxFrameInfo& asked = params.video.mfx.FrameInfo;
        const mfxFrameInfo& limit = limits_.mfx.FrameInfo;
        if (params.video.mfx.CodecId != limits_.mfx.CodecId || asked.FourCC != limit.FourCC ||
            asked.Shift != limit.Shift || asked.Width > limit.Width ||
            asked.Height > limit.Height || params.video.AsyncDepth != limits_.AsyncDepth ||
            params.video.IOPattern != limits_.IOPattern ||
            params.video.mfx.GopRefDist > limits_.mfx.GopRefDist) {
            return MFX_ERR_INCOMPATIBLE_VIDEO_PARAM;
        }
    }
    const mfxStatus status = encoder->reset(params.config, params.format);
    if (status == MFX_ERR_NONE) {
        const std::lock_guard lock(mutex_);
        params_ = params;
    }
    return status;
}

mfxStatus Session::close_encoder() {
    std::shared_ptr<EncodeSession> closing;
    {
        const std::lock_guard lock(mutex_);
        if (encoder_ && encoder_->called_by_worker()) {
            return MFX_ERR_UNDEFINED_BEHAVIOR;
        }
        closing.swap(encoder_);
    }
    if (!closing) {
        return MFX_ERR_NOT_INITIALIZED;
    }
    // Not left to whoever lets go of it last: that may be the worker, in a client's callback.
    closing->close();
    return MFX_ERR_NONE;
}

mfxStatus Session::encoder_params(mfxVideoParam& video) const {
    const std::shared_ptr<EncodeSession> encoder = this->encoder();
    if (!encoder) {
        return MFX_ERR_NOT_INITIALIZED;
    }
    if (video.NumExtParam > 0 && video.ExtParam == nullptr) {
        return MFX_ERR_NULL_PTR;
    }
    EncodeParams params;
    {
        const std::lock_guard lock(mutex_);
        params = params_;
    }
    params.video.ExtParam = video.ExtParam;
    params.video.NumExtParam = video.NumExtParam;
    if (params.video.mfx.CodecLevel == 0) {
        params.video.mfx.CodecLevel = static_cast<mfxU16>(encoder->level());
    }
    video = params.video;
    for (mfxU16 i = 0; i < video.NumExtParam; ++i) {
        if (video.ExtParam[i] == nullptr) {
            return MFX_ERR_NULL_PTR;
        }
        const mfxStatus status = report(*encoder, params.config, *video.ExtParam[i]);
        if (status != MFX_ERR_NONE) {
            return status;
        }
    }
    return MFX_ERR_NONE;
}

mfxStatus Session::report(const EncodeSession& encoder, const EncoderConfig& config,
                          mfxExtBuffer& buffer) {
    if (buffer.BufferId == MFX_EXTBUFF_CODING_OPTION_SPSPPS &&
        buffer.BufferSz == sizeof(mfxExtCodingOptionSPSPPS)) {
        auto& sets = reinterpret_cast<mfxExtCodingOptionSPSPPS&>(buffer);
        const StreamHeaders headers = encoder.headers();
        const mfxStatus status = copy_header(headers.sps, sets.SPSBuffer, sets.SPSBufSize);
        return status != MFX_ERR_NONE ? status
                                      : copy_header(headers.pps, sets.PPSBuffer, sets.PPSBufSize);
    }
    if (buffer.BufferId == MFX_EXTBUFF_CODING_OPTION_VPS &&
        buffer.BufferSz == sizeof(mfxExtCodingOptionVPS)) {
        auto& set = reinterpret_cast<mfxExtCodingOptionVPS&>(buffer);
        return copy_header(encoder.headers().vps, set.VPSBuffer, set.VPSBufSize);
    }
    if (buffer.BufferId == MRDA_EXTBUFF_COPY_REPORT &&
        buffer.BufferSz == sizeof(mrdaExtCopyReport)) {
        auto& copies = reinterpret_cast<mrdaExtCopyReport&>(buffer);
        const EncodeSession::Statistics statistics = encoder.statistics();
        copies.codec_copied_bytes = statistics.codec_copied_bytes;
        copies.frames = statistics.frames_given;
        return MFX_ERR_NONE;
    }
    return write_ext_buffer(config, buffer);
}

mfxStatus Session::encoder_statistics(mfxEncodeStat& statistics) const {
    const std::shared_ptr<EncodeSession> encoder = this->encoder();
    if (!encoder) {
        return MFX_ERR_NOT_INITIALIZED;
    }
    const EncodeSession::Statistics counted = encoder->statistics();
    statistics.NumFrame = static_cast<mfxU32>(counted.frames);
    statistics.NumBit = counted.bits;
    statistics.NumCachedFrame = counted.cached_frames;
    return MFX_ERR_NONE;
}

mfxStatus Session::encode(const mfxEncodeCtrl* control, mfxFrameSurface1* surface,
                          mfxBitstream& bitstream, mfxSyncPoint& sync) {
    const std::shared_ptr<EncodeSession> encoder = this->encoder();
    return encoder ? encoder->submit(control, surface, bitstream, sync) : MFX_ERR_NOT_INITIALIZED;
}

mfxStatus Session::sync(mfxSyncPoint sync, mfxU32 timeout_ms) {
    const std::shared_ptr<EncodeSession> encoder = this->encoder();
    return encoder ? encoder->sync(sync, timeout_ms) : MFX_ERR_INVALID_HANDLE;
}

mfxStatus Session::join(const std::shared_ptr<Session>& child) {
    const std::lock_guard lock(group_mutex());
    // A group is a parent and its children, no deeper.
    if (child.get() == this || child->parent_.lock() || !child->children_.empty() ||
        parent_.lock()) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    children_.push_back(child);
    child->parent_ = weak_from_this();
    return MFX_ERR_NONE;
}

mfxStatus Session::leave() {
    const std::lock_guard lock(group_mutex());
    const std::shared_ptr<Session> parent = parent_.lock();
    if (!parent) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    std::erase_if(parent->children_, [this](const std::weak_ptr<Session>& child) {
        return child.lock().get() == this;
    });
    parent_.reset();
    return MFX_ERR_NONE;
}

bool Session::has_children() const {
    const std::lock_guard lock(group_mutex());
    return std::any_of(children_.begin(), children_.end(),
                       [](const std::weak_ptr<Session>& child) { return !child.expired(); });
}

std::vector<std::shared_ptr<Session>> Session::group() {
    const std::lock_guard lock(group_mutex());
    std::shared_ptr<Session> head = parent_.lock();
    if (!head) {
        head = shared_from_this();
    }
    std::vector<std::shared_ptr<Session>> members = {head};
    for (const std::weak_ptr<Session>& child : head->children_) {
        if (std::shared_ptr<Session> member = child.lock()) {
            members.push_back(std::move(member));
        }
    }
    return members;
}

mfxStatus open_session(mfxIMPL implementation, mfxSession& handle) {
    auto session = std::make_shared<Session>(implementation);
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    const std::uintptr_t number = all.next++;
    all.sessions.emplace(number, std::move(session));
    handle = reinterpret_cast<mfxSession>(number);
    return MFX_ERR_NONE;
}

std::shared_ptr<Session> find_session(mfxSession handle) {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    const auto found = all.sessions.find(reinterpret_cast<std::uintptr_t>(handle));
    return found != all.sessions.end() ? found->second : nullptr;
}

mfxStatus close_session(mfxSession handle) {
    const std::shared_ptr<Session> session = find_session(handle);
    if (!session) {
        return MFX_ERR_INVALID_HANDLE;
    }
    if (session->has_children()) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    // Whoever waits for an operation in another thread is answered rather than left waiting.
    if (session->close_encoder() == MFX_ERR_UNDEFINED_BEHAVIOR) {
        return MFX_ERR_UNDEFINED_BEHAVIOR;
    }
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.sessions.erase(reinterpret_cast<std::uintptr_t>(handle));
    return MFX_ERR_NONE;
}

mfxStatus sync_operation(const std::shared_ptr<Session>& session, mfxSyncPoint sync,
                         mfxU32 timeout_ms) {
    const mfxStatus own = session->sync(sync, timeout_ms);
    if (own != MFX_ERR_INVALID_HANDLE) {
        return own;
    }
    for (const std::shared_ptr<Session>& member : session->group()) {
        const mfxStatus status = member->sync(sync, timeout_ms);
        if (status != MFX_ERR_INVALID_HANDLE) {
            return status;
        }
    }
    return MFX_ERR_INVALID_HANDLE;
}

}  // namespace mrda::vpl::soft
