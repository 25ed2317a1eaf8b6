// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

const mfxImplDescription& description_of(const SoftSession& session) {
    mfxHDL handle = nullptr;
    EXPECT_EQ(MFXEnumImplementations(session.loader(), 0, MFX_IMPLCAPS_IMPLDESCSTRUCTURE, &handle),
              MFX_ERR_NONE);
    return *static_cast<mfxImplDescription*>(handle);
}

TEST(VplSoftCapabilities, call_it_software_at_api_2_8) {
    SoftSession session;
    const mfxImplDescription& description = description_of(session);
    EXPECT_STREQ(description.ImplName, "mrda-software");
    EXPECT_EQ(description.Impl, MFX_IMPL_TYPE_SOFTWARE);
    EXPECT_EQ(description.ApiVersion.Major, 2);
    EXPECT_EQ(description.ApiVersion.Minor, 8);
    mfxVersion version{};
    ASSERT_EQ(MFXQueryVersion(session.get(), &version), MFX_ERR_NONE);
    EXPECT_EQ(version.Version, description.ApiVersion.Version);
}

TEST(VplSoftCapabilities, claim_three_encoders_and_nothing_else) {
    SoftSession session;
    const mfxImplDescription& description = description_of(session);
    std::set<mfxU32> codecs;
    for (int i = 0; i < description.Enc.NumCodecs; ++i) {
        codecs.insert(description.Enc.Codecs[i].CodecID);
    }
    EXPECT_EQ(codecs, (std::set<mfxU32>{MFX_CODEC_AVC, MFX_CODEC_HEVC, MFX_CODEC_AV1}));
    EXPECT_EQ(description.Dec.NumCodecs, 0);
    EXPECT_EQ(description.VPP.NumFilters, 0);
}

TEST(VplSoftCapabilities, every_profile_and_format_that_is_claimed_can_be_initialised) {
    SoftSession session;
    const mfxImplDescription& description = description_of(session);
    int tried = 0;
    for (int c = 0; c < description.Enc.NumCodecs; ++c) {
        const auto& codec = description.Enc.Codecs[c];
        for (int p = 0; p < codec.NumProfiles; ++p) {
            const auto& memory = codec.Profiles[p].MemDesc[0];
            ASSERT_EQ(memory.MemHandleType, MFX_RESOURCE_SYSTEM_SURFACE);
            for (int f = 0; f < memory.NumColorFormats; ++f) {
                mfxVideoParam params = make_params(codec.CodecID, 128, 96, memory.ColorFormats[f]);
                params.mfx.CodecProfile = static_cast<mfxU16>(codec.Profiles[p].Profile);
                SoftEncoder encoder(params);
                EXPECT_EQ(encoder.actual().mfx.CodecProfile, params.mfx.CodecProfile);
                EXPECT_EQ(encoder.encode(3).size() + encoder.drain().size(), 3U);
                ++tried;
            }
        }
    }
    EXPECT_EQ(tried, 9 + 3 + 3);
}

TEST(VplSoftCapabilities, the_smallest_size_that_is_claimed_can_be_encoded) {
    SoftSession session;
    const mfxImplDescription& description = description_of(session);
    for (int c = 0; c < description.Enc.NumCodecs; ++c) {
        const auto& codec = description.Enc.Codecs[c];
        const auto& memory = codec.Profiles[0].MemDesc[0];
        SoftEncoder encoder(make_params(codec.CodecID, static_cast<int>(memory.Width.Min),
                                        static_cast<int>(memory.Height.Min)));
        EXPECT_EQ(encoder.encode(3).size() + encoder.drain().size(), 3U);
    }
}

TEST(VplSoftCapabilities, decode_and_vpp_answer_unsupported) {
    SoftSession session;
    mfxVideoParam params{};
    EXPECT_EQ(MFXVideoDECODE_Init(session.get(), &params), MFX_ERR_UNSUPPORTED);
    EXPECT_EQ(MFXVideoVPP_Init(session.get(), &params), MFX_ERR_UNSUPPORTED);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
