// SPDX-License-Identifier: MIT
#include "engine_math.h"

#include <algorithm>

namespace mrda::stub {

namespace {

/// The unit that MI_MATH programs: two sources, an accumulator, and the flags of the last
/// operation.
class Alu {
  public:
    explicit Alu(RegisterFile& registers) : registers_(registers) {}

    void run(std::uint32_t instruction) {
        const std::uint32_t operation = instruction >> 20;
        const std::uint32_t first = instruction >> 10 & 0x3ff;
        const std::uint32_t second = instruction & 0x3ff;
        const std::uint64_t inverted = (operation & kInvert) != 0 ? kAllOnes : 0;
        switch (operation & ~kInvert) {
            case kLoad:
                source(first) = registers_.general(second) ^ inverted;
                break;
            case kLoadZero:  // And all ones, inverted.
                source(first) = inverted;
                break;
            case kStore:
                registers_.set_general(first, result(second) ^ inverted);
                break;
            default:
                calculate(operation);
        }
    }

  private:
    static constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};
    static constexpr std::uint32_t kInvert = 0x400;
    static constexpr std::uint32_t kLoad = 0x080;
    static constexpr std::uint32_t kLoadZero = 0x081;
    static constexpr std::uint32_t kStore = 0x180;
    static constexpr std::uint32_t kSourceA = 0x20;
    static constexpr std::uint32_t kZeroFlag = 0x32;
    static constexpr std::uint32_t kCarryFlag = 0x33;

    std::uint64_t& source(std::uint32_t which) { return which == kSourceA ? a_ : b_; }

    std::uint64_t result(std::uint32_t which) const {
        switch (which) {
            case kZeroFlag:
                return zero_ ? kAllOnes : 0;
            case kCarryFlag:
                return carry_ ? kAllOnes : 0;
            default:
                return accumulator_;
        }
    }

    void calculate(std::uint32_t operation) {
        const std::uint64_t shift = b_ & 63;
        switch (operation) {
            case 0x100:
                return set(a_ + b_, a_ + b_ < a_);
            case 0x101:
                return set(a_ - b_, a_ < b_);
            case 0x102:
                return set(a_ & b_, false);
            case 0x103:
                return set(a_ | b_, false);
            case 0x104:
                return set(a_ ^ b_, false);
            case 0x105:
                return set(a_ << shift, false);
            case 0x106:
                return set(a_ >> shift, false);
            case 0x107:
                return set(static_cast<std::uint64_t>(static_cast<std::int64_t>(a_) >> shift),
                           false);
            default:
                return;
        }
    }

    void set(std::uint64_t value, bool carry) {
        accumulator_ = value;
        zero_ = value == 0;
        carry_ = carry;
    }

    RegisterFile& registers_;
    std::uint64_t a_ = 0;
    std::uint64_t b_ = 0;
    std::uint64_t accumulator_ = 0;
    bool zero_ = false;
    bool carry_ = false;
};

std::int64_t as_signed(std::uint64_t value, unsigned width_bits) {
    const unsigned unused = 64 - width_bits;
    return static_cast<std::int64_t>(value << unused) >> unused;
}

}  // namespace

void run_math(RegisterFile& registers, std::span<const std::uint32_t> instructions) {
    Alu alu(registers);
    for (const std::uint32_t instruction : instructions) {
        alu.run(instruction);
    }
}

std::uint64_t atomic_result(std::uint32_t operation, unsigned width_bits, std::uint64_t old,
                            AtomicOperands operands) {
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width_bits);
    const std::uint64_t first = operands.first & mask;
    const bool is_less = as_signed(first, width_bits) < as_signed(old, width_bits);
    switch (operation) {
        case 0x01:
            return old & first;
        case 0x02:
            return old | first;
        case 0x03:
            return old ^ first;
        case 0x04:
            return first;
        case 0x05:
            return (old + 1) & mask;
        case 0x06:
            return (old - 1) & mask;
        case 0x07:
            return (old + first) & mask;
        case 0x08:
            return (old - first) & mask;
        case 0x09:
            return (first - old) & mask;
        case 0x0a:
            return is_less ? old : first;
        case 0x0b:
            return is_less ? first : old;
        case 0x0c:
            return std::max(old, first);
        case 0x0d:
            return std::min(old, first);
        case 0x0e:
            return old == first ? operands.second & mask : old;
        default:
            return old;
    }
}

bool compare(std::uint32_t operation, std::uint32_t found, std::uint32_t wanted) {
    switch (operation) {
        case 0:
            return found > wanted;
        case 1:
            return found >= wanted;
        case 2:
            return found < wanted;
        case 3:
            return found <= wanted;
        case 4:
            return found == wanted;
        default:
            return found != wanted;
    }
}

}  // namespace mrda::stub
