// SPDX-License-Identifier: MIT
#include "commands.h"
#include "engine_math.h"

namespace mrda::stub {

namespace {

using Step = Next::Step;

constexpr std::uint32_t kOpcode = 0xff800000;
constexpr std::uint32_t mi(std::uint32_t opcode) {
    return opcode << 23;
}

// What MI_FLUSH_DW and PIPE_CONTROL write when they are done.
constexpr std::uint32_t kWriteImmediate = 1;
constexpr std::uint32_t kWriteTimestamp = 3;

/// The address of dwords, at `command[at]`; its two lowest bits are flags.
std::uint64_t dword_address_at(Dwords command, std::size_t at) {
    return address_at(command, at) & ~std::uint64_t{3};
}
std::uint64_t qword_address_at(Dwords command, std::size_t at) {
    return address_at(command, at) & ~std::uint64_t{7};
}
std::uint64_t qword_at(Dwords command, std::size_t at) {
    return command[at] | std::uint64_t{command[at + 1]} << 32;
}

Next batch_buffer_end(EngineState& /*engine*/, Dwords /*command*/) {
    return {Step::end_level};
}

Next batch_buffer_start(EngineState& /*engine*/, Dwords command) {
    const bool is_second_level = bits(command[0], 22, 1) != 0;
    const bool is_nested = bits(command[0], 19, 1) != 0;
    return {is_second_level || is_nested ? Step::call : Step::jump, dword_address_at(command, 1)};
}

/// The batch goes on where the comparison holds. What cannot be read is 0.
Next conditional_batch_buffer_end(EngineState& engine, Dwords command) {
    const std::uint64_t address = dword_address_at(command, 2);
    std::uint32_t found = 0;
    engine.space.read32(address, &found);
    if (const bool has_mask = bits(command[0], 19, 1) != 0; has_mask) {
        std::uint32_t mask = 0;
        engine.space.read32(address + 4, &mask);
        found &= mask;
    }
    if (compare(bits(command[0], 12, 3), found, command[1])) {
        return {};
    }
    const bool ends_one_level = bits(command[0], 18, 1) != 0;
    return {ends_one_level ? Step::end_level : Step::end_all};
}

Next store_data_imm(EngineState& engine, Dwords command) {
    const std::uint64_t address = dword_address_at(command, 1);
    const bool is_qword = bits(command[0], 21, 1) != 0;
    if (!is_qword) {
        engine.store32(address, command[3]);
    } else if (command.size() > 4) {
        engine.store64(address, qword_at(command, 3));
    }
    return {};
}

Next flush_dw(EngineState& engine, Dwords command) {
    const std::uint32_t operation = bits(command[0], 14, 2);
    const std::uint64_t address = qword_address_at(command, 1);
    if (operation == kWriteTimestamp) {
        engine.store64(address, timestamp());
    } else if (operation == kWriteImmediate && command.size() > 4) {
        engine.store64(address, qword_at(command, 3));
    } else if (operation == kWriteImmediate) {
        engine.store32(address, command[3]);
    }
    return {};
}

Next pipe_control(EngineState& engine, Dwords command) {
    const std::uint32_t operation = bits(command[1], 14, 2);
    const std::uint64_t address = qword_address_at(command, 2);
    if (operation == kWriteTimestamp) {
        engine.store64(address, timestamp());
    } else if (operation == kWriteImmediate) {
        engine.store64(address, qword_at(command, 4));
    }
    return {};
}

/// Computes nothing, and says that it is done where it was told to: by a number, or by the times of
/// its begin and of its end, of the context's clock and of the global one each.
Next compute_walker(EngineState& engine, Dwords command) {
    // What is done at the end stands before the eight dwords of inline data, whatever precedes it.
    constexpr std::size_t kFromEnd = 8 + 5;
    const std::size_t at = command.size() - kFromEnd;
    const std::uint32_t operation = bits(command[at], 0, 2);
    const std::uint64_t address = qword_address_at(command, at + 1);
    if (operation == kWriteImmediate) {
        engine.store64(address, qword_at(command, at + 3));
    } else if (operation == kWriteTimestamp) {
        const auto now = static_cast<std::uint32_t>(timestamp());
        for (std::uint64_t moment = 0; moment < 4; ++moment) {
            engine.store32(address + moment * sizeof now, now);
        }
    }
    return {};
}

/// Waits until the comparison holds, which nothing does in the middle of a walk.
Next semaphore_wait(EngineState& engine, Dwords command) {
    std::uint32_t found = 0;
    engine.space.read32(dword_address_at(command, 2), &found);
    return {compare(bits(command[0], 12, 3), found, command[1]) ? Step::on : Step::wait};
}

Next load_register_imm(EngineState& engine, Dwords command) {
    for (std::size_t at = 1; at + 1 < command.size(); at += 2) {
        engine.registers.write(command[at], command[at + 1]);
    }
    return {};
}

Next load_register_mem(EngineState& engine, Dwords command) {
    std::uint32_t value = 0;
    if (engine.space.read32(dword_address_at(command, 2), &value)) {
        engine.registers.write(command[1], value);
    }
    return {};
}

Next load_register_reg(EngineState& engine, Dwords command) {
    engine.registers.write(command[2], engine.registers.read(command[1]));
    return {};
}

Next store_register_mem(EngineState& engine, Dwords command) {
    engine.store32(dword_address_at(command, 2), engine.registers.read(command[1]));
    return {};
}

Next copy_mem_mem(EngineState& engine, Dwords command) {
    std::uint32_t value = 0;
    if (engine.space.read32(dword_address_at(command, 3), &value)) {
        engine.store32(dword_address_at(command, 1), value);
    }
    return {};
}

Next atomic(EngineState& engine, Dwords command) {
    // Memory is 4, 8 or 16 bytes wide, as the operation's upper bits say. Drivers use no 16.
    constexpr std::uint32_t kDword = 0;
    constexpr std::uint32_t kQword = 1;
    const std::uint32_t width = bits(command[0], 13, 3);
    const std::uint64_t address = dword_address_at(command, 1);
    const bool is_inline = bits(command[0], 18, 1) != 0 && command.size() > 6;
    const auto operand = [&](std::size_t low, unsigned general) {
        return is_inline ? command[low] | std::uint64_t{command[low + 2]} << 32
                         : engine.registers.general(general);
    };
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    if (width > kQword || !engine.space.read32(address, &low) ||
        (width == kQword && !engine.space.read32(address + 4, &high))) {
        return {};
    }
    const std::uint64_t old = low | std::uint64_t{high} << 32;
    const std::uint64_t value = atomic_result(bits(command[0], 8, 5), width == kDword ? 32 : 64,
                                              old, {operand(3, 0), operand(4, 4)});
    if (width == kDword) {
        engine.store32(address, static_cast<std::uint32_t>(value));
    } else {
        engine.store64(address, value);
    }
    if (const bool returns_old = bits(command[0], 16, 1) != 0; returns_old) {
        engine.registers.set_general(0, old);
    }
    return {};
}

Next math(EngineState& engine, Dwords command) {
    run_math(engine.registers, command.subspan(1));
    return {};
}

constexpr std::array kCommands{
    Command{kOpcode, mi(0x0a), kOneDword, "MI_BATCH_BUFFER_END", 1, batch_buffer_end},
    Command{kOpcode, mi(0x1a), kLength8, "MI_MATH", 2, math},
    Command{kOpcode, mi(0x1c), kLength8, "MI_SEMAPHORE_WAIT", 4, semaphore_wait},
    Command{kOpcode, mi(0x20), kLength10, "MI_STORE_DATA_IMM", 4, store_data_imm},
    Command{kOpcode, mi(0x22), kLength8, "MI_LOAD_REGISTER_IMM", 3, load_register_imm},
    Command{kOpcode, mi(0x24), kLength8, "MI_STORE_REGISTER_MEM", 4, store_register_mem},
    Command{kOpcode, mi(0x26), kLength6, "MI_FLUSH_DW", 4, flush_dw},
    Command{kOpcode, mi(0x29), kLength8, "MI_LOAD_REGISTER_MEM", 4, load_register_mem},
    Command{kOpcode, mi(0x2a), kLength8, "MI_LOAD_REGISTER_REG", 3, load_register_reg},
    Command{kOpcode, mi(0x2e), kLength8, "MI_COPY_MEM_MEM", 5, copy_mem_mem},
    Command{kOpcode, mi(0x2f), kLength8, "MI_ATOMIC", 3, atomic},
    Command{kOpcode, mi(0x31), kLength8, "MI_BATCH_BUFFER_START", 3, batch_buffer_start},
    Command{kOpcode, mi(0x36), kLength8, "MI_CONDITIONAL_BATCH_BUFFER_END", 4,
            conditional_batch_buffer_end},
    Command{0xffff0000, 0x7a000000, kLength8, "PIPE_CONTROL", 6, pipe_control},
    // It keeps flags above its length, where video commands of its family count on.
    Command{0xffff0000, 0x72080000, kLength8, "COMPUTE_WALKER", 39, compute_walker},
};

}  // namespace

std::span<const Command> memory_interface_commands() {
    return kCommands;
}

}  // namespace mrda::stub
