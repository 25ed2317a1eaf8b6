// SPDX-License-Identifier: MIT
#include "mrda/interop/owned.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

namespace mrda {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<int>& closed() {
    static std::vector<int> handles;
    return handles;
}

struct CountingPolicy {
    using Handle = int;
    static Handle null() { return 0; }
    static void close(Handle handle) { closed().push_back(handle); }
};

using Counted = Owned<CountingPolicy>;

static_assert(!std::is_copy_constructible_v<Counted>);
static_assert(!std::is_copy_assignable_v<Counted>);
static_assert(std::is_nothrow_move_constructible_v<Counted>);
static_assert(std::is_nothrow_move_assignable_v<Counted>);

class OwnedTest : public testing::Test {
  protected:
    OwnedTest() { closed().clear(); }
};

TEST_F(OwnedTest, nothing_is_never_closed) {
    {
        const Counted nothing;
        EXPECT_FALSE(nothing.valid());
        EXPECT_FALSE(static_cast<bool>(nothing));
        EXPECT_EQ(nothing.get(), 0);
    }
    EXPECT_THAT(closed(), IsEmpty());
}

TEST_F(OwnedTest, handle_is_closed_once_at_the_end_of_its_scope) {
    {
        const Counted owned(7);
        EXPECT_TRUE(owned.valid());
        EXPECT_THAT(closed(), IsEmpty());
    }
    EXPECT_THAT(closed(), ElementsAre(7));
}

TEST_F(OwnedTest, move_hands_the_handle_on) {
    {
        Counted first(7);
        const Counted second(std::move(first));
        EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): that is the test.
        EXPECT_EQ(second.get(), 7);
    }
    EXPECT_THAT(closed(), ElementsAre(7));
}

TEST_F(OwnedTest, move_assignment_closes_the_old_handle_first) {
    {
        Counted first(7);
        first = Counted(8);
        EXPECT_THAT(closed(), ElementsAre(7));
        EXPECT_EQ(first.get(), 8);
    }
    EXPECT_THAT(closed(), ElementsAre(7, 8));
}

TEST_F(OwnedTest, move_to_itself_changes_nothing) {
    Counted owned(7);
    Counted& same = owned;
    owned = std::move(same);
    EXPECT_EQ(owned.get(), 7);
    EXPECT_THAT(closed(), IsEmpty());
}

TEST_F(OwnedTest, release_gives_up_ownership) {
    {
        Counted owned(7);
        EXPECT_EQ(owned.release(), 7);
        EXPECT_FALSE(owned.valid());
    }
    EXPECT_THAT(closed(), IsEmpty());
}

TEST_F(OwnedTest, reset_closes_what_is_held_and_holds_the_next) {
    Counted owned(7);
    owned.reset(8);
    EXPECT_THAT(closed(), ElementsAre(7));
    owned.reset();
    EXPECT_THAT(closed(), ElementsAre(7, 8));
    owned.reset();
    EXPECT_THAT(closed(), ElementsAre(7, 8));
}

}  // namespace
}  // namespace mrda
