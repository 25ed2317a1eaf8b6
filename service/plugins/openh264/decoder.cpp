// SPDX-License-Identifier: MIT
#include <drm_fourcc.h>
#include <wels/codec_api.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "codec.h"
#include "mrda/interop/owned.h"

namespace mrda::plugins::openh264 {

namespace {

/// More than a decoder keeps for the order of its pictures.
constexpr std::size_t kMaxKeyFramesInside = 32;
constexpr std::uint8_t kNalTypeBits = 0x1f;
constexpr std::uint8_t kNalIdr = 5;

struct DecoderPolicy {
    using Handle = ISVCDecoder*;
    static Handle null() { return nullptr; }
    static void close(Handle decoder) {
        decoder->Uninitialize();
        ::WelsDestroyDecoder(decoder);
    }
};

Result<Owned<DecoderPolicy>> make_decoder() {
    ISVCDecoder* made = nullptr;
    if (::WelsCreateDecoder(&made) != 0 || made == nullptr) {
        return make_error(Errc::out_of_memory, "openh264 makes no decoder");
    }
    Owned<DecoderPolicy> decoder(made);
    int quiet = WELS_LOG_QUIET;
    made->SetOption(DECODER_OPTION_TRACE_LEVEL, &quiet);
    SDecodingParam params{};
    params.eEcActiveIdc = ERROR_CON_DISABLE;  // What is corrupt is told, not painted over.
    params.sVideoProperty.size = sizeof params.sVideoProperty;
    params.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
    if (made->Initialize(&params) != cmResultSuccess) {
        return make_error(Errc::internal, "openh264's decoder does not initialise");
    }
    return decoder;
}

/// Whether one of its NAL units is a slice of an IDR picture.
bool has_idr(std::span<const std::uint8_t> packet) {
    constexpr std::array<std::uint8_t, 3> kStart{0, 0, 1};
    auto at = packet.begin();
    while (true) {
        at = std::search(at, packet.end(), kStart.begin(), kStart.end());
        if (packet.end() - at <= std::ptrdiff_t{kStart.size()}) {
            return false;
        }
        at += kStart.size();
        if ((*at & kNalTypeBits) == kNalIdr) {
            return true;
        }
    }
}

struct StateRow {
    int bit;
    const char* words;
};
constexpr std::array kStates{
    StateRow{dsNoParamSets, "no parameter sets before it"},
    StateRow{dsRefLost, "a reference picture is missing"},
    StateRow{dsRefListNullPtrs, "a reference picture is missing"},
    StateRow{dsBitstreamError, "error in the bitstream"},
    StateRow{dsDepLayerLost, "a layer is missing"},
};

std::string words_of(int state) {
    const auto row = std::find_if(kStates.begin(), kStates.end(),
                                  [state](const StateRow& one) { return (state & one.bit) != 0; });
    return row != kStates.end() ? row->words : "state " + std::to_string(state);
}

class Decoder final : public DecoderCodec {
  public:
    explicit Decoder(Owned<DecoderPolicy> decoder) : decoder_(std::move(decoder)) {}

    Result<void> decode(std::span<const std::uint8_t> packet, std::int64_t pts) override {
        if (!has_idr(packet)) {
            return read(packet, pts);
        }
        key_pts_.push_back(pts);
        if (key_pts_.size() > kMaxKeyFramesInside) {
            key_pts_.pop_front();
        }
        if (kept_pictures() == 0) {
            return read(packet, pts);
        }
        // At another size the library drops the pictures that it keeps: they come first.
        pending_ = Pending{{packet.begin(), packet.end()}, pts};
        return {};
    }
    Result<void> finish() override {
        finishing_ = true;
        return {};
    }
    Result<std::optional<Picture>> next() override {
        if (!ready() && (pending_ || finishing_)) {
            flush_one();
        }
        if (!ready() && pending_) {
            const Pending packet = *std::exchange(pending_, std::nullopt);
            MRDA_TRY(read(packet.bytes, packet.pts));
            if (!ready() && finishing_) {
                flush_one();
            }
        }
        if (!ready()) {
            return std::optional<Picture>();
        }
        info_.iBufferStatus = 0;
        const SSysMEMBuffer& memory = info_.UsrData.sSystemBuffer;
        const auto pts = static_cast<std::int64_t>(info_.uiOutYuvTimeStamp);
        const ConstPlanes planes{DRM_FORMAT_YUV420,
                                 memory.iWidth,
                                 memory.iHeight,
                                 {planes_[0], planes_[1], planes_[2]},
                                 {memory.iStride[0], memory.iStride[1], memory.iStride[1]}};
        return std::optional(Picture{planes, pts, take_key(pts)});
    }
    Result<void> reset() override {
        MRDA_ASSIGN(decoder_, make_decoder());
        info_ = {};
        pending_.reset();
        key_pts_.clear();
        finishing_ = false;
        return {};
    }
    [[nodiscard]] std::string implementation() const override { return library_name(); }

  private:
    struct Pending {
        std::vector<std::uint8_t> bytes;
        std::int64_t pts;
    };

    [[nodiscard]] bool ready() const { return info_.iBufferStatus == 1; }
    Result<void> read(std::span<const std::uint8_t> packet, std::int64_t pts) {
        info_ = {};
        info_.uiInBsTimeStamp = static_cast<unsigned long long>(pts);
        const int state = decoder_.get()->DecodeFrameNoDelay(
            packet.data(), static_cast<int>(packet.size()), planes_.data(), &info_);
        if ((state & ~dsFramePending) != dsErrorFree) {
            info_.iBufferStatus = 0;
            return corrupt_packet("openh264", words_of(state));
        }
        return {};
    }
    /// For their order.
    int kept_pictures() {
        int kept = 0;
        decoder_.get()->GetOption(DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, &kept);
        return kept;
    }
    void flush_one() {
        if (kept_pictures() > 0) {
            info_ = {};
            decoder_.get()->FlushFrame(planes_.data(), &info_);
        }
    }
    bool take_key(std::int64_t pts) {
        const auto found = std::find(key_pts_.begin(), key_pts_.end(), pts);
        if (found == key_pts_.end()) {
            return false;
        }
        key_pts_.erase(found);
        return true;
    }

    Owned<DecoderPolicy> decoder_;
    SBufferInfo info_{};
    std::array<unsigned char*, 3> planes_{};
    std::optional<Pending> pending_;    // Read once what is kept has come out.
    std::deque<std::int64_t> key_pts_;  // Of key frames that have not come out.
    bool finishing_ = false;
};

}  // namespace

Result<std::unique_ptr<DecoderCodec>> open_decoder() {
    MRDA_ASSIGN(auto decoder, make_decoder());
    return std::unique_ptr<DecoderCodec>(std::make_unique<Decoder>(std::move(decoder)));
}

}  // namespace mrda::plugins::openh264
