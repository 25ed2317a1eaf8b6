// SPDX-License-Identifier: MIT
#include "mrda/vpl/encoder.h"

#include <algorithm>
#include <limits>

#include "encoder_params.h"
#include "mfx_error.h"
#include "mrda/vpl/copy_report.h"

namespace mrda::vpl {

namespace {

Result<mfxFrameAllocRequest> ask_for_surfaces(mfxSession session, mfxVideoParam& param) {
    mfxFrameAllocRequest request{};
    MRDA_MFX_TRY(MFXVideoENCODE_QueryIOSurf, (session, &param, &request),
                 "the runtime does not say how many surfaces it needs");
    return request;
}

/// SyncOperation takes milliseconds, and 32 bits of them.
mfxU32 to_milliseconds(std::uint64_t timeout_ns) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::int32_t>::max();
    return static_cast<mfxU32>(
        std::min(timeout_ns / 1'000'000 + (timeout_ns % 1'000'000 != 0), kMax));
}

}  // namespace

Result<std::size_t> Encoder::needed_surfaces(const vaapi::Display& display,
                                             const EncoderConfig& config,
                                             std::uint32_t drm_fourcc) {
    MRDA_ASSIGN(const Session session, Session::open(display, config.codec));
    return needed_surfaces(session, config, drm_fourcc);
}

Result<std::size_t> Encoder::needed_surfaces(const Session& session, const EncoderConfig& config,
                                             std::uint32_t drm_fourcc) {
    MRDA_ASSIGN(const mfxVideoParam wanted, to_video_param(config, drm_fourcc));
    MRDA_ASSIGN(mfxVideoParam param, query(session, wanted, config));
    MRDA_ASSIGN(const mfxFrameAllocRequest request, ask_for_surfaces(session.handle(), param));
    // One more than it asks for, so that one can be filled while all the others are in use.
    return std::size_t{request.NumFrameSuggested} + 1;
}

Encoder::Encoder(Session session, std::unique_ptr<FrameAllocator> allocator)
    : allocator_(std::move(allocator)), session_(std::move(session)) {}

Result<std::unique_ptr<Encoder>> Encoder::create(const vaapi::Display& display,
                                                 const EncoderConfig& config,
                                                 std::vector<vaapi::Surface> surfaces) {
    MRDA_ASSIGN(Session session, Session::open(display, config.codec));
    return create(std::move(session), config, std::move(surfaces));
}

Result<std::unique_ptr<Encoder>> Encoder::create(Session session, const EncoderConfig& config,
                                                 std::vector<vaapi::Surface> surfaces) {
    MRDA_ASSIGN(auto allocator, FrameAllocator::create(std::move(surfaces)));
    std::unique_ptr<Encoder> encoder(new Encoder(std::move(session), std::move(allocator)));
    MRDA_TRY(encoder->initialise(config));
    return encoder;
}

Encoder::~Encoder() {
    if (initialised_) {
        MFXVideoENCODE_Close(session_.handle());
    }
}

Result<void> Encoder::initialise(const EncoderConfig& config) {
    const vaapi::Surface& first = allocator_->surface(0);
    MRDA_ASSIGN(const mfxVideoParam wanted, to_video_param(config, first.format().drm_fourcc));
    const mfxFrameInfo& info = wanted.mfx.FrameInfo;
    if (first.width_px() < info.Width || first.height_px() < info.Height) {
        return make_error(Errc::invalid_argument,
                          "surfaces of " + std::to_string(first.width_px()) + "x" +
                              std::to_string(first.height_px()) + " given; a picture of " +
                              std::to_string(config.width_px) + "x" +
                              std::to_string(config.height_px) + " needs " +
                              std::to_string(info.Width) + "x" + std::to_string(info.Height));
    }
    mfxSession session = session_.handle();
    MRDA_MFX_TRY(MFXVideoCORE_SetFrameAllocator, (session, allocator_->interface()),
                 "the runtime does not take an external frame allocator");
    MRDA_ASSIGN(param_, query(session_, wanted, config));
    MRDA_ASSIGN(const mfxFrameAllocRequest request, ask_for_surfaces(session, param_));
    if (allocator_->size() < request.NumFrameMin) {
        return make_error(Errc::invalid_argument, std::to_string(allocator_->size()) +
                                                      " surfaces given; the runtime needs " +
                                                      std::to_string(request.NumFrameMin));
    }
    depth_ = std::max<std::size_t>(config.async_depth, 1);
    // One more than can be in flight holds the packet that the caller is reading.
    operations_.resize(depth_ + 1);
    frames_.resize(allocator_->size());
    controls_.resize(frames_.size());
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        frames_[i].Info = param_.mfx.FrameInfo;
        frames_[i].Data.MemId = allocator_->memory_id(i);
    }
    return start();
}

Result<void> Encoder::start() {
    mfxSession session = session_.handle();
    MRDA_MFX_TRY(MFXVideoENCODE_Init, (session, &param_), "the runtime does not start encoding");
    initialised_ = true;
    mfxVideoParam actual{};
    MRDA_MFX_TRY(MFXVideoENCODE_GetVideoParam, (session, &actual),
                 "the runtime does not say what it encodes");
    const std::size_t multiplier = std::max<std::size_t>(actual.mfx.BRCParamMultiplier, 1);
    const std::size_t bitstream_bytes = 1000 * multiplier * actual.mfx.BufferSizeInKB;
    if (bitstream_bytes == 0) {
        return make_error(Errc::unsupported, "the runtime does not say how large a picture may be");
    }
    if (bitstream_bytes > std::numeric_limits<mfxU32>::max()) {
        return make_error(Errc::unsupported, "the runtime says that a picture may take " +
                                                 std::to_string(bitstream_bytes) +
                                                 " bytes; an mfxBitstream holds at most 2^32 - 1");
    }
    for (Operation& operation : operations_) {
        // Not zeroed: of buffers for the largest picture there could be, most pages are never
        // touched.
        operation.storage.reset(new mfxU8[bitstream_bytes]);
        operation.bitstream.Data = operation.storage.get();
        operation.bitstream.MaxLength = static_cast<mfxU32>(bitstream_bytes);
    }
    return {};
}

std::optional<std::size_t> Encoder::free_surface() const {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        if (!in_use(i)) {
            return i;
        }
    }
    return std::nullopt;
}

bool Encoder::in_use(std::size_t index) const {
    // The runtime lowers Locked from its own threads.
    const auto& locked = frames_[index].Data.Locked;
    return __atomic_load_n(&locked, __ATOMIC_ACQUIRE) != 0;
}

const vaapi::Surface& Encoder::surface(std::size_t index) const {
    return allocator_->surface(index);
}

Result<void> Encoder::submit(std::size_t index, std::int64_t pts, const Sync& ready,
                             std::uint64_t timeout_ns, PictureKind kind) {
    if (draining_) {
        return make_error(Errc::invalid_argument, "a frame submitted after drain()");
    }
    if (index >= frames_.size() || in_use(index)) {
        return make_error(Errc::invalid_argument, "surface " + std::to_string(index) + " of " +
                                                      std::to_string(frames_.size()) +
                                                      " is not free; take one from free_surface()");
    }
    if (full()) {
        return make_error(
            Errc::busy, std::to_string(depth_) + " operations are in flight; receive() one first");
    }
    if (const auto waited = ready.wait(timeout_ns); !waited) {
        Error error = waited.error();
        error.message = "surface " + std::to_string(index) + " cannot be encoded before its " +
                        std::string(ready.name()) + " comes: " + error.message;
        return error;
    }
    frames_[index].Data.TimeStamp = static_cast<mfxU64>(pts);
    controls_[index] = {};
    controls_[index].FrameType = MFX_FRAMETYPE_I | MFX_FRAMETYPE_REF | MFX_FRAMETYPE_IDR;
    const bool forced = kind == PictureKind::key;
    MRDA_TRY(encode(forced ? &controls_[index] : nullptr, &frames_[index]));
    return {};
}

Result<bool> Encoder::encode(mfxEncodeCtrl* control, mfxFrameSurface1* surface) {
    Operation& next = operation(count_);
    next.bitstream.DataOffset = 0;
    next.bitstream.DataLength = 0;
    next.sync_point = nullptr;
    const mfxStatus status = MFXVideoENCODE_EncodeFrameAsync(session_.handle(), control, surface,
                                                             &next.bitstream, &next.sync_point);
    if (status == MFX_ERR_MORE_DATA) {
        return false;
    }
    if (status == MFX_WRN_DEVICE_BUSY) {
        return mfx_error("MFXVideoENCODE_EncodeFrameAsync", status,
                         "the device takes no more work now; receive() first");
    }
    if (status < MFX_ERR_NONE) {
        return mfx_error("MFXVideoENCODE_EncodeFrameAsync", status, "a frame could not be encoded");
    }
    if (next.sync_point == nullptr) {
        if (surface == nullptr) {
            return mfx_error("MFXVideoENCODE_EncodeFrameAsync", status,
                             "the runtime neither ends the stream nor gives its next picture");
        }
        return false;  // A warning: it has taken the frame and promises no packet for it.
    }
    ++count_;
    return true;
}

Result<void> Encoder::fill_while_draining() {
    while (draining_ && !drained_ && count_ < depth_) {
        const auto encoded = encode(nullptr, nullptr);
        if (!encoded && encoded.error().code == Errc::busy && count_ != 0) {
            return {};
        }
        MRDA_TRY(encoded);
        drained_ = !*encoded;
    }
    return {};
}

Result<Received> Encoder::receive(std::uint64_t timeout_ns) {
    MRDA_TRY(fill_while_draining());
    Received received;
    if (count_ == 0) {
        received.status = drained_ ? Received::Status::end_of_stream : Received::Status::need_input;
        return received;
    }
    Operation& oldest = operation(0);
    const mfxStatus status = MFXVideoCORE_SyncOperation(session_.handle(), oldest.sync_point,
                                                        to_milliseconds(timeout_ns));
    if (status == MFX_WRN_IN_EXECUTION) {
        return mfx_error("MFXVideoCORE_SyncOperation", status,
                         "no packet within " + std::to_string(timeout_ns / 1'000'000) + " ms");
    }
    first_ = (first_ + 1) % operations_.size();
    --count_;
    if (status < MFX_ERR_NONE) {
        return mfx_error("MFXVideoCORE_SyncOperation", status, "a frame could not be encoded");
    }
    const mfxBitstream& bitstream = oldest.bitstream;
    received.status = Received::Status::packet;
    received.packet = {
        std::as_bytes(std::span(bitstream.Data + bitstream.DataOffset, bitstream.DataLength)),
        static_cast<std::int64_t>(bitstream.TimeStamp), bitstream.DecodeTimeStamp,
        (bitstream.FrameType & MFX_FRAMETYPE_IDR) != 0};
    return received;
}

Result<void> Encoder::reset() {
    for (std::size_t age = 0; age < count_; ++age) {
        const mfxStatus status = MFXVideoCORE_SyncOperation(
            session_.handle(), operation(age).sync_point, to_milliseconds(kWaitForever));
        // Whatever else becomes of it, it is dropped.
        if (status == MFX_ERR_DEVICE_LOST || status == MFX_ERR_GPU_HANG) {
            return mfx_error("MFXVideoCORE_SyncOperation", status,
                             "the device died with frames inside");
        }
    }
    copied_before_ += copied_since_start().value_or(0);
    initialised_ = false;
    MRDA_MFX_TRY(MFXVideoENCODE_Close, (session_.handle()), "the runtime does not stop encoding");
    first_ = count_ = 0;
    draining_ = drained_ = false;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
        if (session_.platform() == Platform::gpu) {
            // Intel's runtime has forgotten what it held, and that it held it.
            frames_[i].Data.Locked = 0;
        } else if (in_use(i)) {
            return make_error(
                Errc::internal,
                "the runtime has stopped encoding and keeps surface " + std::to_string(i));
        }
    }
    return start();
}

std::optional<std::uint64_t> Encoder::codec_copied_bytes() const {
    const auto since = copied_since_start();
    return since ? std::optional(*since + copied_before_) : std::nullopt;
}

std::optional<std::uint64_t> Encoder::copied_since_start() const {
    mrdaExtCopyReport report{};
    report.Header.BufferId = MRDA_EXTBUFF_COPY_REPORT;
    report.Header.BufferSz = sizeof report;
    mfxExtBuffer* attached = &report.Header;
    mfxVideoParam param{};
    param.ExtParam = &attached;
    param.NumExtParam = 1;
    if (MFXVideoENCODE_GetVideoParam(session_.handle(), &param) != MFX_ERR_NONE) {
        return std::nullopt;
    }
    return report.codec_copied_bytes;
}

}  // namespace mrda::vpl
