// SPDX-License-Identifier: MIT
#include "mrda/media/context.h"

#include <algorithm>
#include <thread>

#include "units_fixture.h"

namespace mrda::media {
namespace {

TEST(MediaContext, has_the_machine_itself_as_device_0) {
    const auto context = context_with({});
    ASSERT_EQ(context->devices().size(), 1U);
    EXPECT_EQ(context->devices()[0]->name(), "host");
    EXPECT_TRUE(context->notes().empty());
    expect_error(context->device(1), Errc::invalid_argument, "device 1 of 1");
}

TEST(MediaContext, opens_with_what_is_found_and_says_what_is_not) {
    const auto context = Context::open({{MRDA_PLUGIN_DIR}, {"no-such-gpu", "copy"}, {}});
    ASSERT_TRUE(context.ok());
    ASSERT_EQ((*context)->notes().size(), 2U);
    EXPECT_NE((*context)->notes()[0].find("no plugin no-such-gpu: no libmrda_no-such-gpu.so in"),
              std::string::npos);
    EXPECT_NE((*context)->notes()[1].find("plugin copy has no devices"), std::string::npos);
}

TEST(MediaContext, loads_a_plugin_once) {
    const auto context = context_with({});
    EXPECT_EQ(context->plugin("copy").value(), context->plugin("copy").value());
    expect_error(context->plugin("../copy"), Errc::invalid_argument, "names have letters");
    expect_error(context->plugin("nobody"), Errc::not_found,
                 "no plugin nobody: no libmrda_nobody.so in");
}

TEST(MediaContext, places_no_129th_unit_on_a_device) {
    const auto context = context_with({place("log", 127)});
    EXPECT_TRUE(context->place(place("return")).ok());
    expect_error(context->place(place("log")), Errc::exhausted, "which has 128 of at most 128");
    EXPECT_EQ(context->units(0).size(), 128U);
    expect_error(Context::open({{MRDA_BROKEN_PLUGIN_DIR}, {}, {place("log", 129)}}),
                 Errc::exhausted, "129 units log");
}

TEST(MediaContext, places_no_unit_that_is_not_there) {
    const auto context = context_with({});
    expect_error(context->place(place("nothing")), Errc::not_found, "which has log, wide-log");
    expect_error(context->place({"units", "log", 3, 1}), Errc::invalid_argument, "device 3 of 1");
}

TEST(MediaContext, finds_units_by_index_and_by_name) {
    const auto context = context_with({place("log"), place("return", 2)});
    EXPECT_EQ(context->find_unit({0, 2, "", "", nullptr}).value()->index(), 2U);
    EXPECT_EQ(context->find_unit({-1, -1, "return", "", nullptr}).value()->index(), 1U);
    expect_error(context->find_unit({0, 0, "return", "", nullptr}), Errc::not_found,
                 "no unit \"return\", index 0");
    expect_error(context->find_unit({1, -1, "return", "", nullptr}), Errc::not_found, "device 1");
}

TEST(MediaContext, finds_the_least_used_unit_of_a_name) {
    const auto context = context_with({place("return", 3)});
    const UnitAccess first(context->find_unit({-1, -1, "return", "", nullptr}).value(), -1, 0);
    const UnitAccess second(context->find_unit({-1, -1, "return", "", nullptr}).value(), -1, 0);
    EXPECT_EQ(context->find_unit({-1, -1, "return", "", nullptr}).value()->index(), 2U);
}

StageNeed kernel_on(const char* unit) {
    return {MRDA_SESSION_KERNEL, "kernel", "", unit};
}

TEST(MediaReservation, keeps_units_from_others_until_it_dies) {
    const auto context = context_with({place("log", 2)});
    const std::vector<StageNeed> stages{kernel_on("log"), kernel_on("log")};
    auto reservation = context->reserve(stages).value();
    ASSERT_EQ(reservation->units().size(), 2U);
    EXPECT_NE(reservation->units()[0], reservation->units()[1]);
    expect_error(context->find_unit({-1, -1, "log", "", nullptr}), Errc::busy,
                 "reserved for others");
    EXPECT_TRUE(context->find_unit({-1, -1, "log", "", reservation}).ok());
    expect_error(context->reserve(std::span(stages).first(1)), Errc::busy, "no free unit log");
    reservation.reset();
    EXPECT_TRUE(context->find_unit({-1, -1, "log", "", nullptr}).ok());
}

TEST(MediaReservation, gives_its_sessions_its_own_units_alone) {
    const auto context = context_with({place("log", 3)});
    const UnitAccess used(context->units(0)[1], -1, 0);
    const auto reservation = context->reserve(std::vector<StageNeed>{kernel_on("log")}).value();
    EXPECT_EQ(reservation->units()[0]->index(), 0U);
    const auto first = context->use_unit({-1, -1, "log", "", reservation}, -1, 0).value();
    const auto second = context->use_unit({-1, -1, "log", "", reservation}, -1, 1).value();
    EXPECT_EQ(first->unit().index(), 0U);
    EXPECT_EQ(second->unit().index(), 0U);
    // One is used by a stranger, the other is reserved: there is one left.
    const auto other = context->reserve(std::vector<StageNeed>{kernel_on("log")}).value();
    EXPECT_EQ(other->units()[0]->index(), 2U);
    expect_error(context->reserve(std::vector<StageNeed>{kernel_on("log")}), Errc::busy,
                 "no free unit log");
}

TEST(MediaContext, gives_a_kind_its_own_plugins_unit_and_no_namesake) {
    const auto context = context_with({place("return"), {"sample-kernel", "add", 0, 1}});
    EXPECT_EQ(context->find_unit({-1, -1, "add", "sample-kernel", nullptr}).value()->index(), 1U);
    expect_error(context->find_unit({-1, -1, "add", "units", nullptr}), Errc::not_found, "\"add\"");
}

TEST(MediaContext, spreads_sessions_of_many_threads_over_the_units) {
    const auto context = context_with({place("log", 8)});
    std::vector<std::shared_ptr<UnitAccess>> uses(8);
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < uses.size(); ++thread) {
        threads.emplace_back([&, thread] {
            uses[thread] = context->use_unit({-1, -1, "log", "", nullptr}, -1, 0).value();
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const auto& unit : context->units(0)) {
        EXPECT_EQ(unit->statistics().sessions, 1U);
    }
}

TEST(MediaReservation, takes_nothing_if_it_cannot_have_all) {
    const auto context = context_with({place("log", 1), place("return", 1)});
    const std::vector<StageNeed> stages{kernel_on("log"), kernel_on("nothing")};
    expect_error(context->reserve(stages), Errc::not_found, "no unit nothing");
    EXPECT_TRUE(context->find_unit({-1, -1, "log", "", nullptr}).ok());
    expect_error(context->reserve(stages, 5), Errc::invalid_argument, "device 5");
    expect_error(context->reserve(std::span(stages).first(1), -1, 9), Errc::invalid_argument,
                 "bank 9");
}

TEST(MediaReservation, finds_a_bank_that_all_stages_work_with_or_says_which_does_not) {
    const auto context = context_with({});
    const std::vector<StageNeed> stages{{MRDA_SESSION_SCALER, "yuv", "", ""}};
    const auto any = context->reserve(stages).value();
    EXPECT_EQ(any->bank(), 0U);
    EXPECT_TRUE(any->shares_memory()) << any->why_not();
    const auto device_only = context->reserve(stages, -1, 1).value();
    EXPECT_EQ(device_only->bank(), 1U);
    EXPECT_FALSE(device_only->shares_memory());
    EXPECT_EQ(device_only->why_not(), "the scaler of yuv does not work with bank device");
}

}  // namespace
}  // namespace mrda::media
