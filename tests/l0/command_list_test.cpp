// SPDX-License-Identifier: MIT
#include "mrda/l0/command_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "l0/device_bytes.h"
#include "mrda/l0/usm.h"
#include "support/platform.h"

namespace mrda::l0 {
namespace {

using test::pattern;
using test::read_bytes;
using test::write_bytes;

constexpr std::size_t kBytes = 64 * 1024;
constexpr std::uint64_t kShortNs = 20'000'000;
constexpr std::uint64_t kLongNs = 20'000'000'000;

class CommandListTest : public test::DeviceTest {
  protected:
    void SetUp() override {
        DeviceTest::SetUp();
        ASSERT_FALSE(HasFatalFailure());
        from_ = new_usm();
        to_ = new_usm();
        write_bytes(*context_, from_->data(), pattern(kBytes, 1));
        write_bytes(*context_, to_->data(), pattern(kBytes, 2));
    }

    std::optional<UsmBuffer> new_usm() {
        auto made = UsmBuffer::allocate(*context_, UsmKind::device, kBytes, Exportable::no);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    CommandList new_list(CommandList::Kind kind) {
        auto made = CommandList::create(*context_, kind);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    Event new_event() {
        auto made = Event::create(*context_);
        EXPECT_TRUE(made.ok()) << to_string(made.error());
        return std::move(*made);
    }
    std::vector<std::byte> target() { return read_bytes(*context_, to_->data(), kBytes); }

    std::optional<UsmBuffer> from_;
    std::optional<UsmBuffer> to_;
};

/// What both kinds must do alike.
class EitherCommandList : public CommandListTest,
                          public testing::WithParamInterface<CommandList::Kind> {
  protected:
    static bool recorded() { return GetParam() == CommandList::Kind::recorded; }
    static void start(CommandList& list) {
        if (recorded()) {
            ASSERT_TRUE(list.submit().ok());
        }
    }
    static void run(CommandList& list) {
        start(list);
        const auto waited = list.wait(kLongNs);
        ASSERT_TRUE(waited.ok()) << to_string(waited.error());
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, EitherCommandList,
                         testing::Values(CommandList::Kind::immediate, CommandList::Kind::recorded),
                         [](const auto& kind) {
                             return kind.param == CommandList::Kind::immediate ? "immediate"
                                                                               : "recorded";
                         });

TEST_P(EitherCommandList, copies_bytes) {
    CommandList list = new_list(GetParam());
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    run(list);
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 1));
}

TEST_P(EitherCommandList, copies_a_rectangle_between_pitches_and_nothing_beside_it) {
    constexpr std::uint32_t kRow = 100;
    constexpr std::uint32_t kRows = 50;
    constexpr std::uint32_t kFromPitch = 128;
    constexpr std::uint32_t kToPitch = 320;
    CommandList list = new_list(GetParam());
    ASSERT_TRUE(
        list.copy_2d({to_->data(), kToPitch}, {from_->data(), kFromPitch}, kRow, kRows).ok());
    run(list);
    const auto source = pattern(kBytes, 1);
    auto expected = pattern(kBytes, 2);
    for (std::size_t row = 0; row < kRows; ++row) {
        std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(row * kFromPitch), kRow,
                    expected.begin() + static_cast<std::ptrdiff_t>(row * kToPitch));
    }
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), expected);
}

TEST_P(EitherCommandList, refuses_a_pitch_below_the_row_naming_both) {
    CommandList list = new_list(GetParam());
    const auto copied = list.copy_2d({to_->data(), 128}, {from_->data(), 99}, 100, 4);
    ASSERT_FALSE(copied.ok());
    EXPECT_EQ(copied.error().code, Errc::invalid_argument);
    EXPECT_THAT(copied.error().message, testing::HasSubstr("100 bytes"));
    EXPECT_THAT(copied.error().message, testing::HasSubstr("99"));
    run(list);
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 2));
}

TEST_P(EitherCommandList, fills_with_a_pattern_of_several_bytes) {
    constexpr std::array<std::byte, 4> kWord{std::byte{1}, std::byte{2}, std::byte{3},
                                             std::byte{4}};
    CommandList list = new_list(GetParam());
    ASSERT_TRUE(list.fill(to_->data(), kWord, 1024).ok());
    run(list);
    auto expected = pattern(kBytes, 2);
    for (std::size_t i = 0; i < 1024; ++i) {
        expected[i] = kWord[i % kWord.size()];
    }
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), expected);
}

TEST_P(EitherCommandList, refuses_a_fill_pattern_that_is_no_power_of_two) {
    MRDA_ONLY_ON(software, "what a GPU's driver does without validation is its own affair");
    constexpr std::array<std::byte, 3> kThree{};
    CommandList list = new_list(GetParam());
    EXPECT_FALSE(list.fill(to_->data(), kThree, 999).ok());
}

TEST_P(EitherCommandList, runs_each_command_after_the_one_before) {
    constexpr std::array<std::byte, 1> kZero{};
    CommandList list = new_list(GetParam());
    auto between = new_usm();
    ASSERT_TRUE(list.fill(between->data(), kZero, kBytes).ok());
    ASSERT_TRUE(list.copy(between->data(), from_->data(), kBytes).ok());
    ASSERT_TRUE(list.fill(from_->data(), kZero, kBytes).ok());
    ASSERT_TRUE(list.barrier().ok());
    ASSERT_TRUE(list.copy(to_->data(), between->data(), kBytes).ok());
    run(list);
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 1));
}

TEST_P(EitherCommandList, waits_for_an_event_that_the_host_signals_later) {
    MRDA_NEEDS_PIXELS("the list stands at an event, for which version 22.43 waits in the call");
    const Event gate = new_event();
    CommandList list = new_list(GetParam());
    ASSERT_TRUE(list.wait_for(gate).ok());
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    start(list);
    const auto early = list.wait(kShortNs);
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().code, Errc::timeout);
    EXPECT_EQ(target(), pattern(kBytes, 2));
    ASSERT_TRUE(gate.signal().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    EXPECT_EQ(target(), pattern(kBytes, 1));
}

TEST_P(EitherCommandList, signals_an_event_when_all_before_it_is_done) {
    MRDA_NEEDS_PIXELS("the list stands at an event, for which version 22.43 waits in the call");
    const Event gate = new_event();
    const Event done = new_event();
    CommandList list = new_list(GetParam());
    ASSERT_TRUE(list.wait_for(gate).ok());
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    ASSERT_TRUE(list.signal(done).ok());
    start(list);
    const auto early = done.wait(kShortNs);
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().code, Errc::timeout);
    ASSERT_TRUE(gate.signal().ok());
    ASSERT_TRUE(done.sync().wait(kLongNs).ok());
    EXPECT_EQ(target(), pattern(kBytes, 1));
    ASSERT_TRUE(list.wait(kLongNs).ok());
}

TEST_P(EitherCommandList, wait_returns_at_once_where_nothing_was_handed_over) {
    CommandList list = new_list(GetParam());
    EXPECT_TRUE(list.wait(0).ok());
}

TEST_P(EitherCommandList, that_goes_with_work_in_flight_finishes_it_first) {
    MRDA_NEEDS_PIXELS("the list stands at an event, for which version 22.43 waits in the call");
    const Event gate = new_event();
    std::optional<CommandList> list(new_list(GetParam()));
    ASSERT_TRUE(list->wait_for(gate).ok());
    ASSERT_TRUE(list->copy(to_->data(), from_->data(), kBytes).ok());
    start(*list);
    std::jthread opener([&] { EXPECT_TRUE(gate.signal().ok()); });
    list.reset();
    EXPECT_EQ(target(), pattern(kBytes, 1));
}

TEST_P(EitherCommandList, comes_and_goes_without_a_trace) {
    const auto cycle = [&] {
        CommandList list = new_list(GetParam());
        ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
        run(list);
    };
    cycle();
    const auto before = test::process_counts();
    for (int i = 0; i < 100; ++i) {
        cycle();
    }
    const auto after = test::process_counts();
    EXPECT_EQ(after.descriptors, before.descriptors);
    // A C library may keep a stack or an arena of a thread that went.
    EXPECT_LE(after.mappings, before.mappings + 20);
}

using ImmediateCommandList = CommandListTest;

TEST_F(ImmediateCommandList, waited_for_after_a_timeout_is_waited_for_in_full_ever_after) {
    MRDA_NEEDS_PIXELS("the list stands at an event, for which version 22.43 waits in the call");
    CommandList list = new_list(CommandList::Kind::immediate);
    const Event first = new_event();
    ASSERT_TRUE(list.wait_for(first).ok());
    ASSERT_EQ(list.wait(kShortNs).error().code, Errc::timeout);
    ASSERT_EQ(list.wait(kShortNs).error().code, Errc::timeout);
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), 1024).ok());
    ASSERT_EQ(list.wait(kShortNs).error().code, Errc::timeout);
    ASSERT_TRUE(first.signal().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());

    const Event second = new_event();
    ASSERT_TRUE(list.wait_for(second).ok());
    EXPECT_EQ(list.wait(kShortNs).error().code, Errc::timeout);
    ASSERT_TRUE(second.signal().ok());
    EXPECT_TRUE(list.wait(kLongNs).ok());
}

TEST_F(ImmediateCommandList, has_nothing_to_submit_or_clear) {
    CommandList list = new_list(CommandList::Kind::immediate);
    EXPECT_EQ(list.submit().error().code, Errc::invalid_argument);
    EXPECT_EQ(list.clear().error().code, Errc::invalid_argument);
}

using RecordedCommandList = CommandListTest;

TEST_F(RecordedCommandList, does_nothing_before_it_is_submitted) {
    CommandList list = new_list(CommandList::Kind::recorded);
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    ASSERT_TRUE(list.wait(kShortNs).ok());
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 2));
}

TEST_F(RecordedCommandList, does_the_same_again_when_submitted_again) {
    CommandList list = new_list(CommandList::Kind::recorded);
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    ASSERT_TRUE(list.submit().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    write_bytes(*context_, from_->data(), pattern(kBytes, 3));
    ASSERT_TRUE(list.submit().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 3));
}

TEST_F(RecordedCommandList, is_busy_until_it_was_waited_for) {
    MRDA_NEEDS_PIXELS("the list stands at an event, for which version 22.43 waits in the call");
    CommandList list = new_list(CommandList::Kind::recorded);
    const Event gate = new_event();
    ASSERT_TRUE(list.wait_for(gate).ok());
    ASSERT_TRUE(list.submit().ok());
    EXPECT_EQ(list.submit().error().code, Errc::busy);
    EXPECT_EQ(list.clear().error().code, Errc::busy);
    EXPECT_EQ(list.copy(to_->data(), from_->data(), 1).error().code, Errc::busy);
    ASSERT_TRUE(gate.signal().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    EXPECT_TRUE(list.clear().ok());
}

TEST_F(RecordedCommandList, gathers_nothing_after_submit_until_it_is_cleared) {
    CommandList list = new_list(CommandList::Kind::recorded);
    ASSERT_TRUE(list.barrier().ok());
    ASSERT_TRUE(list.submit().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    EXPECT_EQ(list.copy(to_->data(), from_->data(), 1).error().code, Errc::invalid_argument);
    ASSERT_TRUE(list.clear().ok());
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    ASSERT_TRUE(list.submit().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 1));
}

TEST_F(RecordedCommandList, forgets_what_it_gathered_when_cleared) {
    CommandList list = new_list(CommandList::Kind::recorded);
    ASSERT_TRUE(list.copy(to_->data(), from_->data(), kBytes).ok());
    ASSERT_TRUE(list.clear().ok());
    ASSERT_TRUE(list.submit().ok());
    ASSERT_TRUE(list.wait(kLongNs).ok());
    MRDA_NEEDS_PIXELS("what was copied is read back");
    EXPECT_EQ(target(), pattern(kBytes, 2));
}

using EventTest = CommandListTest;

TEST_F(EventTest, times_out_until_it_is_signalled_and_again_after_reset) {
    const Event event = new_event();
    EXPECT_EQ(event.wait(kShortNs).error().code, Errc::timeout);
    ASSERT_TRUE(event.signal().ok());
    EXPECT_TRUE(event.wait(0).ok());
    ASSERT_TRUE(event.reset().ok());
    EXPECT_EQ(event.wait(0).error().code, Errc::timeout);
}

TEST_F(EventTest, as_a_sync_says_that_it_is_one) {
    const Event event = new_event();
    const Sync sync = event.sync();
    EXPECT_EQ(sync.kind(), Sync::Kind::event);
    EXPECT_EQ(sync.wait(kShortNs).error().code, Errc::timeout);
    ASSERT_TRUE(event.signal().ok());
    EXPECT_TRUE(sync.wait(kLongNs).ok());
}

TEST_F(EventTest, assigned_to_another_leaves_nothing_of_that_behind) {
    const auto opened = test::open_context();  // Refuses to go while anything of it lives.
    ASSERT_TRUE(opened.ok());
    {
        auto first = Event::create(*opened);
        auto second = Event::create(*opened);
        ASSERT_TRUE(first.ok() && second.ok());
        ASSERT_TRUE(second->signal().ok());
        *first = std::move(*second);
        EXPECT_TRUE(first->wait(0).ok());
    }
}

}  // namespace
}  // namespace mrda::l0
