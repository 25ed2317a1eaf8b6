// SPDX-License-Identifier: MIT
#include "mrda/interop/copy_ledger.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace mrda {
namespace {

TEST(CopyLedger, starts_with_nothing_copied) {
    const CopyLedger ledger;
    EXPECT_EQ(ledger.total_bytes(), 0U);
    EXPECT_TRUE(ledger.entries().empty());
}

TEST(CopyLedger, adds_up_copies_of_one_stage_and_reason) {
    CopyLedger ledger;
    ledger.record("surface to encoder", "no import", 100);
    ledger.record("surface to encoder", "no import", 50);
    const auto entries = ledger.entries();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].stage, "surface to encoder");
    EXPECT_EQ(entries[0].reason, "no import");
    EXPECT_EQ(entries[0].copies, 2U);
    EXPECT_EQ(entries[0].bytes, 150U);
    EXPECT_EQ(ledger.total_bytes(), 150U);
}

TEST(CopyLedger, keeps_stages_and_reasons_apart_in_the_order_they_came) {
    CopyLedger ledger;
    ledger.record("upload", "tiled", 1);
    ledger.record("download", "tiled", 2);
    ledger.record("upload", "no engine", 3);
    ledger.record("upload", "tiled", 4);
    const auto entries = ledger.entries();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].bytes, 5U);
    EXPECT_EQ(entries[1].stage, "download");
    EXPECT_EQ(entries[2].reason, "no engine");
    EXPECT_EQ(ledger.total_bytes(), 10U);
}

TEST(CopyLedger, loses_nothing_under_many_threads) {
    CopyLedger ledger;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&ledger, thread] {
            for (int i = 0; i < 1000; ++i) {
                ledger.record(thread % 2 == 0 ? "even" : "odd", "test", 3);
                static_cast<void>(ledger.total_bytes());
            }
        });
    }
    threads.clear();
    EXPECT_EQ(ledger.total_bytes(), 12000U);
    ASSERT_EQ(ledger.entries().size(), 2U);
    EXPECT_EQ(ledger.entries()[0].copies, 2000U);
    EXPECT_EQ(ledger.entries()[1].copies, 2000U);
}

}  // namespace
}  // namespace mrda
