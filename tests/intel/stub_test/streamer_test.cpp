// SPDX-License-Identifier: MIT
#include "stub/streamer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "stream_fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace mrda::stub {
namespace {

using Streamer = StreamTest;

TEST_F(Streamer, a_called_batch_returns) {
    fill(*called_, store_imm(kMemory, 1) + Words{kBatchEnd});
    EXPECT_EQ(run(call(kCalled) + store_imm(kMemory + 4, 2)).stores, 2U);
    EXPECT_EQ(memory(), 1U);
    EXPECT_EQ(memory(4), 2U);
}

TEST_F(Streamer, a_jump_does_not_return) {
    fill(*called_, store_imm(kMemory, 1) + Words{kBatchEnd});
    const StreamResult result = run(jump(kCalled) + store_imm(kMemory + 4, 2));
    EXPECT_EQ(result.stores, 1U);
    EXPECT_EQ(result.end, StreamEnd::batch_end);
    EXPECT_EQ(memory(4), 0U);
}

TEST_F(Streamer, a_called_batch_that_firmware_should_have_written_returns) {
    const StreamResult result = run(call(kCalled) + store_imm(kMemory, 1));
    EXPECT_EQ(result.end, StreamEnd::batch_end);
    EXPECT_EQ(memory(), 1U);
}

TEST_F(Streamer, a_called_batch_may_begin_with_some_zeros) {
    fill(*called_, Words(40) + store_imm(kMemory, 1) + Words{kBatchEnd});
    run(call(kCalled));
    EXPECT_EQ(memory(), 1U);
}

/// A comparison with memory's first dword, its second one being the mask if there is one.
Words end_unless(std::uint32_t comparison, std::uint32_t flags, std::uint32_t value) {
    return {0x1b200002 | comparison << 12 | flags, value, low(kMemory), high(kMemory)};
}
constexpr std::uint32_t kMasked = 1U << 19;
constexpr std::uint32_t kOneLevel = 1U << 18;

TEST_F(Streamer, a_batch_goes_on_while_the_comparison_holds) {
    const std::array<std::array<bool, 3>, 6> holds{{{false, false, true},
                                                    {false, true, true},
                                                    {true, false, false},
                                                    {true, true, false},
                                                    {false, true, false},
                                                    {true, false, true}}};
    for (std::uint32_t comparison = 0; comparison < holds.size(); ++comparison) {
        for (std::uint32_t found = 4; found < 7; ++found) {
            fill(*memory_, {found, 0, 0});
            run(end_unless(comparison, 0, 5) + store_imm(kMemory + 8, 1));
            EXPECT_EQ(memory(8) == 1, holds[comparison][found - 4])
                << found << " by " << comparison << " with 5";
        }
    }
}

TEST_F(Streamer, a_comparison_may_have_a_mask) {
    fill(*memory_, {0xff45, 0x00ff});
    EXPECT_EQ(run(end_unless(4, kMasked, 0x45) + store_imm(kMemory + 8, 1)).stores, 1U);
    EXPECT_EQ(run(end_unless(4, 0, 0x45) + store_imm(kMemory + 8, 1)).stores, 0U);
}

TEST_F(Streamer, a_comparison_ends_one_level_or_all) {
    for (const std::uint32_t flags : {kOneLevel, 0U}) {
        fill(*called_, end_unless(5, flags, 0) + store_imm(kMemory + 8, 1) + Words{kBatchEnd});
        const StreamResult result = run(call(kCalled) + store_imm(kMemory + 12, 1));
        EXPECT_EQ(result.stores, flags == kOneLevel ? 1U : 0U);
        EXPECT_EQ(result.end, StreamEnd::batch_end);
    }
}

TEST_F(Streamer, a_semaphore_is_waited_for) {
    const Words wait{0x0e005003, 3, low(kMemory), high(kMemory), 0};  // Until it differs from 3.
    fill(*memory_, {3});
    const StreamResult result = run(wait + store_imm(kMemory + 4, 1));
    EXPECT_EQ(result.end, StreamEnd::waiting);
    EXPECT_EQ(result.address, kStream);
    EXPECT_EQ(memory(4), 0U);
    fill(*memory_, {4});
    EXPECT_EQ(run_stream(space_, *find_kind(kind_), kFrameBytes, result.address).end,
              StreamEnd::batch_end);
    EXPECT_EQ(memory(4), 1U);
}

TEST_F(Streamer, nothing_is_written_where_nothing_is_bound) {
    const StreamResult result =
        run(store_imm(kUnbound, 1) + Words{0x13004003, low(kUnbound), high(kUnbound), 3, 4} +
            atomic(0x05, 0, kUnbound) + store_imm(kMemory + memory_->size_bytes(), 1));
    EXPECT_EQ(result.stores, 0U);
    EXPECT_EQ(result.end, StreamEnd::batch_end);
}

TEST_F(Streamer, what_is_partly_bound_is_not_written) {
    space_.unbind_object(*memory_);
    ASSERT_TRUE(space_.bind(kMemory, memory_, 0, 12));
    EXPECT_EQ(run({0x10200003, low(kMemory) + 8, high(kMemory), 1, 1}).stores, 0U);
    EXPECT_EQ(memory(8), 0U);
    EXPECT_EQ(run(store_imm(kMemory + 8, 1)).stores, 1U);
}

TEST_F(Streamer, what_is_not_bound_reads_as_0_or_not_at_all) {
    run(load_imm(0x600, 5) + Words{0x14880002, 0x600, low(kUnbound), high(kUnbound)} +
        store_register(0x600, kMemory) +
        Words{0x1b200002 | 4U << 12, 0, low(kUnbound), high(kUnbound)} + store_imm(kMemory + 4, 1));
    EXPECT_EQ(memory(), 5U);
    EXPECT_EQ(memory(4), 1U);
}

TEST_F(Streamer, a_stream_may_be_nowhere) {
    const StreamResult result = run_stream(space_, *find_kind(kind_), kFrameBytes, kUnbound);
    EXPECT_EQ(result.end, StreamEnd::unbound);
    EXPECT_EQ(result.address, kUnbound);
    EXPECT_EQ(result.commands, 0U);
}

TEST_F(Streamer, a_stream_without_an_end_ends_with_its_memory) {
    const StreamResult result = run_open(store_imm(kMemory, 1));
    EXPECT_EQ(memory(), 1U);
    EXPECT_EQ(result.end, StreamEnd::unbound);
    EXPECT_EQ(result.address, kStream + stream_->size_bytes());
}

TEST_F(Streamer, a_command_that_is_cut_off_is_not_done) {
    const Words store = store_imm(kMemory, 1);
    for (std::uint64_t bytes = 1; bytes < store.size() * 4; ++bytes) {
        space_.unbind_object(*stream_);
        ASSERT_TRUE(space_.bind(kStream, stream_, 0, bytes));
        const StreamResult result = run_open(store);
        EXPECT_EQ(result.end, StreamEnd::cut_off) << bytes;
        EXPECT_EQ(result.stores, 0U) << bytes;
    }
}

struct Needs {
    std::uint32_t header;
    std::size_t dwords;
};

TEST_F(Streamer, a_command_that_is_shorter_than_its_kind_does_nothing) {
    // A longer one has just gone by, all of whose dwords name memory.
    Words before = sparse(0x7384, 200, {});
    for (std::size_t at = 1; at < before.size(); ++at) {
        before[at] = at % 2 == 1 ? low(kMemory) : high(kMemory);
    }
    for (const auto& [header, needs] :
         {Needs{0x0e005000, 4}, Needs{0x10000000, 4}, Needs{0x10200000, 5}, Needs{0x11000000, 3},
          Needs{0x12000000, 4}, Needs{0x13004000, 4}, Needs{0x14800000, 4}, Needs{0x15000000, 3},
          Needs{0x17000000, 5}, Needs{0x17800500, 3}, Needs{0x18c00000, 3}, Needs{0x1b001000, 4},
          Needs{0x7a000000, 6}, Needs{0x72080000, 39}, Needs{0x70020000, 61}, Needs{0x70840000, 13},
          Needs{0x71820000, 196}, Needs{0x73820000, 57}}) {
        for (std::size_t length = 2; length < needs; ++length) {
            Words command(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(length));
            command[0] = header | low(length - 2);
            const StreamResult result = run(mfx_select(kMfxEncodeAvc) + vdenc_select(kVdencAvc) +
                                            hcp_select(1) + before + command);
            EXPECT_EQ(result.end, StreamEnd::batch_end) << std::hex << command[0];
            EXPECT_EQ(result.stores, 0U) << std::hex << command[0];
            EXPECT_EQ(result.commands, 6U) << std::hex << command[0];
        }
    }
    EXPECT_TRUE(trace().empty());
}

TEST_F(Streamer, a_stream_of_less_than_a_dword_is_not_read) {
    const auto bytes = std::make_unique<std::array<std::byte, 3>>();
    const auto object =
        Object::of_user_pages(reinterpret_cast<std::uintptr_t>(bytes.get()), bytes->size());
    ASSERT_TRUE(space_.bind(kUnbound, object, 0, bytes->size()));
    EXPECT_EQ(run_stream(space_, *find_kind(kind_), kFrameBytes, kUnbound).end, StreamEnd::cut_off);
}

TEST_F(Streamer, a_command_that_there_is_not_ends_the_walk) {
    const StreamResult result = run(Words{0x20000000} + store_imm(kMemory, 1));
    EXPECT_EQ(result.end, StreamEnd::undefined);
    EXPECT_EQ(result.stores, 0U);
}

TEST_F(Streamer, commands_that_it_does_not_know_are_passed_over_by_their_length) {
    run(Words{0x04000001} + sparse(0x5040, 22, {}) + sparse(0x6101, 22, {}) + Words{0x69040303} +
        Words{0x68000100} + sparse(0x78ff, 4, {}) + sparse(0x7384, 300, {}) +
        store_imm(kMemory, 1));
    EXPECT_EQ(memory(), 1U);
}

TEST_F(Streamer, a_batch_that_calls_itself_ends) {
    const StreamResult result = run(store_imm(kMemory, 1) + call(kStream));
    EXPECT_EQ(result.end, StreamEnd::too_deep);
    EXPECT_EQ(result.stores, kDeepestBatch);
}

TEST_F(Streamer, a_loop_ends) {
    const StreamResult result = run(atomic(0x05, 0, kMemory) + jump(kStream));
    EXPECT_EQ(result.end, StreamEnd::too_long);
    EXPECT_LE(result.commands, kLongestStream);
    EXPECT_EQ(memory(), result.stores);
}

TEST_F(Streamer, a_stream_may_write_over_itself) {
    const Words first = store_imm(kStream + 16, kBatchEnd);
    const StreamResult result = run(first + store_imm(kMemory, 1));
    EXPECT_EQ(result.commands, 2U);
    EXPECT_EQ(memory(), 0U);
}

TEST_F(Streamer, random_streams_touch_nothing_else) {
    std::mt19937 random(1);
    for (int seed = 0; seed < 5000; ++seed) {
        std::vector<std::uint8_t> bytes(random() % 1024);
        std::generate(bytes.begin(), bytes.end(), std::ref(random));
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
}

}  // namespace
}  // namespace mrda::stub
