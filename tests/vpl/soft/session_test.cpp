// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "soft_encoder.h"

namespace mrda::vpl::soft_test {
namespace {

TEST(VplSoftSession, names_its_implementation_and_priority) {
    SoftSession session;
    mfxIMPL implementation = 0;
    ASSERT_EQ(MFXQueryIMPL(session.get(), &implementation), MFX_ERR_NONE);
    EXPECT_EQ(MFX_IMPL_BASETYPE(implementation), MFX_IMPL_SOFTWARE);
    ASSERT_EQ(MFXSetPriority(session.get(), MFX_PRIORITY_HIGH), MFX_ERR_NONE);
    mfxPriority priority = MFX_PRIORITY_LOW;
    ASSERT_EQ(MFXGetPriority(session.get(), &priority), MFX_ERR_NONE);
    EXPECT_EQ(priority, MFX_PRIORITY_HIGH);
}

TEST(VplSoftSession, encoding_without_init_is_refused) {
    SoftSession session;
    SoftBitstream bitstream(1000);
    mfxSyncPoint sync = nullptr;
    mfxVideoParam params{};
    mfxEncodeStat statistics{};
    EXPECT_EQ(
        MFXVideoENCODE_EncodeFrameAsync(session.get(), nullptr, nullptr, &bitstream.stream, &sync),
        MFX_ERR_NOT_INITIALIZED);
    EXPECT_EQ(MFXVideoENCODE_GetVideoParam(session.get(), &params), MFX_ERR_NOT_INITIALIZED);
    EXPECT_EQ(MFXVideoENCODE_GetEncodeStat(session.get(), &statistics), MFX_ERR_NOT_INITIALIZED);
    EXPECT_EQ(MFXVideoENCODE_Reset(session.get(), &params), MFX_ERR_NOT_INITIALIZED);
    EXPECT_EQ(MFXVideoENCODE_Close(session.get()), MFX_ERR_NOT_INITIALIZED);
}

TEST(VplSoftSession, init_twice_is_refused_and_after_close_accepted) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 64, 64);
    ASSERT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_UNDEFINED_BEHAVIOR);
    EXPECT_EQ(MFXVideoENCODE_Close(session.get()), MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_NONE);
}

TEST(VplSoftSession, null_pointers_are_refused) {
    SoftSession session;
    SoftBitstream bitstream(1000);
    mfxSyncPoint sync = nullptr;
    EXPECT_EQ(MFXVideoENCODE_Query(session.get(), nullptr, nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(MFXVideoENCODE_Init(session.get(), nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(MFXVideoENCODE_QueryIOSurf(session.get(), nullptr, nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(MFXVideoENCODE_EncodeFrameAsync(session.get(), nullptr, nullptr, nullptr, &sync),
              MFX_ERR_NULL_PTR);
    EXPECT_EQ(MFXVideoENCODE_EncodeFrameAsync(session.get(), nullptr, nullptr, &bitstream.stream,
                                              nullptr),
              MFX_ERR_NULL_PTR);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(session.get(), nullptr, 0), MFX_ERR_NULL_PTR);
}

TEST(VplSoftSession, an_allocator_with_a_hole_is_refused) {
    SoftSession session;
    mfxFrameAllocator allocator{};
    EXPECT_EQ(MFXVideoCORE_SetFrameAllocator(session.get(), &allocator), MFX_ERR_NULL_PTR);
}

TEST(VplSoftSession, video_memory_without_a_display_is_refused) {
    SoftSession session;
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 64, 64);
    params.IOPattern = MFX_IOPATTERN_IN_VIDEO_MEMORY;
    EXPECT_EQ(MFXVideoENCODE_Init(session.get(), &params), MFX_ERR_INVALID_HANDLE);
}

TEST(VplSoftSession, a_display_is_given_back_and_not_replaced) {
    SoftSession session;
    int first = 0;
    int second = 0;
    mfxHDL display = nullptr;
    EXPECT_EQ(MFXVideoCORE_GetHandle(session.get(), MFX_HANDLE_VA_DISPLAY, &display),
              MFX_ERR_NOT_FOUND);
    ASSERT_EQ(MFXVideoCORE_SetHandle(session.get(), MFX_HANDLE_VA_DISPLAY, &first), MFX_ERR_NONE);
    ASSERT_EQ(MFXVideoCORE_GetHandle(session.get(), MFX_HANDLE_VA_DISPLAY, &display), MFX_ERR_NONE);
    EXPECT_EQ(display, &first);
    EXPECT_EQ(MFXVideoCORE_SetHandle(session.get(), MFX_HANDLE_VA_DISPLAY, &second),
              MFX_ERR_UNDEFINED_BEHAVIOR);
}

TEST(VplSoftSession, joined_sessions_share_sync_points) {
    SoftSession parent;
    SoftSession child;
    ASSERT_EQ(MFXJoinSession(parent.get(), child.get()), MFX_ERR_NONE);
    mfxVideoParam params = make_params(MFX_CODEC_AVC, 64, 64);
    ASSERT_EQ(MFXVideoENCODE_Init(child.get(), &params), MFX_ERR_NONE);
    SoftFrame frame(params.mfx.FrameInfo, 0);
    SoftBitstream bitstream(100000);
    mfxSyncPoint sync = nullptr;
    ASSERT_EQ(MFXVideoENCODE_EncodeFrameAsync(child.get(), nullptr, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(parent.get(), sync, 60000), MFX_ERR_NONE);
    EXPECT_EQ(MFXDisjoinSession(child.get()), MFX_ERR_NONE);
    EXPECT_EQ(MFXDisjoinSession(child.get()), MFX_ERR_UNDEFINED_BEHAVIOR);
}

TEST(VplSoftSession, a_sync_point_of_another_session_is_refused) {
    SoftEncoder first(make_params(MFX_CODEC_AVC, 64, 64));
    SoftEncoder second(make_params(MFX_CODEC_AVC, 64, 64));
    SoftFrame frame(first.info(), 0);
    SoftBitstream bitstream(100000);
    mfxSyncPoint sync = nullptr;
    ASSERT_EQ(MFXVideoENCODE_EncodeFrameAsync(first.session(), nullptr, &frame.surface(),
                                              &bitstream.stream, &sync),
              MFX_ERR_NONE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(second.session(), sync, 0), MFX_ERR_INVALID_HANDLE);
    EXPECT_EQ(MFXVideoCORE_SyncOperation(first.session(), sync, 60000), MFX_ERR_NONE);
}

}  // namespace
}  // namespace mrda::vpl::soft_test
