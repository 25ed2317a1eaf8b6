// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace mrda::stub {

/// Ticks of the engines' clock: 19.2 MHz.
std::uint64_t timestamp();

/// The registers of the engine that walks a stream. Streams name them by their place in the
/// engine's own window or by their absolute one; both are the same register here. What an encode
/// leaves behind reads as if a frame of `frame_bytes` had just been written and nothing had gone
/// wrong.
class RegisterFile {
  public:
    explicit RegisterFile(std::uint32_t frame_bytes) : frame_bytes_(frame_bytes) {}

    std::uint32_t frame_bytes() const { return frame_bytes_; }

    std::uint32_t read(std::uint32_t offset) const;
    void write(std::uint32_t offset, std::uint32_t value);

    static constexpr unsigned kGeneralRegisters = 16;
    /// One of the 64-bit registers that MI_MATH and MI_ATOMIC work on.
    std::uint64_t general(unsigned index) const;
    void set_general(unsigned index, std::uint64_t value);

  private:
    static constexpr std::uint32_t kWindowBytes = 0x4000;

    std::uint32_t frame_bytes_;
    std::array<std::uint32_t, kWindowBytes / 4> values_{};
};

}  // namespace mrda::stub
