// SPDX-License-Identifier: MIT
#include "mrda/media/frame_pool.h"

#include <thread>

#include "stages_fixture.h"

namespace mrda::media {
namespace {

class MediaFramePool : public testing::Test {
  protected:
    const std::shared_ptr<Device> device_ = make_host_device(0);
    const std::shared_ptr<FramePool> pool_ = FramePool::make(*device_, 1, nv12(64, 32), 3).value();
};

TEST_F(MediaFramePool, gives_each_frame_once_and_takes_it_back_with_its_last_copy) {
    std::vector<Frame> taken;
    for (std::uint32_t count = 0; count < 3; ++count) {
        taken.push_back(pool_->take().value());
        EXPECT_EQ(pool_->index_of(*taken.back().buffer), count);
    }
    EXPECT_FALSE(pool_->take().has_value());
    const Frame clone = taken[1];
    taken.clear();
    EXPECT_TRUE(pool_->take().has_value());
    std::vector<Frame> others{pool_->take().value(), pool_->take().value()};
    EXPECT_FALSE(pool_->take().has_value());
}

TEST_F(MediaFramePool, lives_as_long_as_one_of_its_frames) {
    auto pool = FramePool::make(*device_, 0, nv12(64, 32), 1).value();
    const std::weak_ptr<FramePool> watched = pool;
    auto frame = pool->take();
    pool.reset();
    EXPECT_FALSE(watched.expired());
    fill(*frame, 7);
    frame.reset();
    EXPECT_TRUE(watched.expired());
}

TEST_F(MediaFramePool, knows_no_other_buffer) {
    EXPECT_FALSE(pool_->index_of(*device_->allocate(1, 4096).value()).has_value());
    expect_error(FramePool::make(*device_, 1, nv12(64, 32), 0), Errc::invalid_argument,
                 "no frames");
    EXPECT_EQ(pool_->bank(), 1U);
    EXPECT_EQ(pool_->view().buffer_count, 3U);
}

TEST_F(MediaFramePool, gives_no_frame_to_two_threads) {
    std::vector<std::thread> threads;
    for (std::uint8_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([this, thread] {
            for (int round = 0; round < 500; ++round) {
                if (const auto frame = pool_->take()) {
                    fill(*frame, thread);
                    EXPECT_EQ(first_byte_of(*frame), thread);
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}  // namespace
}  // namespace mrda::media
