// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream_fixture.h"

namespace mrda::stub {
namespace {

using StreamTrace = StreamTest;

std::vector<std::string> lines(std::initializer_list<std::string> expected) {
    return expected;
}

constexpr const char* kLinear =
    " offset=0x1000 width=1920 height=1080 pitch=2048 tiling=linear chroma_row=1088";

TEST_F(StreamTrace, traces_an_avc_encoders_source) {
    run(mfx_select(kMfxEncodeAvc) + mfx_picture(kMemory + 0x1000) +
        vdenc_frame(kVdencAvc, kMemory + 0x1000));
    EXPECT_EQ(trace(), lines({std::string("SOURCE codec=avc command=VDENC_PIPE_BUF_ADDR_STATE "
                                          "bo=memory") +
                              kLinear}));
}

TEST_F(StreamTrace, traces_a_source_without_vdenc) {
    run(mfx_select(kMfxEncodeAvc) + surface(0x7001, 0, {64, 64, 64, 3, 64}) +
        surface(0x7001, 4, kPicture) + surface(0x7001, 5, {32, 32, 32, 3, 32}) +
        mfx_picture(kMemory + 0x1000));
    EXPECT_EQ(trace(), lines({std::string("SOURCE codec=avc command=MFX_PIPE_BUF_ADDR_STATE "
                                          "bo=memory") +
                              kLinear}));
}

TEST_F(StreamTrace, traces_an_hevc_encoders_source) {
    run(hcp_select(1) + hcp_picture(kMemory + 0x1000, 0) +
        vdenc_frame(kVdencHevc, kMemory + 0x1000));
    EXPECT_EQ(trace(), lines({std::string("SOURCE codec=hevc command=VDENC_PIPE_BUF_ADDR_STATE "
                                          "bo=memory") +
                              kLinear}));
}

TEST_F(StreamTrace, traces_an_hevc_source_without_vdenc) {
    kind_ = "dg2";
    run(hcp_select(1) + sparse(0x7381, 5, {{1, 0U << 28 | 63}, {2, 64}}) +
        sparse(0x7381, 5, {{1, 1U << 28 | 2047}, {2, 4U << 27 | 1088}}) +
        hcp_picture(kMemory + 0x1000, 0) + sparse(0x7390, 41, {{1, 134U << 16 | 239}}));
    EXPECT_EQ(trace(), lines({std::string("SOURCE codec=hevc command=HCP_PIPE_BUF_ADDR_STATE "
                                          "bo=memory") +
                              kLinear}));
}

TEST_F(StreamTrace, traces_an_av1_encoders_source) {
    // VDENC comes first there.
    run(vdenc_frame(kVdencAv1, kMemory + 0x1000) + sparse(0x7180, 7, {{1, 1}}));
    EXPECT_EQ(trace(), lines({std::string("SOURCE codec=av1 command=VDENC_PIPE_BUF_ADDR_STATE "
                                          "bo=memory") +
                              kLinear}));
}

TEST_F(StreamTrace, names_a_tiling_as_the_device_has_it) {
    const std::vector<std::pair<std::string_view, std::array<const char*, 4>>> kinds{
        {"adlp", {"linear", "linear", "x", "y"}},
        {"dg2", {"linear", "64", "x", "4"}},
        {"lnl", {"linear", "64", "x", "4"}},
        {"bmg", {"linear", "64", "x", "4"}}};
    for (const auto& [kind, names] : kinds) {
        kind_ = kind;
        for (std::uint32_t mode = 0; mode < names.size(); ++mode) {
            run(vdenc_frame(kVdencAvc, kMemory, {1920, 1080, 2048, mode, 1088}));
            EXPECT_NE(trace().back().find(std::string(" tiling=") + names[mode] + " "),
                      std::string::npos)
                << kind << " " << mode << ": " << trace().back();
        }
    }
}

TEST_F(StreamTrace, traces_a_frame_once_for_all_its_passes) {
    const Words pass = mfx_select(kMfxEncodeAvc) + vdenc_frame(kVdencAvc, kMemory);
    run(pass + pass);
    EXPECT_EQ(trace().size(), 1U);
}

TEST_F(StreamTrace, traces_each_of_a_streams_frames) {
    run(vdenc_frame(kVdencAvc, kMemory) + vdenc_frame(kVdencAvc, kMemory + 0x1000));
    ASSERT_EQ(trace().size(), 2U);
    EXPECT_NE(trace()[0].find("offset=0x0 "), std::string::npos);
    EXPECT_NE(trace()[1].find("offset=0x1000 "), std::string::npos);
}

TEST_F(StreamTrace, a_frame_keeps_nothing_of_the_one_before) {
    run(vdenc_frame(kVdencAvc, kMemory) + vdenc_select(kVdencAvc) +
        vdenc_picture(kMemory + 0x1000));
    ASSERT_EQ(trace().size(), 2U);
    EXPECT_NE(trace()[1].find("width=0 height=0 pitch=0"), std::string::npos) << trace()[1];
}

TEST_F(StreamTrace, traces_a_frame_again_in_the_next_stream) {
    run(vdenc_frame(kVdencAvc, kMemory));
    run(vdenc_frame(kVdencAvc, kMemory));
    EXPECT_EQ(trace().size(), 2U);
}

TEST_F(StreamTrace, traces_a_source_in_a_called_batch) {
    fill(*called_, vdenc_picture(kMemory) + Words{kBatchEnd});
    run(vdenc_select(kVdencAvc) + vdenc_surface(kPicture) + call(kCalled));
    EXPECT_EQ(trace().size(), 1U);
}

TEST_F(StreamTrace, traces_no_source_of_a_decoder) {
    run(mfx_select(0x02) + mfx_picture(kMemory) + hcp_select(0) + hcp_picture(kMemory, 0));
    EXPECT_TRUE(trace().empty());
}

TEST_F(StreamTrace, traces_a_source_that_is_not_bound_as_object_0) {
    run(vdenc_frame(kVdencAvc, kUnbound));
    ASSERT_EQ(trace().size(), 1U);
    EXPECT_NE(trace()[0].find(" bo=0 offset=0x0 "), std::string::npos) << trace()[0];
}

TEST_F(StreamTrace, traces_commands_that_name_a_shared_object_once_each) {
    memory_->shared = true;
    run(store_imm(kMemory + 4, 1) + store_imm(kMemory + 4, 2) + store_imm(kMemory + 8, 3) +
        store_imm(kCalled, 4) + sparse(0x5040, 22, {{4, low(kMemory)}, {5, high(kMemory)}}));
    EXPECT_EQ(trace(), lines({"REF command=MI_STORE_DATA_IMM bo=memory offset=0x4",
                              "REF command=MI_STORE_DATA_IMM bo=memory offset=0x8",
                              "REF command=0x5040 bo=memory offset=0x0"}));
}

TEST_F(StreamTrace, traces_nothing_of_objects_that_are_not_shared) {
    run(store_imm(kMemory, 1));
    EXPECT_TRUE(trace().empty());
}

}  // namespace
}  // namespace mrda::stub
