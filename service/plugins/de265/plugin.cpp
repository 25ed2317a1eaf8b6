// SPDX-License-Identifier: MIT
// HEVC by libde265.
#include <drm_fourcc.h>
#include <libde265/de265.h>

#include <algorithm>
#include <array>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/owned.h"
#include "shared/decoder.h"

namespace mrda::plugins::de265 {

namespace {

// Pictures at which decoding can begin: BLA, IDR and CRA.
constexpr int kFirstKeyNal = 16;
constexpr int kLastKeyNal = 21;

/// Warnings that say nothing about the stream.
constexpr std::array kHarmless{
    DE265_WARNING_NO_WPP_CANNOT_USE_MULTITHREADING,
    DE265_WARNING_WARNING_BUFFER_FULL,
    DE265_WARNING_NUMBER_OF_THREADS_LIMITED_TO_MAXIMUM,
    DE265_WARNING_SPS_MISSING_CANNOT_DECODE_SEI,
};

struct DecoderPolicy {
    using Handle = de265_decoder_context*;
    static Handle null() { return nullptr; }
    static void close(Handle context) { ::de265_free_decoder(context); }
};

/// The library's memory for a picture, unless it is beyond what the toolkit carries: then the
/// library tells that it has none.
int get_buffer(de265_decoder_context* context, de265_image_spec* spec, de265_image* image,
               void* user_data) {
    constexpr auto kMax = static_cast<int>(kMaxDimensionPx);
    if (spec->width > kMax || spec->height > kMax) {
        return 0;
    }
    return ::de265_get_default_image_allocation_functions()->get_buffer(context, spec, image,
                                                                        user_data);
}

/// One thread: what runs side by side is sessions.
Result<Owned<DecoderPolicy>> make_decoder() {
    Owned<DecoderPolicy> context(::de265_new_decoder());
    if (!context) {
        return make_error(Errc::out_of_memory, "libde265 makes no decoder");
    }
    de265_image_allocation allocation = *::de265_get_default_image_allocation_functions();
    allocation.get_buffer = get_buffer;
    ::de265_set_image_allocation_functions(context.get(), &allocation, nullptr);
    return context;
}

bool has_start_code(std::span<const std::uint8_t> packet) {
    constexpr std::array<std::uint8_t, 3> kStart{0, 0, 1};
    return std::search(packet.begin(), packet.end(), kStart.begin(), kStart.end()) != packet.end();
}

Result<void> check_picture(const de265_image* image) {
    const int bits =
        std::max(::de265_get_bits_per_pixel(image, 0), ::de265_get_bits_per_pixel(image, 1));
    if (bits != 8 || ::de265_get_chroma_format(image) != de265_chroma_420) {
        return make_error(Errc::unsupported, "an HEVC picture of " + std::to_string(bits) +
                                                 " bits, chroma format " +
                                                 std::to_string(::de265_get_chroma_format(image)) +
                                                 "; this decoder gives 8 bits and 4:2:0 (1) alone");
    }
    return {};
}

Picture picture_of(const de265_image* image) {
    Picture picture;
    picture.planes.drm_fourcc = DRM_FORMAT_YUV420;
    picture.planes.width_px = ::de265_get_image_width(image, 0);
    picture.planes.height_px = ::de265_get_image_height(image, 0);
    for (int plane = 0; plane < 3; ++plane) {
        const auto at = static_cast<std::size_t>(plane);
        picture.planes.data[at] =
            ::de265_get_image_plane(image, plane, &picture.planes.pitch_bytes[at]);
    }
    int nal_type = 0;
    ::de265_get_image_NAL_header(image, &nal_type, nullptr, nullptr, nullptr);
    picture.pts = ::de265_get_image_PTS(image);
    picture.key_frame = nal_type >= kFirstKeyNal && nal_type <= kLastKeyNal;
    return picture;
}

class Decoder final : public DecoderCodec {
  public:
    explicit Decoder(Owned<DecoderPolicy> context) : context_(std::move(context)) {}

    Result<void> decode(std::span<const std::uint8_t> packet, std::int64_t pts) override {
        if (!has_start_code(packet)) {
            return corrupt_packet("libde265", "no start code in it");
        }
        const de265_error pushed = ::de265_push_data(context_.get(), packet.data(),
                                                     static_cast<int>(packet.size()), pts, nullptr);
        if (pushed != DE265_OK) {
            return corrupt_packet("libde265", ::de265_get_error_text(pushed));
        }
        // Not push_end_of_frame, which gives up the pictures' order.
        ::de265_push_end_of_NAL(context_.get());
        return run();
    }
    Result<void> finish() override {
        ::de265_flush_data(context_.get());
        return run();
    }
    Result<std::optional<Picture>> next() override {
        const de265_image* image = ::de265_get_next_picture(context_.get());
        if (image == nullptr && unfinished_) {
            MRDA_TRY(run());
            image = ::de265_get_next_picture(context_.get());
        }
        if (image == nullptr) {
            return std::optional<Picture>();
        }
        MRDA_TRY(check_picture(image));
        return std::optional(picture_of(image));
    }
    Result<void> reset() override {
        MRDA_ASSIGN(context_, make_decoder());
        unfinished_ = false;
        return {};
    }
    [[nodiscard]] std::string implementation() const override {
        return std::string("libde265 ") + ::de265_get_version();
    }

  private:
    /// Decodes what was pushed, until there is a picture.
    Result<void> run() {
        de265_error status = DE265_OK;
        int more = 1;
        while (status == DE265_OK && more != 0 && !has_picture()) {
            status = ::de265_decode(context_.get(), &more);
        }
        unfinished_ = has_picture();
        const de265_error damage = damage_of(status);
        if (damage == DE265_ERROR_IMAGE_BUFFER_FULL) {  // Of pictures that never come out.
            MRDA_TRY(reset());
        }
        if (damage != DE265_OK) {
            return corrupt_packet("libde265", ::de265_get_error_text(damage));
        }
        return {};
    }
    bool has_picture() { return ::de265_peek_next_picture(context_.get()) != nullptr; }
    /// What is wrong with the stream, by the status or a warning. Takes all warnings, so that none
    /// is left for the next packet.
    de265_error damage_of(de265_error status) {
        const bool stalled = status == DE265_ERROR_WAITING_FOR_INPUT_DATA ||
                             (status == DE265_ERROR_IMAGE_BUFFER_FULL && has_picture());
        de265_error damage = stalled ? DE265_OK : status;
        while (const de265_error warning = ::de265_get_warning(context_.get())) {
            const bool harmless =
                std::find(kHarmless.begin(), kHarmless.end(), warning) != kHarmless.end();
            damage = harmless || damage != DE265_OK ? damage : warning;
        }
        return damage;
    }

    Owned<DecoderPolicy> context_;
    bool unfinished_ = false;  // More can be decoded once the pictures are taken.
};

Result<std::unique_ptr<DecoderCodec>> open() {
    MRDA_ASSIGN(auto context, make_decoder());
    return std::unique_ptr<DecoderCodec>(std::make_unique<Decoder>(std::move(context)));
}

constexpr const char* kCodecs[] = {"hevc", nullptr};
constexpr mrda_session_kind kDecoder = decoder_kind<open>(kCodecs);
constexpr const mrda_session_kind* kKinds[] = {&kDecoder, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "de265",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::plugins::de265

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::plugins::de265::kPlugin;
}
