// SPDX-License-Identifier: MIT
#include "mrda/vpl/session.h"

#include <algorithm>
#include <charconv>
#include <limits>
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

Result<void> set_filters(mfxLoader loader, const vaapi::Display& display, Codec codec) {
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
    MRDA_TRY(require(loader, "mfxImplDescription.mfxEncoderDescription.encoder.CodecID",
                     mfx_codec_id(codec)));
    // The dispatcher hands these two to the session that it creates. Nobody may set them again:
    // Intel's runtime answers a second MFXVideoCORE_SetHandle with MFX_ERR_UNDEFINED_BEHAVIOR.
    MRDA_TRY(require(loader, "mfxHandleType", std::uint32_t{MFX_HANDLE_VA_DISPLAY}));
    return require(loader, "mfxHDL", display.handle());
}

/// The smallest and the largest picture over all profiles and kinds of memory; "": not told.
std::string sizes_of(const mfxImplDescription& description, Codec codec) {
    mfxU32 smallest[2] = {std::numeric_limits<mfxU32>::max(), std::numeric_limits<mfxU32>::max()};
    mfxU32 largest[2] = {0, 0};
    for (const auto& encoder : std::span(description.Enc.Codecs, description.Enc.NumCodecs)) {
        if (encoder.CodecID != mfx_codec_id(codec)) {
            continue;
        }
        for (const auto& profile : std::span(encoder.Profiles, encoder.NumProfiles)) {
            for (const auto& memory : std::span(profile.MemDesc, profile.NumMemTypes)) {
                smallest[0] = std::min(smallest[0], memory.Width.Min);
                smallest[1] = std::min(smallest[1], memory.Height.Min);
                largest[0] = std::max(largest[0], memory.Width.Max);
                largest[1] = std::max(largest[1], memory.Height.Max);
            }
        }
    }
    const auto text = [](const mfxU32(&size)[2]) {
        return std::to_string(size[0]) + "x" + std::to_string(size[1]);
    };
    return largest[0] == 0 ? "" : text(smallest) + " to " + text(largest);
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
    sizes_ = sizes_of(description, codec);
    MFXDispReleaseImplDescription(loader_.get(), raw);
    return {};
}

Result<Session> Session::open(const vaapi::Display& display, Codec codec) {
    Session opened;
    opened.loader_.reset(MFXLoad());
    if (!opened.loader_) {
        return make_error(Errc::not_found, "the oneVPL dispatcher does not start");
    }
    mfxLoader loader = opened.loader_.get();
    MRDA_TRY(set_filters(loader, display, codec));
    mfxSession handle = nullptr;
    const mfxStatus status = MFXCreateSession(loader, 0, &handle);
    if (status != MFX_ERR_NONE) {
        Error error =
            mfx_error("MFXCreateSession", status,
                      "the oneVPL dispatcher has no implementation that encodes " +
                          std::string(to_string(codec)) + " from the surfaces of " +
                          (display.platform() == Platform::software ? "the software platform"
                                                                    : display.node()) +
                          ";" + list_implementations());
        error.code = Errc::not_found;
        return error;
    }
    opened.session_.reset(handle);
    MRDA_TRY(opened.describe(codec));
    return opened;
}

}  // namespace mrda::vpl
