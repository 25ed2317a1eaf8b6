// SPDX-License-Identifier: MIT
#include "capabilities.h"

#include <vpl/mfxvideo.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "encoder.h"

namespace mrda::vpl::soft {

namespace {

using EncoderEntry = mfxEncoderDescription::encoder;
using ProfileEntry = EncoderEntry::encprofile;
using MemoryEntry = ProfileEntry::encmemdesc;

constexpr const char* kName = "mrda-software";
constexpr const char* kHardwareDevice = "56c0/0";
constexpr mfxU32 kIntel = 0x8086;
constexpr mfxU32 kNoVendor = 0xFFFF;

bool passes_for_hardware() {
    static const bool hardware = [] {
        const char* wish = std::getenv("MRDA_VPL_IMPL");
        return wish != nullptr && std::string_view(wish) == "hardware";
    }();
    return hardware;
}

template <std::size_t N>
void copy_text(mfxChar (&field)[N], std::string_view text) {
    const std::size_t length = text.copy(field, N - 1);
    field[length] = '\0';
}

/// mfxImplDescription is a tree of pointers; this is what they point at.
class Description {
  public:
    Description() {
        std::memset(static_cast<void*>(&root_), 0, sizeof root_);
        build_encoders();
        root_.Version.Version = MFX_IMPLDESCRIPTION_VERSION;
        root_.Impl = passes_for_hardware() ? MFX_IMPL_TYPE_HARDWARE : MFX_IMPL_TYPE_SOFTWARE;
        root_.AccelerationMode =
            passes_for_hardware() ? MFX_ACCEL_MODE_VIA_VAAPI : MFX_ACCEL_MODE_NA;
        root_.ApiVersion = api_version();
        copy_text(root_.ImplName, kName);
        copy_text(root_.License, "MIT; loads GPL encoders");
        copy_text(root_.Keywords, "MRDA,software,x264,x265,SVT-AV1");
        root_.VendorID = passes_for_hardware() ? kIntel : kNoVendor;
        root_.Dev.Version.Version = MFX_DEVICEDESCRIPTION_VERSION;
        root_.Dev.MediaAdapterType = MFX_MEDIA_UNKNOWN;
        copy_text(root_.Dev.DeviceID, passes_for_hardware() ? kHardwareDevice : "0000");
        root_.Dec.Version.Version = MFX_DECODERDESCRIPTION_VERSION;
        root_.VPP.Version.Version = MFX_VPPDESCRIPTION_VERSION;
        root_.Enc.Version.Version = MFX_ENCODERDESCRIPTION_VERSION;
        root_.Enc.NumCodecs = static_cast<mfxU16>(encoders_.size());
        root_.Enc.Codecs = encoders_.data();
        root_.AccelerationModeDescription.Version.Version = MFX_ACCELERATIONMODESCRIPTION_VERSION;
        root_.AccelerationModeDescription.NumAccelerationModes = static_cast<mfxU16>(modes_.size());
        root_.AccelerationModeDescription.Mode = modes_.data();
        root_.PoolPolicies.Version.Version = MFX_POOLPOLICYDESCRIPTION_VERSION;
    }

    mfxHDL* handles() { return handles_.data(); }

  private:
    void build_encoders() {
        for (const Codec& codec : codecs()) {
            auto& profiles = profiles_.emplace_back();
            for (const mfxU16 id : codec.profiles) {
                profiles.push_back(describe_profile(codec, id));
            }
            EncoderEntry entry{};
            entry.CodecID = codec.id;
            entry.MaxcodecLevel = codec.max_level;
            entry.BiDirectionalPrediction = 1;
            entry.NumProfiles = static_cast<mfxU16>(profiles.size());
            entry.Profiles = profiles.data();
            encoders_.push_back(entry);
        }
    }

    ProfileEntry describe_profile(const Codec& codec, mfxU16 id) {
        const bool deep = id == codec.profile_10bit;
        const bool shallow = !deep || codec.profiles.size() == 1;
        auto& colours = colours_.emplace_back();
        if (shallow) {
            colours = {MFX_FOURCC_NV12, MFX_FOURCC_RGB4};
        }
        if (deep) {
            colours.push_back(MFX_FOURCC_P010);
        }
        auto& memory = memory_.emplace_back();
        for (const mfxResourceType type : {MFX_RESOURCE_SYSTEM_SURFACE, MFX_RESOURCE_VA_SURFACE}) {
            MemoryEntry entry{};
            entry.MemHandleType = type;
            entry.Width = {codec.min_size_px, codec.max_size_px, 2};
            entry.Height = entry.Width;
            entry.NumColorFormats = static_cast<mfxU16>(colours.size());
            entry.ColorFormats = colours.data();
            memory.push_back(entry);
        }
        ProfileEntry entry{};
        entry.Profile = id;
        entry.NumMemTypes = static_cast<mfxU16>(memory.size());
        entry.MemDesc = memory.data();
        return entry;
    }

    mfxImplDescription root_;
    std::array<mfxAccelerationMode, 2> modes_ = {MFX_ACCEL_MODE_VIA_VAAPI, MFX_ACCEL_MODE_NA};
    std::vector<EncoderEntry> encoders_;
    // Vectors of vectors: the inner ones keep their elements in place when the outer ones grow.
    std::vector<std::vector<ProfileEntry>> profiles_;
    std::vector<std::vector<MemoryEntry>> memory_;
    std::vector<std::vector<mfxU32>> colours_;
    std::array<mfxHDL, 1> handles_ = {&root_};
};

/// The functions that do something; the others exist because the dispatcher wants them.
class FunctionList {
  public:
    FunctionList() {
        for (auto& name : names_) {
            pointers_.push_back(name.data());
        }
        root_.NumFunctions = static_cast<mfxU16>(pointers_.size());
        root_.FunctionsName = pointers_.data();
    }

    mfxHDL* handles() { return handles_.data(); }

  private:
    std::vector<std::string> names_ = {
        "MFXInitialize",
        "MFXInit",
        "MFXInitEx",
        "MFXClose",
        "MFXCloneSession",
        "MFXJoinSession",
        "MFXDisjoinSession",
        "MFXSetPriority",
        "MFXGetPriority",
        "MFXQueryIMPL",
        "MFXQueryVersion",
        "MFXQueryImplsDescription",
        "MFXReleaseImplDescription",
        "MFXVideoCORE_SetHandle",
        "MFXVideoCORE_GetHandle",
        "MFXVideoCORE_SetFrameAllocator",
        "MFXVideoCORE_QueryPlatform",
        "MFXVideoCORE_SyncOperation",
        "MFXVideoENCODE_Query",
        "MFXVideoENCODE_QueryIOSurf",
        "MFXVideoENCODE_Init",
        "MFXVideoENCODE_Reset",
        "MFXVideoENCODE_Close",
        "MFXVideoENCODE_GetVideoParam",
        "MFXVideoENCODE_GetEncodeStat",
        "MFXVideoENCODE_EncodeFrameAsync",
    };
    std::vector<mfxChar*> pointers_;
    mfxImplementedFunctions root_{};
    std::array<mfxHDL, 1> handles_ = {&root_};
};

}  // namespace

mfxIMPL implementation() {
    return passes_for_hardware() ? MFX_IMPL_HARDWARE | MFX_IMPL_VIA_VAAPI : MFX_IMPL_SOFTWARE;
}

mfxVersion api_version() {
    mfxVersion version{};
    version.Major = 2;
    version.Minor = 8;
    return version;
}

mfxHDL* describe(mfxU32 format, mfxU32& count) {
    static Description description;
    static FunctionList functions;
    count = 1;
    switch (format) {
        case MFX_IMPLCAPS_IMPLDESCSTRUCTURE:
            return description.handles();
        case MFX_IMPLCAPS_IMPLEMENTEDFUNCTIONS:
            return functions.handles();
        default:
            count = 0;
            return nullptr;
    }
}

}  // namespace mrda::vpl::soft
