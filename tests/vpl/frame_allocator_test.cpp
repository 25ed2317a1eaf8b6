// SPDX-License-Identifier: MIT
#include "mrda/vpl/frame_allocator.h"

#include <drm_fourcc.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "chain_fixture.h"
#include "imported_frames.h"

namespace mrda::vpl {
namespace {

constexpr std::uint32_t kWidthPx = 128;
constexpr std::uint32_t kHeightPx = 96;
constexpr std::size_t kCount = 3;

mfxFrameAllocRequest request_of(std::uint32_t fourcc, mfxU16 width_px, mfxU16 height_px) {
    mfxFrameAllocRequest request{};
    request.Info.FourCC = fourcc;
    request.Info.ChromaFormat = MFX_CHROMAFORMAT_YUV420;
    request.Info.Width = width_px;
    request.Info.Height = height_px;
    request.Type = MFX_MEMTYPE_FROM_ENCODE | MFX_MEMTYPE_EXTERNAL_FRAME |
                   MFX_MEMTYPE_VIDEO_MEMORY_DECODER_TARGET;
    request.NumFrameMin = kCount;
    request.NumFrameSuggested = kCount;
    return request;
}

/// An allocator over imported surfaces, called through the pointers that a runtime calls.
class VplFrameAllocator : public test::ChainTest {
  protected:
    void SetUp() override {
        ChainTest::SetUp();
        if (HasFatalFailure()) {
            return;
        }
        frames_.emplace(test::import_frames(context(), display(), DRM_FORMAT_NV12, kWidthPx,
                                            kHeightPx, kCount));
        auto created = FrameAllocator::create(std::move(frames_->surfaces));
        ASSERT_TRUE(created.ok()) << to_string(created.error());
        allocator_ = std::move(*created);
    }

    mfxStatus alloc(mfxFrameAllocRequest request) {
        return interface().Alloc(interface().pthis, &request, &response_);
    }
    mfxStatus lock(mfxMemId id, mfxFrameData& data) {
        return interface().Lock(interface().pthis, id, &data);
    }
    mfxStatus unlock(mfxMemId id, mfxFrameData* data = nullptr) {
        return interface().Unlock(interface().pthis, id, data);
    }
    mfxStatus get_handle(mfxMemId id, mfxHDL& handle) {
        return interface().GetHDL(interface().pthis, id, &handle);
    }
    FrameAllocator& allocator() { return *allocator_; }
    mfxFrameAllocator& interface() { return *allocator_->interface(); }

    mfxFrameAllocResponse response_{};

  private:
    std::optional<test::ImportedFrames> frames_;
    std::unique_ptr<FrameAllocator> allocator_;
};

TEST_F(VplFrameAllocator, gives_its_surfaces_to_a_request_for_video_memory) {
    ASSERT_EQ(alloc(request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx)), MFX_ERR_NONE);
    ASSERT_EQ(response_.NumFrameActual, kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
        EXPECT_EQ(response_.mids[i], allocator().memory_id(i));
    }
}

TEST_F(VplFrameAllocator, gives_its_surfaces_for_smaller_frames_and_fewer_of_them) {
    mfxFrameAllocRequest request = request_of(MFX_FOURCC_NV12, kWidthPx - 16, kHeightPx - 16);
    request.NumFrameMin = 1;
    request.Type = MFX_MEMTYPE_VIDEO_MEMORY_PROCESSOR_TARGET;
    EXPECT_EQ(alloc(request), MFX_ERR_NONE);
}

TEST_F(VplFrameAllocator, has_no_system_memory) {
    mfxFrameAllocRequest request = request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx);
    request.Type = MFX_MEMTYPE_FROM_ENCODE | MFX_MEMTYPE_SYSTEM_MEMORY;
    EXPECT_EQ(alloc(request), MFX_ERR_UNSUPPORTED);
    request.Type = MFX_MEMTYPE_FROM_ENCODE;
    EXPECT_EQ(alloc(request), MFX_ERR_UNSUPPORTED);
}

TEST_F(VplFrameAllocator, has_no_frames_of_another_fourcc) {
    EXPECT_EQ(alloc(request_of(MFX_FOURCC_P010, kWidthPx, kHeightPx)), MFX_ERR_UNSUPPORTED);
    EXPECT_EQ(alloc(request_of(MFX_FOURCC_RGB4, kWidthPx, kHeightPx)), MFX_ERR_UNSUPPORTED);
    EXPECT_EQ(alloc(request_of(0, kWidthPx, kHeightPx)), MFX_ERR_UNSUPPORTED);
}

TEST_F(VplFrameAllocator, has_no_larger_frames) {
    EXPECT_EQ(alloc(request_of(MFX_FOURCC_NV12, kWidthPx + 1, kHeightPx)), MFX_ERR_UNSUPPORTED);
    EXPECT_EQ(alloc(request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx + 1)), MFX_ERR_UNSUPPORTED);
}

TEST_F(VplFrameAllocator, has_no_more_frames_than_it_was_given) {
    mfxFrameAllocRequest request = request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx);
    request.NumFrameMin = kCount + 1;
    EXPECT_EQ(alloc(request), MFX_ERR_UNSUPPORTED);
}

TEST_F(VplFrameAllocator, forgets_a_response_that_is_freed_and_can_give_again) {
    ASSERT_EQ(alloc(request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx)), MFX_ERR_NONE);
    EXPECT_EQ(interface().Free(interface().pthis, &response_), MFX_ERR_NONE);
    EXPECT_EQ(response_.NumFrameActual, 0);
    EXPECT_EQ(response_.mids, nullptr);
    EXPECT_EQ(alloc(request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx)), MFX_ERR_NONE);
    EXPECT_EQ(response_.NumFrameActual, kCount);
}

TEST_F(VplFrameAllocator, answers_for_a_handle_with_the_surface_and_counts_that) {
    for (std::size_t i = 0; i < kCount; ++i) {
        mfxHDL handle = nullptr;
        ASSERT_EQ(get_handle(allocator().memory_id(i), handle), MFX_ERR_NONE);
        EXPECT_EQ(*static_cast<VASurfaceID*>(handle), allocator().surface(i).id());
    }
    EXPECT_EQ(allocator().handles_given(), kCount);
}

TEST_F(VplFrameAllocator, locks_a_frame_for_writes_that_stay) {
    const mfxMemId id = allocator().memory_id(0);
    mfxFrameData data{};
    ASSERT_EQ(lock(id, data), MFX_ERR_NONE);
    ASSERT_GE(data.PitchLow, kWidthPx);
    std::memset(data.Y + std::size_t{data.PitchLow} * (kHeightPx - 1), 0x5a, kWidthPx);
    std::memset(data.UV, 0xa5, kWidthPx);
    EXPECT_EQ(unlock(id, &data), MFX_ERR_NONE);
    EXPECT_EQ(data.Y, nullptr);
    EXPECT_EQ(data.UV, nullptr);

    ASSERT_EQ(lock(id, data), MFX_ERR_NONE);
    EXPECT_EQ(data.Y[std::size_t{data.PitchLow} * (kHeightPx - 1) + kWidthPx - 1], 0x5a);
    EXPECT_EQ(data.UV[kWidthPx - 1], 0xa5);
    EXPECT_EQ(unlock(id, &data), MFX_ERR_NONE);
}

TEST_F(VplFrameAllocator, keeps_a_frame_mapped_until_the_last_lock_is_undone) {
    const mfxMemId id = allocator().memory_id(1);
    mfxFrameData first{};
    mfxFrameData second{};
    ASSERT_EQ(lock(id, first), MFX_ERR_NONE);
    ASSERT_EQ(lock(id, second), MFX_ERR_NONE);
    EXPECT_EQ(first.Y, second.Y);
    EXPECT_EQ(unlock(id, &first), MFX_ERR_NONE);
    second.Y[0] = 1;
    EXPECT_EQ(second.Y[0], 1);
    EXPECT_EQ(unlock(id, &second), MFX_ERR_NONE);
    EXPECT_EQ(unlock(id), MFX_ERR_UNDEFINED_BEHAVIOR);
}

TEST_F(VplFrameAllocator, refuses_an_unlock_without_a_lock) {
    mfxFrameData data{};
    EXPECT_EQ(unlock(allocator().memory_id(0), &data), MFX_ERR_UNDEFINED_BEHAVIOR);
}

TEST_F(VplFrameAllocator, refuses_memory_ids_that_it_did_not_give) {
    int foreign = 0;
    for (const mfxMemId id : {mfxMemId{nullptr}, mfxMemId{&foreign}}) {
        mfxFrameData data{};
        mfxHDL handle = nullptr;
        EXPECT_EQ(lock(id, data), MFX_ERR_INVALID_HANDLE);
        EXPECT_EQ(unlock(id, &data), MFX_ERR_INVALID_HANDLE);
        EXPECT_EQ(get_handle(id, handle), MFX_ERR_INVALID_HANDLE);
    }
    EXPECT_EQ(allocator().handles_given(), 0U);
}

TEST_F(VplFrameAllocator, refuses_null_where_something_is_to_be_written) {
    mfxFrameAllocRequest request = request_of(MFX_FOURCC_NV12, kWidthPx, kHeightPx);
    void* const self = interface().pthis;
    EXPECT_EQ(interface().Alloc(nullptr, &request, &response_), MFX_ERR_NULL_PTR);
    EXPECT_EQ(interface().Alloc(self, nullptr, &response_), MFX_ERR_NULL_PTR);
    EXPECT_EQ(interface().Alloc(self, &request, nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(interface().Lock(self, allocator().memory_id(0), nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(interface().GetHDL(self, allocator().memory_id(0), nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(interface().Free(self, nullptr), MFX_ERR_NULL_PTR);
    EXPECT_EQ(interface().Unlock(nullptr, allocator().memory_id(0), nullptr), MFX_ERR_NULL_PTR);
}

TEST_F(VplFrameAllocator, serves_several_threads_at_once) {
    constexpr int kThreads = 4;
    constexpr int kRounds = 50;
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < kThreads; ++thread) {
            threads.emplace_back([&, thread] {
                for (int round = 0; round < kRounds; ++round) {
                    const auto index = static_cast<std::size_t>(thread + round) % kCount;
                    const mfxMemId id = allocator().memory_id(index);
                    mfxFrameData data{};
                    mfxHDL handle = nullptr;
                    const bool right =
                        lock(id, data) == MFX_ERR_NONE && data.Y != nullptr &&
                        get_handle(id, handle) == MFX_ERR_NONE &&
                        *static_cast<VASurfaceID*>(handle) == allocator().surface(index).id() &&
                        unlock(id, &data) == MFX_ERR_NONE;
                    wrong += right ? 0 : 1;
                }
            });
        }
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(allocator().handles_given(), std::uint64_t{kThreads} * kRounds);
    EXPECT_EQ(unlock(allocator().memory_id(0)), MFX_ERR_UNDEFINED_BEHAVIOR);
}

class VplFrameAllocatorCreate : public test::ChainTest {};

TEST_F(VplFrameAllocatorCreate, refuses_no_surface_at_all) {
    const auto created = FrameAllocator::create({});
    ASSERT_FALSE(created.ok());
    EXPECT_EQ(created.error().code, Errc::invalid_argument);
}

TEST_F(VplFrameAllocatorCreate, refuses_surfaces_of_two_sizes_or_formats) {
    for (const auto& [fourcc, width_px] :
         {std::pair<std::uint32_t, std::uint32_t>{DRM_FORMAT_NV12, 192}, {DRM_FORMAT_P010, 128}}) {
        auto some = test::import_frames(context(), display(), DRM_FORMAT_NV12, 128, 96, 1);
        auto other = test::import_frames(context(), display(), fourcc, width_px, 96, 1);
        ASSERT_EQ(other.surfaces.size(), 1U);
        some.surfaces.push_back(std::move(other.surfaces.front()));
        const auto created = FrameAllocator::create(std::move(some.surfaces));
        ASSERT_FALSE(created.ok());
        EXPECT_EQ(created.error().code, Errc::invalid_argument);
    }
}

/// What Lock says of the one frame of an allocator, and whether it stays where it is.
class VplFrameAllocatorLock : public test::ChainTest {
  protected:
    void expect_locked(std::uint32_t drm_fourcc, void (*expect)(const mfxFrameData&)) {
        SCOPED_TRACE(fourcc_string(drm_fourcc));
        auto frames = test::import_frames(context(), display(), drm_fourcc, 128, 96, 1);
        auto allocator = FrameAllocator::create(std::move(frames.surfaces));
        ASSERT_TRUE(allocator.ok()) << to_string(allocator.error());
        mfxFrameAllocator& interface = *(*allocator)->interface();
        mfxFrameData data{};
        const mfxMemId id = (*allocator)->memory_id(0);
        ASSERT_EQ(interface.Lock(interface.pthis, id, &data), MFX_ERR_NONE);
        expect(data);
        EXPECT_EQ(interface.Unlock(interface.pthis, id, &data), MFX_ERR_NONE);
        for (const mfxU8* plane : {data.Y, data.U, data.V, data.A}) {
            EXPECT_EQ(plane, nullptr);
        }
        EXPECT_EQ(data.PitchLow, 0);
    }
};

TEST_F(VplFrameAllocatorLock, shows_blue_first_in_rgb4) {
    for (const std::uint32_t fourcc : {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888}) {
        expect_locked(fourcc, [](const mfxFrameData& data) {
            EXPECT_GE(data.PitchLow, 4 * 128);
            EXPECT_EQ(data.G, data.B + 1);
            EXPECT_EQ(data.R, data.B + 2);
            EXPECT_EQ(data.A, data.B + 3);
        });
    }
}

TEST_F(VplFrameAllocatorLock, shows_red_first_in_bgr4) {
    for (const std::uint32_t fourcc : {DRM_FORMAT_ABGR8888, DRM_FORMAT_XBGR8888}) {
        expect_locked(fourcc, [](const mfxFrameData& data) {
            EXPECT_GE(data.PitchLow, 4 * 128);
            EXPECT_EQ(data.G, data.R + 1);
            EXPECT_EQ(data.B, data.R + 2);
            EXPECT_EQ(data.A, data.R + 3);
        });
    }
}

TEST_F(VplFrameAllocatorLock, shows_chroma_between_luma_in_yuy2) {
    expect_locked(DRM_FORMAT_YUYV, [](const mfxFrameData& data) {
        EXPECT_GE(data.PitchLow, 2 * 128);
        EXPECT_EQ(data.U, data.Y + 1);
        EXPECT_EQ(data.V, data.Y + 3);
    });
}

TEST(VplFormat, is_known_for_every_format_that_onevpl_encodes) {
    for (const std::uint32_t fourcc :
         {DRM_FORMAT_NV12, DRM_FORMAT_P010, DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888,
          DRM_FORMAT_ABGR8888, DRM_FORMAT_XBGR8888, DRM_FORMAT_YUYV}) {
        EXPECT_TRUE(mfx_format_of(fourcc).ok()) << fourcc_string(fourcc);
    }
}

TEST(VplFormat, is_refused_by_name_where_onevpl_has_none) {
    const auto format = mfx_format_of(DRM_FORMAT_YUV420);
    ASSERT_FALSE(format.ok());
    EXPECT_EQ(format.error().code, Errc::unsupported);
    EXPECT_NE(format.error().message.find("YU12"), std::string::npos);
}

}  // namespace
}  // namespace mrda::vpl
