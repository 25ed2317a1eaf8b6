// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "mrda/interop/result.h"

/// What lies in shared memory, byte by byte: docs/wire-format.md in C++. All numbers are
/// little-endian. Nothing here is read or written in place: PeerMemory copies it, once.
namespace mrda::ivshmem {

static_assert(std::endian::native == std::endian::little,
              "the wire format is little-endian, and no code here swaps bytes");

inline constexpr std::uint32_t kMagic = 0x4144'524d;  ///< "MRDA" in memory.
inline constexpr std::uint16_t kVersionMajor = 1;     ///< Differs: neither side can go on.
inline constexpr std::uint16_t kVersionMinor = 1;  ///< Differs: feature bits tell what both know.

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr std::size_t kCacheLineBytes = 64;

/// How the host is woken, as bits of SessionHeader::features. A guest needs one that it can do, and
/// ignores what it does not know.
inline constexpr std::uint64_t kFeatureFutex = 1U << 0;     ///< By futex on its sleep word.
inline constexpr std::uint64_t kFeatureDoorbell = 1U << 1;  ///< By an IVSHMEM doorbell register.
inline constexpr std::uint64_t kFeatureStream = 1U << 2;    ///< By a message on the Wake stream.
inline constexpr std::uint64_t kFeaturePolling = 1U << 3;   ///< It looks by itself.

/// Page 0 of a session's control pages. The host writes it before the guest hears of the session,
/// and never reads it.
struct SessionHeader {
    std::uint32_t magic;
    std::uint16_t version_major;
    std::uint16_t version_minor;
    std::uint32_t header_bytes;  ///< Of this structure: a newer host's may be longer.
    std::uint32_t epoch;         ///< One higher for each life of the service.
    std::uint64_t session_id;
    std::uint64_t features;
    std::uint32_t ring_capacity;  ///< Descriptors in each ring.
    std::uint32_t input_slots;
    std::uint32_t output_slots;
    std::uint32_t reserved;
    std::uint64_t input_slot_bytes;
    std::uint64_t output_slot_bytes;
};
static_assert(std::is_trivially_copyable_v<SessionHeader> && sizeof(SessionHeader) == 64);
static_assert(offsetof(SessionHeader, magic) == 0);
static_assert(offsetof(SessionHeader, version_major) == 4);
static_assert(offsetof(SessionHeader, version_minor) == 6);
static_assert(offsetof(SessionHeader, header_bytes) == 8);
static_assert(offsetof(SessionHeader, epoch) == 12);
static_assert(offsetof(SessionHeader, session_id) == 16);
static_assert(offsetof(SessionHeader, features) == 24);
static_assert(offsetof(SessionHeader, ring_capacity) == 32);
static_assert(offsetof(SessionHeader, input_slots) == 36);
static_assert(offsetof(SessionHeader, output_slots) == 40);
static_assert(offsetof(SessionHeader, reserved) == 44);
static_assert(offsetof(SessionHeader, input_slot_bytes) == 48);
static_assert(offsetof(SessionHeader, output_slot_bytes) == 56);

/// Pages 1 (the host's) and 2 (the guest's): what that side tells about its receiving. Each word
/// has a cache line of its own.
inline constexpr std::size_t kHeaderPage = 0;
inline constexpr std::size_t kHostPage = 1;
inline constexpr std::size_t kGuestPage = 2;
inline constexpr std::size_t kFixedPages = 3;
inline constexpr std::size_t kConsumedOffset =
    0;                                           ///< u32: descriptors taken from the other's ring.
inline constexpr std::size_t kSleepOffset = 64;  ///< u32: 1 while this side sleeps, else 0.

/// One entry of a ring. `sequence` is the entry's position plus one, modulo 2^32, and is written
/// last: an entry is there when it holds what its reader expects.
struct Descriptor {
    std::uint32_t sequence;
    std::uint16_t kind;    ///< A GuestKind or a HostKind.
    std::uint16_t flags;   ///< kFlag*.
    std::uint32_t slot;    ///< Index of an input or output slot, by kind.
    std::uint32_t status;  ///< A FrameStatus, an EndStatus, or the Errc of a failure.
    std::uint64_t bytes;   ///< Of the slot's payload.
    std::int64_t pts;      ///< In 90 kHz ticks.
    std::int64_t dts;
    std::uint64_t cookie;            ///< The guest's own; comes back with the frame and its packet.
    std::uint64_t cpu_copied_bytes;  ///< Of end_of_stream alone, as the next.
    std::uint64_t codec_copied_bytes;  ///< Pixels copied since the session began.
};
static_assert(std::is_trivially_copyable_v<Descriptor> && sizeof(Descriptor) == kCacheLineBytes);
static_assert(offsetof(Descriptor, sequence) == 0);
static_assert(offsetof(Descriptor, kind) == 4);
static_assert(offsetof(Descriptor, flags) == 6);
static_assert(offsetof(Descriptor, slot) == 8);
static_assert(offsetof(Descriptor, status) == 12);
static_assert(offsetof(Descriptor, bytes) == 16);
static_assert(offsetof(Descriptor, pts) == 24);
static_assert(offsetof(Descriptor, dts) == 32);
static_assert(offsetof(Descriptor, cookie) == 40);
static_assert(offsetof(Descriptor, cpu_copied_bytes) == 48);
static_assert(offsetof(Descriptor, codec_copied_bytes) == 56);

/// What a guest sends.
enum class GuestKind : std::uint16_t {
    frame = 1,          ///< Input slot `slot` holds a frame: the host's until frame_done.
    release = 2,        ///< Output slot `slot` was read: the host's again.
    end_of_stream = 3,  ///< No more frames; packets come until the host's end_of_stream.
};

/// What a host sends.
enum class HostKind : std::uint16_t {
    packet = 16,      ///< Output slot `slot` holds `bytes`: the guest's until release.
    frame_done = 17,  ///< Input slot `slot` is the guest's again; `status` says what became of it.
    end_of_stream = 18,  ///< Every packet has been sent; `status` says whose end it is.
    reset_done = 19,     ///< Everything sent before has come back; the next frame is an IDR.
    failed = 20,         ///< The session ended; `status` is an Errc.
};

inline constexpr std::uint16_t kFlagKeyFrame = 1U << 0;  ///< frame: make it one; packet: it is one.

/// What became of a frame.
enum class FrameStatus : std::uint32_t {
    encoded = 0,
    discarded = 1,  ///< By a reset.
    lost = 2,       ///< With the host's life; the guest library says so, no host does.
    failed = 3,     ///< This frame only.
};

/// Whose end a host's end_of_stream is.
enum class EndStatus : std::uint32_t {
    asked = 0,      ///< The guest's: every frame that it sent was taken.
    commanded = 1,  ///< The service's: no frame was taken of which nothing has come back by now.
};

/// What `status` of HostKind::failed means: guests of any age read these numbers.
static_assert(static_cast<int>(Errc::invalid_argument) == 0);
static_assert(static_cast<int>(Errc::unsupported) == 1);
static_assert(static_cast<int>(Errc::not_found) == 2);
static_assert(static_cast<int>(Errc::permission_denied) == 3);
static_assert(static_cast<int>(Errc::out_of_memory) == 4);
static_assert(static_cast<int>(Errc::exhausted) == 5);
static_assert(static_cast<int>(Errc::busy) == 6);
static_assert(static_cast<int>(Errc::timeout) == 7);
static_assert(static_cast<int>(Errc::end_of_stream) == 8);
static_assert(static_cast<int>(Errc::corrupt) == 9);
static_assert(static_cast<int>(Errc::device_lost) == 10);
static_assert(static_cast<int>(Errc::io) == 11);
static_assert(static_cast<int>(Errc::internal) == 12);

}  // namespace mrda::ivshmem
