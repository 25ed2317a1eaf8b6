// SPDX-License-Identifier: MIT
#include "stub/address_space.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstring>

namespace mrda::stub {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kAt = 0x10000;

std::shared_ptr<Object> pages(std::uint64_t count) {
    return Object::create(count * kPage, Region::system);
}

class Space : public ::testing::Test {
  protected:
    /// The object at `address`, or null.
    const Object* at(std::uint64_t address) const { return space_.find(address).object.get(); }

    AddressSpace space_;
    std::shared_ptr<Object> first_ = pages(4);
    std::shared_ptr<Object> second_ = pages(4);
};

TEST_F(Space, has_nothing_where_nothing_is_bound) {
    EXPECT_EQ(at(0), nullptr);
    EXPECT_EQ(at(kAt), nullptr);
    EXPECT_EQ(at(UINT64_MAX), nullptr);
    EXPECT_FALSE(space_.write32(kAt, 1));
    EXPECT_FALSE(space_.write64(kAt, 1));
    std::uint32_t value = 7;
    EXPECT_FALSE(space_.read32(kAt, &value));
    EXPECT_EQ(value, 7U);
}

TEST_F(Space, has_an_object_from_its_first_byte_to_its_last) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, 4 * kPage));
    EXPECT_EQ(at(kAt - 1), nullptr);
    EXPECT_EQ(at(kAt), first_.get());
    EXPECT_EQ(at(kAt + 4 * kPage - 1), first_.get());
    EXPECT_EQ(at(kAt + 4 * kPage), nullptr);
}

TEST_F(Space, tells_the_place_within_the_object) {
    ASSERT_TRUE(space_.bind(kAt, first_, kPage, 2 * kPage));
    const AddressSpace::Place place = space_.find(kAt + 24);
    EXPECT_EQ(place.offset_bytes, kPage + 24);
    EXPECT_EQ(place.left_bytes, 2 * kPage - 24);
    EXPECT_EQ(place.bytes, first_->bytes() + kPage + 24);
}

TEST_F(Space, refuses_a_range_that_is_not_in_the_object_and_keeps_what_was_there) {
    ASSERT_TRUE(space_.bind(kAt, second_, 0, kPage));
    EXPECT_FALSE(space_.bind(kAt, first_, 0, 4 * kPage + 1));
    EXPECT_FALSE(space_.bind(kAt, first_, kPage, 4 * kPage));
    EXPECT_FALSE(space_.bind(kAt, first_, 5 * kPage, 0));
    EXPECT_FALSE(space_.bind(kAt, first_, kPage, UINT64_MAX));
    EXPECT_FALSE(space_.bind(kAt, first_, UINT64_MAX, kPage));
    EXPECT_EQ(at(kAt), second_.get());
}

TEST_F(Space, knows_an_address_with_and_without_its_sign) {
    constexpr std::uint64_t kExtended = 0xffff'8000'0000'1000;
    constexpr std::uint64_t kPlain = 0x0000'8000'0000'1000;
    ASSERT_TRUE(space_.bind(kExtended, first_, 0, kPage));
    EXPECT_EQ(at(kPlain), first_.get());
    EXPECT_EQ(at(kExtended + kPage - 1), first_.get());
    EXPECT_EQ(space_.address_of(*first_), kPlain);
    ASSERT_TRUE(space_.bind(kPlain, second_, 0, kPage));
    EXPECT_EQ(at(kExtended), second_.get());
    space_.unbind(kExtended, kPage);
    EXPECT_EQ(at(kPlain), nullptr);
}

TEST_F(Space, has_its_very_last_page) {
    constexpr std::uint64_t kLastPage = (std::uint64_t{1} << 48) - kPage;
    ASSERT_TRUE(space_.bind(kLastPage, first_, 0, kPage));
    EXPECT_EQ(at(kLastPage + kPage - 1), first_.get());
    EXPECT_TRUE(space_.write32(kLastPage + kPage - 4, 1));
    EXPECT_FALSE(space_.write32(kLastPage + kPage - 3, 1));
}

TEST_F(Space, gives_way_to_what_is_bound_later) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, 4 * kPage));
    ASSERT_TRUE(space_.bind(kAt, second_, 0, 4 * kPage));
    EXPECT_EQ(at(kAt), second_.get());
    EXPECT_EQ(at(kAt + 4 * kPage - 1), second_.get());
    EXPECT_EQ(space_.address_of(*first_), 0U);
}

TEST_F(Space, keeps_what_lies_before_a_later_binding) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, 4 * kPage));
    ASSERT_TRUE(space_.bind(kAt + 2 * kPage, second_, 0, 4 * kPage));
    EXPECT_EQ(at(kAt + 2 * kPage - 1), first_.get());
    EXPECT_EQ(space_.find(kAt).left_bytes, 2 * kPage);
    EXPECT_EQ(at(kAt + 2 * kPage), second_.get());
    EXPECT_EQ(at(kAt + 6 * kPage - 1), second_.get());
}

TEST_F(Space, lets_one_binding_cover_several) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, kPage));
    ASSERT_TRUE(space_.bind(kAt + kPage, first_, kPage, kPage));
    ASSERT_TRUE(space_.bind(kAt + 3 * kPage, first_, 3 * kPage, kPage));
    ASSERT_TRUE(space_.bind(kAt, second_, 0, 4 * kPage));
    for (std::uint64_t page = 0; page < 4; ++page) {
        EXPECT_EQ(at(kAt + page * kPage), second_.get()) << page;
    }
}

TEST_F(Space, keeps_its_neighbours) {
    ASSERT_TRUE(space_.bind(kAt - kPage, first_, 0, kPage));
    ASSERT_TRUE(space_.bind(kAt + kPage, first_, kPage, kPage));
    ASSERT_TRUE(space_.bind(kAt, second_, 0, kPage));
    space_.unbind(kAt, kPage);
    EXPECT_EQ(at(kAt - 1), first_.get());
    EXPECT_EQ(at(kAt), nullptr);
    EXPECT_EQ(at(kAt + kPage - 1), nullptr);
    EXPECT_EQ(at(kAt + kPage), first_.get());
}

TEST_F(Space, unbinds_the_end_of_a_binding) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, 4 * kPage));
    space_.unbind(kAt + 3 * kPage, kPage);
    EXPECT_EQ(at(kAt + 3 * kPage - 1), first_.get());
    EXPECT_EQ(at(kAt + 3 * kPage), nullptr);
}

TEST_F(Space, keeps_what_lies_on_both_sides_of_a_hole) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, 4 * kPage));
    space_.unbind(kAt + kPage, kPage);
    EXPECT_EQ(space_.find(kAt).left_bytes, kPage);
    EXPECT_EQ(at(kAt + kPage), nullptr);
    EXPECT_EQ(space_.find(kAt + 2 * kPage).offset_bytes, 2 * kPage);
    EXPECT_EQ(space_.find(kAt + 2 * kPage).left_bytes, 2 * kPage);
}

TEST_F(Space, changes_nothing_for_an_empty_range) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, 4 * kPage));
    space_.unbind(kAt + kPage, 0);
    EXPECT_FALSE(space_.bind(kAt + kPage, second_, 0, 0));
    EXPECT_EQ(space_.find(kAt).left_bytes, 4 * kPage);
}

TEST_F(Space, binds_nothing_beyond_its_last_address) {
    EXPECT_FALSE(space_.bind((std::uint64_t{1} << 48) - kPage, first_, 0, 2 * kPage));
}

RC_GTEST_PROP(SpaceModel, has_at_each_page_what_was_bound_there_last, ()) {
    constexpr std::uint64_t kPages = 16;
    const std::array objects{pages(kPages), pages(kPages)};
    std::array<std::pair<const Object*, std::uint64_t>, kPages> model{};
    AddressSpace space;
    const auto steps = *rc::gen::inRange(1, 30);
    for (int step = 0; step < steps; ++step) {
        const auto first = *rc::gen::inRange<std::uint64_t>(0, kPages);
        const auto count = *rc::gen::inRange<std::uint64_t>(1, kPages - first + 1);
        const auto which = *rc::gen::inRange<std::size_t>(0, 3);
        const auto from = *rc::gen::inRange<std::uint64_t>(0, kPages - count + 1);
        if (which == 2) {
            space.unbind(kAt + first * kPage, count * kPage);
        } else {
            RC_ASSERT(
                space.bind(kAt + first * kPage, objects.at(which), from * kPage, count * kPage));
        }
        for (std::uint64_t i = 0; i < count; ++i) {
            model.at(first + i) = which == 2 ? std::pair<const Object*, std::uint64_t>{}
                                             : std::pair<const Object*, std::uint64_t>{
                                                   objects.at(which).get(), (from + i) * kPage};
        }
        for (std::uint64_t page = 0; page < kPages; ++page) {
            const AddressSpace::Place place = space.find(kAt + page * kPage + 8);
            RC_ASSERT((place.object.get() == model.at(page).first));
            RC_ASSERT((place.object == nullptr || place.offset_bytes == model.at(page).second + 8));
        }
    }
}

TEST_F(Space, unbinds_all_that_begins_in_a_range) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, kPage));
    ASSERT_TRUE(space_.bind(kAt + 2 * kPage, second_, 0, kPage));
    space_.unbind(kAt, UINT64_MAX);
    EXPECT_EQ(at(kAt), nullptr);
    EXPECT_EQ(at(kAt + 2 * kPage), nullptr);
}

TEST_F(Space, unbinds_an_object_wherever_it_is_bound) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, kPage));
    ASSERT_TRUE(space_.bind(kAt + kPage, second_, 0, kPage));
    ASSERT_TRUE(space_.bind(kAt + 2 * kPage, first_, kPage, kPage));
    space_.unbind_object(*first_);
    EXPECT_EQ(at(kAt), nullptr);
    EXPECT_EQ(at(kAt + kPage), second_.get());
    EXPECT_EQ(at(kAt + 2 * kPage), nullptr);
}

TEST_F(Space, keeps_an_object_that_is_bound) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, kPage));
    const std::weak_ptr<Object> watched = first_;
    first_.reset();
    EXPECT_FALSE(watched.expired());
    space_.unbind(kAt, kPage);
    EXPECT_TRUE(watched.expired());
}

TEST_F(Space, knows_the_address_of_an_objects_first_byte_only) {
    ASSERT_TRUE(space_.bind(kAt, first_, kPage, kPage));
    EXPECT_EQ(space_.address_of(*first_), 0U);
    ASSERT_TRUE(space_.bind(kAt + 7 * kPage, first_, 0, kPage));
    EXPECT_EQ(space_.address_of(*first_), kAt + 7 * kPage);
}

TEST_F(Space, writes_into_the_object_and_reads_from_it) {
    ASSERT_TRUE(space_.bind(kAt, first_, kPage, kPage));
    EXPECT_TRUE(space_.write64(kAt + 8, 0x1122334455667788));
    EXPECT_TRUE(space_.write32(kAt + 8, 0xaabbccdd));
    std::uint64_t stored = 0;
    std::memcpy(&stored, first_->bytes() + kPage + 8, sizeof stored);
    EXPECT_EQ(stored, 0x11223344aabbccddU);
    std::uint32_t value = 0;
    EXPECT_TRUE(space_.read32(kAt + 12, &value));
    EXPECT_EQ(value, 0x11223344U);
}

TEST_F(Space, writes_nothing_beyond_what_is_bound) {
    ASSERT_TRUE(space_.bind(kAt, first_, 0, kPage));
    EXPECT_TRUE(space_.write32(kAt + kPage - 4, 1));
    EXPECT_FALSE(space_.write32(kAt + kPage - 3, UINT32_MAX));
    EXPECT_TRUE(space_.write64(kAt + kPage - 8, 2));
    EXPECT_FALSE(space_.write64(kAt + kPage - 7, UINT64_MAX));
    std::uint32_t value = 7;
    EXPECT_TRUE(space_.read32(kAt + kPage - 4, &value));
    EXPECT_EQ(value, 0U);
    EXPECT_FALSE(space_.read32(kAt + kPage - 3, &value));
    std::uint64_t next_page = 0;
    std::memcpy(&next_page, first_->bytes() + kPage, sizeof next_page);
    EXPECT_EQ(next_page, 0U);
}

TEST_F(Space, writes_into_the_programs_own_pages) {
    alignas(kPage) std::array<std::uint32_t, kPage / 4> memory{};
    const auto user = Object::of_user_pages(reinterpret_cast<std::uint64_t>(memory.data()), kPage);
    ASSERT_TRUE(space_.bind(kAt, user, 0, kPage));
    EXPECT_EQ(space_.find(kAt + 4).bytes, reinterpret_cast<std::byte*>(&memory[1]));
    EXPECT_TRUE(space_.write32(kAt + kPage - 4, 0x600df00d));
    EXPECT_EQ(memory.back(), 0x600df00dU);
    EXPECT_FALSE(space_.bind(kAt, user, 0, 2 * kPage));
}

}  // namespace
}  // namespace mrda::stub
