// SPDX-License-Identifier: MIT
#include "mrda/media/unit_access.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <random>
#include <thread>

#include "units_fixture.h"

namespace mrda::media {
namespace {

class MediaUnitAccess : public testing::Test {
  protected:
    explicit MediaUnitAccess(const char* unit = "return")
        : context_(context_with({place(unit)})), access_(context_->units(0)[0], -1, 4) {}

    std::shared_ptr<Context> context_;
    UnitAccess access_;
    std::array<std::byte, 4> word_{};
};

TEST_F(MediaUnitAccess, frees_a_buffer_once) {
    const mrda_buffer* const buffer = access_.allocate(-1, 64).value();
    EXPECT_TRUE(access_.release(buffer).ok());
    expect_error(access_.release(buffer), Errc::invalid_argument, "released before");
    expect_error(access_.release(nullptr), Errc::invalid_argument, "never allocated");
}

TEST_F(MediaUnitAccess, reads_and_writes_within_its_buffers_alone) {
    const mrda_buffer* const buffer = access_.allocate(1, 8).value();
    EXPECT_EQ(buffer->pages, nullptr);
    word_[3] = std::byte{9};
    EXPECT_TRUE(access_.write(buffer, 4, word_).ok());
    std::array<std::byte, 4> seen{};
    EXPECT_TRUE(access_.read(buffer, 4, seen).ok());
    EXPECT_EQ(seen, word_);
    expect_error(access_.read(buffer, 5, seen), Errc::invalid_argument, "buffer of 8");
    expect_error(access_.write(buffer, ~std::uint64_t{0}, word_), Errc::invalid_argument,
                 "buffer of 8");
}

TEST_F(MediaUnitAccess, does_not_release_what_was_lent) {
    const auto lent = context_->devices()[0]->allocate(-1, 8).value();
    access_.lend(lent);
    expect_error(access_.release(&lent->view()), Errc::invalid_argument, "the application's");
    EXPECT_TRUE(access_.write(&lent->view(), 0, word_).ok());
    access_.forget(lent->view().id);
    expect_error(access_.write(&lent->view(), 0, word_), Errc::invalid_argument, "no buffer of");
    EXPECT_EQ(lent.use_count(), 1);
}

TEST_F(MediaUnitAccess, tells_of_an_item_once) {
    ASSERT_TRUE(access_.unit().lock(&access_).ok());
    const std::uint64_t item = access_.schedule().value().value();
    const auto done = access_.wait(item, kLong);
    ASSERT_TRUE(done.ok() && done->has_value());
    EXPECT_EQ((*done)->registers.size(), access_.unit().kind().register_bytes);
    expect_error(access_.wait(item, kLong), Errc::invalid_argument, "told before");
    expect_error(access_.wait(item + 1, 0), Errc::invalid_argument, "no work item");
}

TEST_F(MediaUnitAccess, that_dies_with_the_lock_gives_it_back) {
    {
        UnitAccess other(context_->units(0)[0], -1, 0);
        ASSERT_TRUE(other.unit().lock(&other).ok());
        EXPECT_EQ(other.unit().statistics().sessions, 2U);
    }
    EXPECT_TRUE(access_.unit().lock(&access_).ok());
    EXPECT_EQ(access_.unit().statistics().sessions, 1U);
}

class MediaUnitAccessToBank1 : public MediaUnitAccess {
  protected:
    MediaUnitAccessToBank1() : MediaUnitAccess("bank-1") {}
};

TEST_F(MediaUnitAccessToBank1, allocates_and_takes_for_an_argument_what_that_reaches) {
    const mrda_buffer* const fits = access_.allocate_for(0, 64).value();
    EXPECT_EQ(fits->bank, 1U);
    const mrda_buffer* const other = access_.allocate(0, 64).value();
    ASSERT_TRUE(access_.unit().lock(&access_).ok());
    EXPECT_TRUE(access_.write_buffer_argument(0, fits).ok());
    expect_error(access_.write_buffer_argument(0, other), Errc::invalid_argument,
                 "reaches bank 1 (-1: any) of device 0 by address; the buffer lies in bank 0");
    expect_error(access_.write_buffer_argument(1, fits), Errc::invalid_argument, "is no buffer");
    expect_error(access_.allocate_for(7, 64), Errc::invalid_argument, "is no buffer");
}

class MediaUnitAccessToGate : public MediaUnitAccess {
  protected:
    MediaUnitAccessToGate() : MediaUnitAccess("gate") {}
};

TEST_F(MediaUnitAccessToGate, has_a_bounded_number_of_items_and_none_is_done_before_its_time) {
    const mrda_buffer* const words = access_.allocate(-1, 4096).value();
    ASSERT_TRUE(access_.unit().lock(&access_).ok());
    ASSERT_TRUE(access_.write_buffer_argument(0, words).ok());
    std::uint64_t last = 0;
    for (std::uint32_t count = 0; count < MRDA_MAX_SCHEDULED; ++count) {
        last = access_.schedule().value().value();
    }
    EXPECT_FALSE(access_.schedule().value().has_value());
    EXPECT_FALSE(access_.wait(last, 0).value().has_value());
    word_[0] = std::byte{1};
    ASSERT_TRUE(access_.write(words, 4, word_).ok());
    EXPECT_TRUE(access_.wait(last, kLong).value().has_value());
    // Those that nobody waited for are done, too, when the access dies.
}

/// Whatever sessions schedule on shared units, the items of a channel are done in their order.
RC_GTEST_PROP(MediaUnits, keep_the_order_of_each_channel, ()) {
    const auto context = context_with({place("wide-log", 1)});
    const auto unit = context->units(0)[0];
    const auto log = context->devices()[0]->allocate(-1, 1 << 16).value();
    const auto channels = *rc::gen::inRange<std::uint32_t>(1, 7);
    const auto counts = *rc::gen::container<std::vector<std::uint32_t>>(
        channels, rc::gen::inRange<std::uint32_t>(0, MRDA_MAX_SCHEDULED));
    std::vector<std::thread> threads;
    for (std::uint32_t channel = 0; channel < channels; ++channel) {
        threads.emplace_back([&, channel] {
            UnitAccess access(unit, -1, channel);
            access.lend(log);
            for (std::uint32_t number = 0; number < counts[channel]; ++number) {
                RC_ASSERT(access.unit().lock(&access).ok());
                RC_ASSERT(access.write_buffer_argument(0, &log->view()).ok());
                RC_ASSERT(
                    access.unit().write(&access, 8, std::as_bytes(std::span(&number, 1))).ok());
                RC_ASSERT(access.schedule().value().has_value());
                RC_ASSERT(access.unit().unlock(&access).ok());
            }
        });
    }
    std::uint32_t total = 0;
    for (std::uint32_t channel = 0; channel < channels; ++channel) {
        threads[channel].join();
        total += counts[channel];
    }
    const auto words = words_of(*log, 1 + total);
    RC_ASSERT(words[0] == total);
    // Not in step between channels: an item is logged a little after its place was taken.
    std::map<std::uint32_t, std::uint32_t> next;
    for (std::uint32_t place = 0; place < total; ++place) {
        RC_ASSERT((words[1 + place] & 0xffffU) == next[words[1 + place] >> 16U]++);
    }
}

}  // namespace
}  // namespace mrda::media
