// SPDX-License-Identifier: MIT
#include "registers.h"

#include <chrono>

namespace mrda::stub {

namespace {

// In the window of an engine.
constexpr std::uint32_t kTimestamp = 0x358;
constexpr std::uint32_t kTimestampHigh = 0x35c;
constexpr std::uint32_t kContextTimestamp = 0x3a8;
constexpr std::uint32_t kGeneral = 0x600;
// In that of a video engine: of the AVC, the HEVC and the AV1 pipe, and of HuC.
constexpr std::uint32_t kMfcByteCount = 0x8a0;
constexpr std::uint32_t kMfcSyntaxElementBits = 0x8a4;
constexpr std::uint32_t kHcpByteCount = 0x28a0;
constexpr std::uint32_t kHcpSyntaxElementBits = 0x28a4;
constexpr std::uint32_t kHcpByteCountNoHeader = 0x28a8;
constexpr std::uint32_t kAvpTileByteCount = 0x2b48;
constexpr std::uint32_t kHucStatus2 = 0x23b0;

constexpr std::uint32_t kHucFirmwareLoaded = 1U << 6;

// The render, compute and copy engines' windows begin this far into the 16 KiB that a video engine
// has.
constexpr std::uint32_t kRenderWindow = 0x2000;

bool is_common(std::uint32_t place) {
    return (place >= kGeneral && place < kGeneral + RegisterFile::kGeneralRegisters * 8) ||
           place == kTimestamp || place == kTimestampHigh || place == kContextTimestamp;
}

/// The place in the engine's window.
std::uint32_t place_of(std::uint32_t offset, std::uint32_t window_bytes) {
    const std::uint32_t place = offset % window_bytes & ~3U;
    return place >= kRenderWindow && is_common(place - kRenderWindow) ? place - kRenderWindow
                                                                      : place;
}

}  // namespace

std::uint64_t timestamp() {
    using Ticks = std::chrono::duration<std::uint64_t, std::ratio<10, 192'000'000>>;
    return std::chrono::duration_cast<Ticks>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::uint32_t RegisterFile::read(std::uint32_t offset) const {
    const std::uint32_t place = place_of(offset, kWindowBytes);
    switch (place) {
        case kTimestamp:
        case kContextTimestamp:
            return static_cast<std::uint32_t>(timestamp());
        case kTimestampHigh:
            return static_cast<std::uint32_t>(timestamp() >> 32);
        case kMfcByteCount:
        case kHcpByteCount:
        case kHcpByteCountNoHeader:
        case kAvpTileByteCount:
            return frame_bytes_;
        case kMfcSyntaxElementBits:
        case kHcpSyntaxElementBits:
            return frame_bytes_ * 8;
        case kHucStatus2:
            return kHucFirmwareLoaded;
        default:
            return values_[place / 4];
    }
}

void RegisterFile::write(std::uint32_t offset, std::uint32_t value) {
    values_[place_of(offset, kWindowBytes) / 4] = value;
}

std::uint64_t RegisterFile::general(unsigned index) const {
    const std::size_t low = kGeneral / 4 + std::size_t{index % kGeneralRegisters} * 2;
    return values_[low] | std::uint64_t{values_[low + 1]} << 32;
}

void RegisterFile::set_general(unsigned index, std::uint64_t value) {
    const std::size_t low = kGeneral / 4 + std::size_t{index % kGeneralRegisters} * 2;
    values_[low] = static_cast<std::uint32_t>(value);
    values_[low + 1] = static_cast<std::uint32_t>(value >> 32);
}

}  // namespace mrda::stub
