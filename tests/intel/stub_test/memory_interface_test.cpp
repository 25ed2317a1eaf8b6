// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdint>

#include "stream_fixture.h"

namespace mrda::stub {
namespace {

using MemoryInterface = StreamTest;

TEST_F(MemoryInterface, an_immediate_is_stored) {
    const StreamResult result = run(store_imm(kMemory + 8, 7));
    EXPECT_EQ(memory(8), 7U);
    EXPECT_EQ(memory(12), 0U);
    EXPECT_EQ(result.commands, 2U);
    EXPECT_EQ(result.stores, 1U);
    EXPECT_EQ(result.end, StreamEnd::batch_end);
}

TEST_F(MemoryInterface, a_qword_is_stored) {
    run({0x10200003, low(kMemory), high(kMemory), 0x11111111, 0x22222222});
    EXPECT_EQ(memory<std::uint64_t>(), 0x2222222211111111U);
}

TEST_F(MemoryInterface, an_address_may_be_sign_extended) {
    const std::uint64_t far = 0x8000'1000'0000;
    ASSERT_TRUE(space_.bind(far, memory_, 0, 4096));
    run(store_imm(far | 0xffff'0000'0000'0000, 9));
    EXPECT_EQ(memory(), 9U);
}

TEST_F(MemoryInterface, a_flush_writes_what_it_was_given) {
    run({0x13004003, low(kMemory), high(kMemory), 3, 4});
    EXPECT_EQ(memory<std::uint64_t>(), 0x400000003U);
    run({0x13004002, low(kMemory) + 8, high(kMemory), 5});
    EXPECT_EQ(memory<std::uint64_t>(8), 5U);
}

TEST_F(MemoryInterface, a_flush_may_invalidate_a_cache) {
    // The bit beside its length, which is not of it.
    run(Words{0x13004082, low(kMemory), high(kMemory), 5} + store_imm(kMemory + 8, 1));
    EXPECT_EQ(memory(), 5U);
    EXPECT_EQ(memory(8), 1U);
}

TEST_F(MemoryInterface, a_flush_without_a_write_writes_nothing) {
    EXPECT_EQ(run({0x13000003, low(kMemory), high(kMemory), 3, 4}).stores, 0U);
}

TEST_F(MemoryInterface, a_pipe_control_writes_what_it_was_given) {
    run({0x7a000004, 1U << 14, low(kMemory), high(kMemory), 6, 7});
    EXPECT_EQ(memory<std::uint64_t>(), 0x700000006U);
}

TEST_F(MemoryInterface, timestamps_go_on) {
    run(Words{0x7a000004, 3U << 14, low(kMemory), high(kMemory), 0, 0} +
        Words{0x1300c003, low(kMemory) + 8, high(kMemory), 0, 0} +
        store_register(0x2358, kMemory + 16));
    EXPECT_NE(memory<std::uint64_t>(), 0U);
    EXPECT_LE(memory<std::uint64_t>(), memory<std::uint64_t>(8));
    EXPECT_LE(memory(8), memory(16));
}

TEST_F(MemoryInterface, registers_are_loaded_and_stored) {
    fill(*memory_, {33, 0, 0, 0});
    run(Words{0x11080003, 0x600, 11, 0x608, 22} +                // both from immediates
        Words{0x14880002, 0x610, low(kMemory), high(kMemory)} +  // from memory
        Words{0x150c0001, 0x600, 0x618} +                        // from a register
        store_register(0x608, kMemory + 4) + store_register(0x610, kMemory + 8) +
        store_register(0x618, kMemory + 12));
    EXPECT_EQ(memory(4), 22U);
    EXPECT_EQ(memory(8), 33U);
    EXPECT_EQ(memory(12), 11U);
}

TEST_F(MemoryInterface, a_register_is_the_same_by_its_absolute_place) {
    run(load_imm(0x600, 5) + store_register(0x1c4600, kMemory) +
        store_register(0x2600, kMemory + 4));
    EXPECT_EQ(memory(), 5U);
    EXPECT_EQ(memory(4), 5U);
}

TEST_F(MemoryInterface, registers_begin_at_0_in_each_stream) {
    run(load_imm(0x600, 5));
    fill(*memory_, {1});
    run(store_register(0x600, kMemory));
    EXPECT_EQ(memory(), 0U);
}

TEST_F(MemoryInterface, every_codec_counts_a_frames_bytes) {
    for (const std::uint32_t place : {0x8a0U, 0x28a0U, 0x28a8U, 0x2b48U, 0x1c08a0U, 0x1d28a0U}) {
        run(store_register(place, kMemory));
        EXPECT_EQ(memory(), kFrameBytes) << std::hex << place;
    }
}

TEST_F(MemoryInterface, an_av1_tiles_record_has_a_frames_bytes) {
    run(sparse(0x7182, 212, {{194, low(kMemory)}, {195, high(kMemory)}}));
    EXPECT_EQ(memory(8), kFrameBytes);
    EXPECT_LT(memory(12), kFrameBytes);
    EXPECT_GT(memory(12), 0U);
}

TEST_F(MemoryInterface, huc_has_its_firmware_and_no_error) {
    for (const DeviceKind& kind : device_kinds()) {
        kind_ = kind.name;
        run(store_register(0x23b0, kMemory) + store_register(0x2000, kMemory + 4));
        EXPECT_EQ(memory(), 0x40U) << kind.name;
        EXPECT_EQ(memory(4), 0U) << kind.name;
    }
}

TEST_F(MemoryInterface, memory_is_copied) {
    fill(*memory_, {123, 0});
    run({0x17000003, low(kMemory) + 4, high(kMemory), low(kMemory), high(kMemory)});
    EXPECT_EQ(memory(4), 123U);
}

TEST_F(MemoryInterface, a_walker_says_that_it_is_done) {
    Words walker = sparse(0x7208, 39, {{26, 1}, {27, low(kMemory)}, {28, high(kMemory)}, {29, 8}});
    run(walker);
    EXPECT_EQ(memory<std::uint64_t>(), 8U);
    // Xe2's is longer.
    run(sparse(0x7208, 40, {{27, 3}, {28, low(kMemory)}, {29, high(kMemory)}}));
    EXPECT_NE(memory(0), 0U);
    EXPECT_EQ(memory(0), memory(12));
    EXPECT_EQ(memory(16), 0U);
}

TEST_F(MemoryInterface, math_adds_64_bits) {
    run(load_imm(0x600, 0xffffffff) + load_imm(0x608, 2) +
        Words{0x0d000003, 0x08008000, 0x08008401, 0x10000000, 0x18000831} +
        store_register(0x610, kMemory) + store_register(0x614, kMemory + 4));
    EXPECT_EQ(memory<std::uint64_t>(), 0x100000001U);
}

TEST_F(MemoryInterface, math_keeps_flags) {
    // 5 - 5: its zero flag, and its inverted carry.
    run(load_imm(0x600, 5) +
        Words{0x0d000004, 0x08008000, 0x08008400, 0x10100000, 0x18000832, 0x58000c33} +
        store_register(0x610, kMemory) + store_register(0x618, kMemory + 4));
    EXPECT_EQ(memory(), 0xffffffffU);
    EXPECT_EQ(memory(4), 0xffffffffU);
}

TEST_F(MemoryInterface, math_carries_out_of_64_bits) {
    run(load_imm(0x600, 0xffffffff) + load_imm(0x604, 0xffffffff) + load_imm(0x608, 2) +
        Words{0x0d000004, 0x08008000, 0x08008401, 0x10000000, 0x18000831, 0x18000c33} +
        store_register(0x610, kMemory) + store_register(0x618, kMemory + 4));
    EXPECT_EQ(memory(), 1U);
    EXPECT_EQ(memory(4), 0xffffffffU);
}

TEST_F(MemoryInterface, math_loads_inverted_and_constants) {
    run(load_imm(0x600, 0xf0) + Words{0x0d000003, 0x48008000, 0x48108400, 0x10200000, 0x18000431} +
        store_register(0x608, kMemory) + store_register(0x60c, kMemory + 4));
    EXPECT_EQ(memory<std::uint64_t>(), ~std::uint64_t{0xf0});
}

struct Atomic {
    std::uint32_t operation, old, operand, expected;
};
class Atomics : public StreamTest, public testing::WithParamInterface<Atomic> {};

TEST_P(Atomics, leave_in_memory) {
    fill(*memory_, {GetParam().old, 77});
    const StreamResult result =
        run(load_imm(0x600, GetParam().operand) + atomic(GetParam().operation, 0, kMemory));
    EXPECT_EQ(memory(), GetParam().expected);
    EXPECT_EQ(memory(4), 77U);
    EXPECT_EQ(result.stores, 1U);
}
INSTANTIATE_TEST_SUITE_P(
    what, Atomics,
    testing::Values(Atomic{0x01, 12, 10, 8}, Atomic{0x02, 12, 10, 14}, Atomic{0x03, 12, 10, 6},
                    Atomic{0x04, 12, 10, 10}, Atomic{0x05, 0xffffffff, 0, 0},
                    Atomic{0x06, 0, 0, 0xffffffff}, Atomic{0x07, 0xffffffff, 3, 2},
                    Atomic{0x08, 3, 5, 0xfffffffe}, Atomic{0x09, 3, 5, 2},
                    Atomic{0x0a, 1, 0xffffffff, 1}, Atomic{0x0b, 1, 0xffffffff, 0xffffffff},
                    Atomic{0x0c, 1, 0xffffffff, 0xffffffff}, Atomic{0x0d, 1, 0xffffffff, 1},
                    Atomic{0x0e, 12, 10, 12}, Atomic{0x1f, 12, 10, 12}));

TEST_F(MemoryInterface, an_atomic_returns_what_there_was) {
    constexpr std::uint32_t kReturns = 1U << 16;
    fill(*memory_, {40});
    run(load_imm(0x600, 2) + atomic(0x07, kReturns, kMemory) + store_register(0x600, kMemory + 4));
    EXPECT_EQ(memory(), 42U);
    EXPECT_EQ(memory(4), 40U);
}

TEST_F(MemoryInterface, an_atomic_compares_and_writes_a_qword) {
    constexpr std::uint32_t kQword = 1U << 19;
    fill(*memory_, {1, 2});
    run(load_imm(0x600, 1) + load_imm(0x604, 2) + load_imm(0x620, 3) + load_imm(0x624, 4) +
        atomic(0x2e, kQword, kMemory));
    EXPECT_EQ(memory<std::uint64_t>(), 0x400000003U);
}

TEST_F(MemoryInterface, an_atomic_takes_its_operands_from_the_command) {
    Words command = sparse(0, 11, {{1, low(kMemory)}, {2, high(kMemory)}, {3, 40}});
    command[0] = 0x17840709;
    fill(*memory_, {2});
    run(command);
    EXPECT_EQ(memory(), 42U);
}

}  // namespace
}  // namespace mrda::stub
