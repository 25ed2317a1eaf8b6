// SPDX-License-Identifier: MIT
#include "mrda/vpl/session.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "mfx_error.h"

namespace mrda::vpl {

namespace {

Result<void> require(mfxLoader loader, const char* property, mfxVariant value) {
    mfxConfig config = MFXCreateConfig(loader);
    if (config == nullptr) {
        return make_error(Errc::out_of_memory, "the oneVPL dispatcher makes no filter");
    }
    // The dispatcher declares the name as bytes and does not write to it.
    auto* name = reinterpret_cast<mfxU8*>(const_cast<char*>(property));
    MRDA_MFX_TRY(MFXSetConfigFilterProperty, (config, name, value),
                 "the oneVPL dispatcher does not know the filter " + std::string(property));
    return {};
}

Result<void> require(mfxLoader loader, const char* property, std::uint32_t value) {
    mfxVariant variant{};
    variant.Type = MFX_VARIANT_TYPE_U32;
    variant.Data.U32 = value;
    return require(loader, property, variant);
}

Result<void> require(mfxLoader loader, const char* property, void* value) {
    mfxVariant variant{};
    variant.Type = MFX_VARIANT_TYPE_PTR;
    variant.Data.Ptr = value;
    return require(loader, property, variant);
}

/// The number in "/dev/dri/renderD128".
Result<std::uint32_t> node_number(const std::string& path) {
    const std::size_t digits = path.find_last_not_of("0123456789") + 1;
    std::uint32_t number = 0;
    const char* end = path.data() + path.size();
    if (std::from_chars(path.data() + digits, end, number).ptr != end || digits == path.size()) {
        return make_error(Errc::invalid_argument, path + " does not end in a render node's number");
    }
    return number;
}

/// Every implementation that the dispatcher sees, with no filter.
std::string list_implementations() {
    const Owned<LoaderPolicy> loader(MFXLoad());
    std::string text;
    for (mfxU32 i = 0; loader; ++i) {
        mfxHDL raw = nullptr;
        if (MFXEnumImplementations(loader.get(), i, MFX_IMPLCAPS_IMPLDESCSTRUCTURE, &raw) !=
            MFX_ERR_NONE) {
            break;
        }
        const auto* description = static_cast<const mfxImplDescription*>(raw);
        text += "\n  " + std::string(description->ImplName) + ", API " +
                std::to_string(description->ApiVersion.Major) + "." +
                std::to_string(description->ApiVersion.Minor) +
                (description->Impl == MFX_IMPL_TYPE_HARDWARE ? ", hardware, device "
                                                             : ", software, device ") +
                description->Dev.DeviceID;
        MFXDispReleaseImplDescription(loader.get(), raw);
    }
    return text.empty()
               ? " it sees no implementation at all (install libmfx-gen1.2 for an Intel GPU)"
               : " it sees:" + text;
}

Result<void> set_filters(mfxLoader loader, const vaapi::Display& display,
                         std::optional<Codec> described) {
    if (display.platform() == Platform::software) {
        mfxVariant name{};
        name.Type = MFX_VARIANT_TYPE_PTR;
        name.Data.Ptr = const_cast<char*>(kSoftwareVplName);
        MRDA_TRY(require(loader, "mfxImplDescription.ImplName", name));
    } else {
        MRDA_TRY(require(loader, "mfxImplDescription.Impl", std::uint32_t{MFX_IMPL_TYPE_HARDWARE}));
        MRDA_ASSIGN(const std::uint32_t number, node_number(display.node()));
        MRDA_TRY(require(loader, "mfxExtendedDeviceId.DRMRenderNodeNum", number));
    }
    MRDA_TRY(require(loader, "mfxImplDescription.AccelerationMode",
                     std::uint32_t{MFX_ACCEL_MODE_VIA_VAAPI}));
    if (described) {
        MRDA_TRY(require(loader, "mfxImplDescription.mfxEncoderDescription.encoder.CodecID",
                         mfx_codec_id(*described)));
    }
    // The dispatcher hands these two to the session that it creates. Nobody may set them again:
    // Intel's runtime answers a second MFXVideoCORE_SetHandle with MFX_ERR_UNDEFINED_BEHAVIOR.
    MRDA_TRY(require(loader, "mfxHandleType", std::uint32_t{MFX_HANDLE_VA_DISPLAY}));
    return require(loader, "mfxHDL", display.handle());
}

/// What the runtime says of it when it is asked, and not what it has described.
bool encodes(mfxSession session, Codec codec) {
    mfxVideoParam param{};
    param.mfx.CodecId = mfx_codec_id(codec);
    param.mfx.LowPower = MFX_CODINGOPTION_ON;
    return MFXVideoENCODE_Query(session, nullptr, &param) >= MFX_ERR_NONE;
}

}  // namespace

void LoaderPolicy::close(Handle loader) {
    MFXUnload(loader);
}
void SessionPolicy::close(Handle session) {
    MFXClose(session);
}

Result<void> Session::describe(Codec codec) {
    mfxHDL raw = nullptr;
    MRDA_MFX_TRY(MFXEnumImplementations, (loader_.get(), 0, MFX_IMPLCAPS_IMPLDESCSTRUCTURE, &raw),
                 "the oneVPL dispatcher describes no implementation");
    const auto& description = *static_cast<const mfxImplDescription*>(raw);
    implementation_ = std::string(description.ImplName) + ", API " +
                      std::to_string(description.ApiVersion.Major) + "." +
                      std::to_string(description.ApiVersion.Minor);
    smallest_ = {std::numeric_limits<mfxU32>::max(), std::numeric_limits<mfxU32>::max()};
    largest_ = {};
    for (const auto& encoder : std::span(description.Enc.Codecs, description.Enc.NumCodecs)) {
        if (encoder.CodecID != mfx_codec_id(codec)) {
            continue;
        }
        for (const auto& profile : std::span(encoder.Profiles, encoder.NumProfiles)) {
            for (const auto& memory : std::span(profile.MemDesc, profile.NumMemTypes)) {
                smallest_ = {std::min(smallest_.width_px, memory.Width.Min),
                             std::min(smallest_.height_px, memory.Height.Min)};
                largest_ = {std::max(largest_.width_px, memory.Width.Max),
                            std::max(largest_.height_px, memory.Height.Max)};
            }
        }
    }
    MFXDispReleaseImplDescription(loader_.get(), raw);
    return {};
}

std::string Session::sizes() const {
    const auto text = [](const Size& size) {
        return std::to_string(size.width_px) + "x" + std::to_string(size.height_px);
    };
    return largest_.width_px == 0 ? "" : text(smallest_) + " to " + text(largest_);
}

bool Session::describes(std::uint32_t width_px, std::uint32_t height_px) const {
    return width_px >= smallest_.width_px && height_px >= smallest_.height_px &&
           width_px <= largest_.width_px && height_px <= largest_.height_px;
}

Result<Session> Session::create(const vaapi::Display& display, std::optional<Codec> described) {
    Session created;
    created.platform_ = display.platform();
    created.loader_.reset(MFXLoad());
    if (!created.loader_) {
        return make_error(Errc::internal, "the oneVPL dispatcher does not start");
    }
    MRDA_TRY(set_filters(created.loader_.get(), display, described));
    mfxSession handle = nullptr;
    MRDA_MFX_TRY(MFXCreateSession, (created.loader_.get(), 0, &handle), "no session");
    created.session_.reset(handle);
    return created;
}

Result<Session> Session::open(const vaapi::Display& display, Codec codec) {
    auto opened = create(display, codec);
    if (!opened.ok() && opened.error().code == Errc::not_found) {
        // Intel's runtime does not describe a codec that it encodes by the low-power engine alone.
        auto silent = create(display, std::nullopt);
        if (silent.ok() && encodes(silent->handle(), codec)) {
            opened = std::move(silent);
        }
    }
    if (!opened.ok()) {
        Error error = opened.error();
        error.message =
            "the oneVPL dispatcher has no implementation that encodes " +
            std::string(to_string(codec)) + " from the surfaces of " +
            (display.platform() == Platform::software ? "the software platform" : display.node()) +
            ";" + list_implementations() + ": " + error.message;
        error.code = Errc::not_found;
        return error;
    }
    MRDA_TRY(opened->describe(codec));
    return opened;
}

}  // namespace mrda::vpl
