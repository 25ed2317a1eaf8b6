// SPDX-License-Identifier: MIT
#include "vaapi/soft/handle_table.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

namespace mrda::va_soft {
namespace {

TEST(HandleTable, a_handle_of_another_kind_is_refused) {
    HandleTable<int> surfaces(HandleKind::surface);
    HandleTable<int> images(HandleKind::image);
    const VAGenericID surface = surfaces.insert(std::make_shared<int>(1));
    ASSERT_NE(images.insert(std::make_shared<int>(2)), VA_INVALID_ID);
    EXPECT_EQ(images.find(surface), nullptr);
    EXPECT_EQ(surfaces.find(0), nullptr);
    EXPECT_EQ(surfaces.find(VA_INVALID_ID), nullptr);
}

TEST(HandleTable, a_full_table_gives_no_handle) {
    HandleTable<int> table(HandleKind::buffer);
    const auto object = std::make_shared<int>(0);
    std::set<VAGenericID> handles;
    for (int count = 0; count < 65536; ++count) {
        handles.insert(table.insert(object));
    }
    EXPECT_EQ(handles.size(), 65536U);
    EXPECT_FALSE(handles.contains(VA_INVALID_ID));
    EXPECT_EQ(table.insert(object), VA_INVALID_ID);
    table.remove(*handles.begin());
    EXPECT_NE(table.insert(object), VA_INVALID_ID);
}

// rapidcheck: any sequence of inserts and removes agrees with a plain map, and removed handles stay
// dead.
RC_GTEST_PROP(HandleTable, agrees_with_a_map_and_never_revives_a_handle, (std::vector<int> steps)) {
    HandleTable<int> table(HandleKind::surface);
    std::map<VAGenericID, int> live;
    std::set<VAGenericID> dead;
    for (const int step : steps) {
        if (step % 3 != 0 || live.empty()) {
            const VAGenericID handle = table.insert(std::make_shared<int>(step));
            RC_ASSERT(live.emplace(handle, step).second);
            RC_ASSERT(!dead.contains(handle));
        } else {
            const auto victim = live.begin();
            RC_ASSERT(table.remove(victim->first) != nullptr);
            RC_ASSERT(table.remove(victim->first) == nullptr);
            dead.insert(victim->first);
            live.erase(victim);
        }
    }
    for (const auto& [handle, value] : live) {
        RC_ASSERT(*table.find(handle) == value);
    }
    for (const VAGenericID handle : dead) {
        RC_ASSERT(table.find(handle) == nullptr);
    }
}

}  // namespace
}  // namespace mrda::va_soft
