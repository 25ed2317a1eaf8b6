// SPDX-License-Identifier: MIT
#include "mrda/l0/sysman.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/platform.h"

namespace mrda::l0 {
namespace {

using ::testing::HasSubstr;

class SysmanTest : public test::DeviceTest {};

TEST_F(SysmanTest, the_software_device_is_refused_naming_it_and_the_variable_to_set) {
    MRDA_ONLY_ON(software, "a GPU's driver has Sysman");
    const auto sysman = Sysman::open(*context_);
    ASSERT_FALSE(sysman.ok());
    EXPECT_EQ(sysman.error().code, Errc::unsupported) << to_string(sysman.error());
    EXPECT_THAT(sysman.error().message, HasSubstr("ZES_ENABLE_SYSMAN=1"));
    EXPECT_THAT(sysman.error().message, HasSubstr(context_->info().name));
}

TEST(EngineLoad, a_quarter_of_the_time_busy_is_a_load_of_a_quarter) {
    EXPECT_EQ(engine_load({"media", 100, 1000}, {"media", 150, 1200}), 0.25);
}

TEST(EngineLoad, an_idle_group_has_load_0) {
    EXPECT_EQ(engine_load({"media", 100, 1000}, {"media", 100, 1200}), 0.0);
}

TEST(EngineLoad, counters_read_a_moment_apart_do_not_exceed_1) {
    EXPECT_EQ(engine_load({"media", 100, 1000}, {"media", 310, 1200}), 1.0);
}

TEST(EngineLoad, readings_at_one_time_or_in_the_wrong_order_give_nothing) {
    EXPECT_EQ(engine_load({"media", 100, 1000}, {"media", 150, 1000}), std::nullopt);
    EXPECT_EQ(engine_load({"media", 100, 1000}, {"media", 150, 900}), std::nullopt);
}

TEST(EngineLoad, a_counter_that_went_back_gives_nothing) {
    EXPECT_EQ(engine_load({"media", 100, 1000}, {"media", 99, 1100}), std::nullopt);
}

RC_GTEST_PROP(EngineLoad, lies_between_0_and_1_wherever_there_is_one,
              (std::uint64_t active_a, std::uint64_t time_a, std::uint64_t active_b,
               std::uint64_t time_b)) {
    const auto load = engine_load({"copy", active_a, time_a}, {"copy", active_b, time_b});
    RC_ASSERT(load.has_value() == (time_b > time_a && active_b >= active_a));
    RC_ASSERT(!load || (*load >= 0.0 && *load <= 1.0));
}

}  // namespace
}  // namespace mrda::l0
