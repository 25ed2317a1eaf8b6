// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "address_space.h"
#include "encoder_source.h"
#include "registers.h"

namespace mrda::stub {

/// A command's own dwords: a copy, which nobody else can write.
using Dwords = std::span<const std::uint32_t>;

/// What commands work on.
struct EngineState {
    AddressSpace& space;
    RegisterFile registers;
    EncoderSource source;
    unsigned stores = 0;  ///< Memory writes that were done.

    void store32(std::uint64_t address, std::uint32_t value) {
        stores += space.write32(address, value) ? 1 : 0;
    }
    void store64(std::uint64_t address, std::uint64_t value) {
        stores += space.write64(address, value) ? 1 : 0;
    }
};

/// Where the walk goes after a command.
struct Next {
    enum class Step : std::uint8_t { on, wait, jump, call, end_level, end_all };
    Step step = Step::on;
    std::uint64_t address = 0;  ///< Of a jump or a call.
};

/// How long a command is: `base` dwords, and what its lowest `bits` bits say.
struct Length {
    unsigned bits;
    unsigned base;

    std::size_t of(std::uint32_t header) const {
        return base + (header & ((std::uint32_t{1} << bits) - 1));
    }
};
inline constexpr Length kOneDword{0, 1};
inline constexpr Length kLength6{6, 2};
inline constexpr Length kLength8{8, 2};
inline constexpr Length kLength10{10, 2};
inline constexpr Length kLength12{12, 2};
inline constexpr std::size_t kLongestCommand = 0xfff + 2;

using Action = Next (*)(EngineState&, Dwords);

/// One kind of command, or a family of them: those whose first dword is `opcode` under `mask`.
struct Command {
    std::uint32_t mask;
    std::uint32_t opcode;
    Length length;
    const char* name = nullptr;
    std::size_t needs = 1;    ///< Dwords; a shorter command does nothing.
    Action action = nullptr;  ///< Null where nothing comes of it.
};

/// The commands of every engine (MI), and of the video engines.
std::span<const Command> memory_interface_commands();
std::span<const Command> media_commands();

/// A 48-bit address that begins at `command[at]`.
inline std::uint64_t address_at(Dwords command, std::size_t at) {
    return (command[at] | std::uint64_t{command[at + 1]} << 32) & ((std::uint64_t{1} << 48) - 1);
}

inline std::uint32_t bits(std::uint32_t dword, unsigned lowest, unsigned count) {
    return dword >> lowest & ((std::uint32_t{1} << count) - 1);
}

}  // namespace mrda::stub
