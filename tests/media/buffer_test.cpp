// SPDX-License-Identifier: MIT
#include "mrda/media/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "mrda/interop/seals.h"

namespace mrda::media {
namespace {

using testing::HasSubstr;

constexpr std::int32_t kHost = 0;
constexpr std::int32_t kDeviceOnly = 1;

class MediaBuffer : public testing::Test {
  protected:
    std::shared_ptr<const Buffer> allocate(std::int32_t bank, std::uint64_t bytes) {
        return device_->allocate(bank, bytes).value();
    }
    std::shared_ptr<Device> device_ = make_host_device(3);
};

TEST_F(MediaBuffer, says_where_it_lies_and_how_it_can_be_reached) {
    const auto host = allocate(kHost, 5000);
    EXPECT_EQ(host->view().device, 3U);
    EXPECT_EQ(host->view().bank, 0U);
    EXPECT_EQ(host->view().length_bytes, 5000U);
    EXPECT_EQ(host->view().memory, MRDA_MEMORY_PAGES | MRDA_MEMORY_OBJECT | MRDA_MEMORY_ADDRESS);
    EXPECT_NE(host->view().pages, nullptr);
    const auto device = allocate(kDeviceOnly, 5000);
    EXPECT_EQ(device->view().bank, 1U);
    EXPECT_EQ(device->view().memory, MRDA_MEMORY_OBJECT | MRDA_MEMORY_ADDRESS);
    EXPECT_NE(device->view().address, 0U);
    EXPECT_EQ(device->view().pages, nullptr);
    EXPECT_GE(device->view().fd, 0);
}

TEST_F(MediaBuffer, of_no_named_bank_lies_in_the_default_one) {
    EXPECT_EQ(allocate(-1, 1)->view().bank, 0U);
}

TEST_F(MediaBuffer, of_a_bank_that_is_not_there_or_of_no_bytes_is_refused) {
    for (const std::int32_t bank : {2, -2, 1000}) {
        const auto made = device_->allocate(bank, 1);
        ASSERT_FALSE(made.ok()) << bank;
        EXPECT_EQ(made.error().code, Errc::invalid_argument);
        EXPECT_THAT(made.error().message, HasSubstr("bank " + std::to_string(bank)));
    }
    EXPECT_EQ(device_->allocate(-1, 0).error().code, Errc::invalid_argument);
    EXPECT_EQ(device_->allocate(-1, ~std::uint64_t{0}).error().code, Errc::out_of_memory);
}

TEST_F(MediaBuffer, is_zeroed_read_and_written_in_any_bank) {
    for (const std::int32_t bank : {kHost, kDeviceOnly}) {
        const auto buffer = allocate(bank, 100);
        std::array<std::byte, 4> bytes{std::byte{9}, std::byte{9}, std::byte{9}, std::byte{9}};
        ASSERT_TRUE(buffer->read(96, bytes).ok());
        EXPECT_EQ(bytes, (std::array<std::byte, 4>{}));
        bytes = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
        ASSERT_TRUE(buffer->write(50, bytes).ok());
        std::array<std::byte, 2> back{};
        ASSERT_TRUE(buffer->read(51, back).ok());
        EXPECT_EQ(back, (std::array{std::byte{2}, std::byte{3}}));
    }
}

TEST_F(MediaBuffer, written_is_what_its_pages_show) {
    const auto buffer = allocate(kHost, 16);
    const std::array bytes{std::byte{7}};
    ASSERT_TRUE(buffer->write(15, bytes).ok());
    EXPECT_EQ(static_cast<const std::byte*>(buffer->view().pages)[15], std::byte{7});
}

RC_GTEST_FIXTURE_PROP(MediaBuffer, is_never_read_or_written_outside, ()) {
    const auto length = *rc::gen::inRange<std::uint64_t>(1, 9000);
    const auto offset = *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 10000),
                                        rc::gen::arbitrary<std::uint64_t>());
    const auto count = *rc::gen::inRange<std::size_t>(0, 10000);
    const auto buffer = allocate(*rc::gen::element(kHost, kDeviceOnly), length);
    std::vector<std::byte> bytes(count, std::byte{1});
    const bool within = offset <= length && count <= length - offset;
    RC_ASSERT(buffer->write(offset, bytes).ok() == within);
    RC_ASSERT(buffer->read(offset, bytes).ok() == within);
}

TEST_F(MediaBuffer, cannot_shrink_under_who_imports_it) {
    EXPECT_GE(unshrinkable_size_bytes(allocate(kDeviceOnly, 5000)->view().fd).value(), 5000U);
}

TEST_F(MediaBuffer, has_an_id_that_no_other_has_in_any_thread) {
    std::array<std::vector<std::uint64_t>, 4> ids;
    std::vector<std::thread> threads;
    for (auto& own : ids) {
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) {
                own.push_back(allocate(kDeviceOnly, 1)->view().id);
            }
        });
    }
    std::set<std::uint64_t> all;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        threads[i].join();
        all.insert(ids[i].begin(), ids[i].end());
    }
    EXPECT_EQ(all.size(), 400U);
}

}  // namespace
}  // namespace mrda::media
