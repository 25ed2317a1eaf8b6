// SPDX-License-Identifier: MIT
// AV1 by SVT-AV1. oneVPL counts AV1's quantiser from 0 to 255, SVT-AV1's qp from 0 to 63, a quarter
// of it. Without B frames its low-delay structure is used; random access with them and for VBR,
// which it has nowhere else (CBR it has only in low delay). It writes notes to stderr unless
// SVT_LOG=1 (or less) is in the environment: there is no call for it, and a library has no business
// in its process's environment.
#include <svt-av1/EbSvtAv1Enc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "encoder.h"

namespace mrda::vpl::soft {

namespace {

// TargetUsage 1 (best quality) to 7 (best speed).
constexpr std::array<std::int8_t, 7> kPresets = {6, 7, 8, 9, 10, 11, 12};

unsigned svt_qp(int qp) {
    return static_cast<unsigned>(std::clamp((qp + 2) / 4, 1, 63));
}

void set_rate_control(const RateControl& rate, EbSvtAv1EncConfiguration& param) {
    // Its rate control refuses to go without adaptive quantisation.
    param.enable_adaptive_quantization = 2;
    switch (rate.mode) {
        case RateMode::cqp:
            param.enable_adaptive_quantization = 0;
            param.rate_control_mode = SVT_AV1_RC_MODE_CQP_OR_CRF;
            param.qp = svt_qp(rate.qp_p);
            // Each picture then carries its own; otherwise key frames get far better ones unasked.
            param.use_qp_file = true;
            break;
        case RateMode::cbr:
            param.rate_control_mode = SVT_AV1_RC_MODE_CBR;
            break;
        case RateMode::vbr:
            param.rate_control_mode = SVT_AV1_RC_MODE_VBR;
            break;
    }
    if (rate.mode != RateMode::cqp) {
        param.target_bit_rate = rate.target_kbps * 1000;
        if (rate.qp_min > 0) {
            param.min_qp_allowed = svt_qp(rate.qp_min);
        }
        if (rate.qp_max > 0) {
            param.max_qp_allowed = svt_qp(rate.qp_max);
        }
    }
}

void set_stream(const EncoderConfig& config, EbSvtAv1EncConfiguration& param) {
    param.enc_mode = kPresets[static_cast<std::size_t>(config.target_usage - 1)];
    param.source_width = static_cast<std::uint32_t>(config.width_px);
    param.source_height = static_cast<std::uint32_t>(config.height_px);
    param.frame_rate_numerator = config.frame_rate_num;
    param.frame_rate_denominator = config.frame_rate_den;
    param.encoder_bit_depth = static_cast<std::uint32_t>(config.bit_depth);
    param.encoder_color_format = EB_YUV420;
    param.profile = MAIN_PROFILE;
    param.level = static_cast<std::uint32_t>(config.level);
    if (config.colour.present) {
        param.color_description_present_flag = true;
        param.color_primaries = static_cast<EbColorPrimaries>(config.colour.primaries);
        param.transfer_characteristics =
            static_cast<EbTransferCharacteristics>(config.colour.transfer);
        param.matrix_coefficients = static_cast<EbMatrixCoefficients>(config.colour.matrix);
        param.color_range = config.colour.full_range ? EB_CR_FULL_RANGE : EB_CR_STUDIO_RANGE;
    }
}

void set_gop(const EncoderConfig& config, EbSvtAv1EncConfiguration& param) {
    // SVT-AV1 counts the frames between key frames.
    param.intra_period_length = config.idr_period_frames > 0 ? config.idr_period_frames - 1 : -1;
    param.intra_refresh_type = SVT_AV1_KF_REFRESH;
    if (config.ref_distance > 1) {
        param.pred_structure = SVT_AV1_PRED_RANDOM_ACCESS;
        param.hierarchical_levels =
            static_cast<std::uint32_t>(std::bit_width(unsigned(config.ref_distance)) - 1);
    } else {
        param.pred_structure = SVT_AV1_PRED_LOW_DELAY_B;
    }
    // What looks ahead would delay a frame for frames that have not come.
    param.look_ahead_distance = 0;
    param.enable_tpl_la = 0;
    param.enable_tf = false;
    param.scene_change_detection = 0;
}

mfxU16 frame_type_of(std::uint32_t type) {
    switch (type) {
        case EB_AV1_KEY_PICTURE:
        case EB_AV1_FW_KEY_PICTURE:
            return MFX_FRAMETYPE_I | MFX_FRAMETYPE_IDR | MFX_FRAMETYPE_REF;
        case EB_AV1_INTRA_ONLY_PICTURE:
            return MFX_FRAMETYPE_I | MFX_FRAMETYPE_REF;
        case EB_AV1_NON_REF_PICTURE:
            return MFX_FRAMETYPE_P;
        default:
            return MFX_FRAMETYPE_P | MFX_FRAMETYPE_REF;
    }
}

/// Encoders of one process are opened and closed one at a time: side by side in several threads,
/// one in a few hundred crashed there (seen, 1.4.1).
std::mutex& library_mutex() {
    static std::mutex mutex;
    return mutex;
}

class SvtAv1Encoder final : public Encoder {
  public:
    SvtAv1Encoder(const EncoderConfig& config, PacketSink& sink) : config_(config), sink_(sink) {}

    ~SvtAv1Encoder() override {
        discard_.store(true);
        if (receiver_.joinable()) {
            // Only the packet after the last picture ends the receiver's wait, and that of
            // svt_av1_enc_deinit; a stream of no picture has none (seen, 1.4.1).
            if (frames_ == 0) {
                static_cast<void>(encode(blank_picture()));
            }
            end_stream();
            receiver_.join();
        }
        const std::lock_guard lock(library_mutex());
        if (initialised_) {
            svt_av1_enc_deinit(component_);
        }
        if (component_ != nullptr) {
            svt_av1_enc_deinit_handle(component_);
        }
    }

    SvtAv1Encoder(const SvtAv1Encoder&) = delete;
    SvtAv1Encoder& operator=(const SvtAv1Encoder&) = delete;

    bool open() {
        const std::lock_guard lock(library_mutex());
        EbSvtAv1EncConfiguration param{};
        if (svt_av1_enc_init_handle(&component_, nullptr, &param) != EB_ErrorNone) {
            return false;
        }
        set_stream(config_, param);
        set_gop(config_, param);
        set_rate_control(config_.rate, param);
        if (svt_av1_enc_set_parameter(component_, &param) != EB_ErrorNone ||
            svt_av1_enc_init(component_) != EB_ErrorNone) {
            return false;
        }
        initialised_ = true;
        read_headers();
        blank_row_.resize(static_cast<std::size_t>(config_.width_px) * sizeof(std::uint16_t));
        receiver_ = std::thread([this] { receive(); });
        return true;
    }

    bool encode(const Picture& picture) override {
        if (failed_.load()) {
            return false;
        }
        const auto sample_bytes = config_.bit_depth > 8 ? 2U : 1U;
        EbSvtIOFormat io{};
        // SVT-AV1 reads through these and never writes; its struct just lacks the const. Strides
        // are in samples.
        io.luma = const_cast<std::uint8_t*>(picture.planes[0]);
        io.cb = const_cast<std::uint8_t*>(picture.planes[1]);
        io.cr = const_cast<std::uint8_t*>(picture.planes[2]);
        io.y_stride = static_cast<std::uint32_t>(picture.pitch_bytes[0]) / sample_bytes;
        io.cb_stride = static_cast<std::uint32_t>(picture.pitch_bytes[1]) / sample_bytes;
        io.cr_stride = static_cast<std::uint32_t>(picture.pitch_bytes[2]) / sample_bytes;
        io.width = static_cast<std::uint32_t>(config_.width_px);
        io.height = static_cast<std::uint32_t>(config_.height_px);
        io.color_fmt = EB_YUV420;
        io.bit_depth = config_.bit_depth > 8 ? EB_TEN_BIT : EB_EIGHT_BIT;

        EbBufferHeaderType header{};
        header.size = sizeof header;
        header.p_buffer = reinterpret_cast<std::uint8_t*>(&io);
        header.n_filled_len = io.width * io.height * 3 / 2 * sample_bytes;
        header.pts = picture.index;
        header.pic_type = EB_AV1_INVALID_PICTURE;
        header.qp = svt_qp(picture.qp >= 0 ? picture.qp : planned_qp());
        ++frames_;
        const EbErrorType status = svt_av1_enc_send_picture(component_, &header);
        if (!discard_.load()) {
            sink_.picture_taken();
        }
        return status == EB_ErrorNone;
    }

    bool flush() override {
        if (frames_ == 0) {
            return true;
        }
        if (!end_stream()) {
            return false;
        }
        receiver_.join();
        return !failed_.load();
    }

    const StreamHeaders& headers() const override { return headers_; }
    int delay_frames() const override { return max_delay_frames(config_); }
    int level() const override { return config_.level; }

  private:
    // By the place in the structure that set_gop() asked for.
    int planned_qp() const {
        const int in_period =
            config_.idr_period_frames > 0 ? frames_ % config_.idr_period_frames : frames_;
        if (in_period == 0) {
            return config_.rate.qp_i;
        }
        return in_period % config_.ref_distance == 0 ? config_.rate.qp_p : config_.rate.qp_b;
    }

    // Every row is the same one.
    Picture blank_picture() const {
        Picture picture;
        picture.layout = PictureLayout::i420;
        picture.planes.fill(blank_row_.data());
        return picture;
    }

    bool end_stream() {
        EbBufferHeaderType header{};
        header.size = sizeof header;
        header.flags = EB_BUFFERFLAG_EOS;
        header.pic_type = EB_AV1_INVALID_PICTURE;
        return svt_av1_enc_send_picture(component_, &header) == EB_ErrorNone;
    }

    void receive() {
        bool last = false;
        while (!last) {
            EbBufferHeaderType* packet = nullptr;
            // "Picture send done" makes this call wait; without it one would have to poll.
            const EbErrorType status = svt_av1_enc_get_packet(component_, &packet, 1);
            if (status != EB_ErrorNone || packet == nullptr) {
                failed_.store(true);
                if (!discard_.load()) {
                    sink_.fail();
                }
                return;
            }
            last = (packet->flags & EB_BUFFERFLAG_EOS) != 0;
            if (packet->n_filled_len > 0 && !discard_.load()) {
                sink_.deliver({.data = {packet->p_buffer, packet->n_filled_len},
                               .index = packet->pts,
                               .frame_type = frame_type_of(packet->pic_type)});
            }
            svt_av1_enc_release_out_buffer(&packet);
        }
    }

    void read_headers() {
        EbBufferHeaderType* header = nullptr;
        if (svt_av1_enc_stream_header(component_, &header) == EB_ErrorNone && header != nullptr) {
            headers_.sps.assign(header->p_buffer, header->p_buffer + header->n_filled_len);
            svt_av1_enc_stream_header_release(header);
        }
    }

    EncoderConfig config_;
    PacketSink& sink_;
    EbComponentType* component_ = nullptr;
    bool initialised_ = false;
    StreamHeaders headers_;
    int frames_ = 0;
    std::vector<std::uint8_t> blank_row_;
    std::atomic<bool> discard_{false};
    std::atomic<bool> failed_{false};
    std::thread receiver_;
};

}  // namespace

std::unique_ptr<Encoder> open_svtav1(const EncoderConfig& config, PacketSink& sink) {
    auto encoder = std::make_unique<SvtAv1Encoder>(config, sink);
    if (!encoder->open()) {
        return nullptr;
    }
    return encoder;
}

}  // namespace mrda::vpl::soft
