// SPDX-License-Identifier: MIT
// A command stream of anything, over memory of which only a part is bound: the walk ends, and
// writes nowhere else.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "check.h"
#include "intel/stub/address_space.h"
#include "intel/stub/kinds.h"
#include "intel/stub/object.h"
#include "intel/stub/settings.h"
#include "intel/stub/streamer.h"

namespace {

using namespace mrda::stub;

constexpr std::size_t kGuardBytes = 256;
constexpr std::size_t kBoundBytes = 4096;
constexpr std::byte kGuard{0xa5};

/// An object of which the middle is bound; what lies around it must stay as it was.
class Target {
  public:
    Target(AddressSpace& space, std::uint64_t address)
        : bytes_(kGuardBytes + kBoundBytes + kGuardBytes, kGuard) {
        std::fill_n(bound(), kBoundBytes, std::byte{});
        const auto object =
            Object::of_user_pages(reinterpret_cast<std::uintptr_t>(bytes_.data()), bytes_.size());
        object->shared = true;
        check(space.bind(address, object, kGuardBytes, kBoundBytes));
    }

    std::byte* bound() { return bytes_.data() + kGuardBytes; }

    void check_guards() const {
        const auto is_guard = [](std::byte byte) { return byte == kGuard; };
        check(std::all_of(bytes_.begin(), bytes_.begin() + kGuardBytes, is_guard));
        check(std::all_of(bytes_.end() - kGuardBytes, bytes_.end(), is_guard));
    }

  private:
    std::vector<std::byte> bytes_;
};

constexpr std::uint64_t kStream = 0x1'0000'0000;
constexpr std::uint64_t kMemory = 0x2'0000'0000;

constexpr std::array<std::uint32_t, 33> kHeaders{
    0x00000000, 0x05000000, 0x0d000003, 0x0e004002, 0x10000002, 0x10200003, 0x11000001,
    0x12000002, 0x13004003, 0x13004002, 0x1300c003, 0x14800002, 0x15000001, 0x17000003,
    0x17800701, 0x17802e09, 0x18c00101, 0x18800101, 0x1b284002, 0x1b040002, 0x7a000004,
    0x72080025, 0x70000003, 0x70010004, 0x7002003b, 0x70800004, 0x70810004, 0x7084000b,
    0x73800005, 0x73810003, 0x73820037, 0x73900005, 0x718200c2};

/// Most random dwords are neither a command nor an address: a byte says which of the three comes
/// next.
std::vector<std::uint32_t> stream_of(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint32_t> stream;
    const auto take = [&] { return size == 0 ? std::uint8_t{0} : (--size, *data++); };
    while (size > 0 && stream.size() < kBoundBytes / sizeof(std::uint32_t)) {
        const std::uint8_t what = take();
        if (what < 128) {
            stream.push_back(kHeaders[what % kHeaders.size()]);
        } else if (what < 192) {
            // To 16 bytes beyond what is bound there.
            const std::uint32_t at = (take() | std::uint32_t{take()} << 8) % (kBoundBytes + 16);
            stream.push_back(at);
            stream.push_back(what % 2 == 0 ? kStream >> 32 : kMemory >> 32);
        } else {
            std::uint32_t dword = 0;
            for (unsigned i = 0; i < sizeof dword; ++i) {
                dword = dword << 8 | take();
            }
            stream.push_back(dword);
        }
    }
    stream.resize(std::min(stream.size(), kBoundBytes / sizeof(std::uint32_t)));
    return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // What is traced is read from the stream as well.
    static const bool is_traced = ::setenv(kTraceVariable, "/dev/null", 0) == 0;
    check(is_traced);
    if (size == 0) {
        return 0;
    }
    AddressSpace space;
    Target stream(space, kStream);
    Target memory(space, kMemory);
    const std::vector<std::uint32_t> dwords = stream_of(data + 1, size - 1);
    const auto bytes = std::as_bytes(std::span(dwords));
    std::copy(bytes.begin(), bytes.end(), stream.bound());
    const DeviceKind& kind = device_kinds()[data[0] % device_kinds().size()];
    const StreamResult result = run_stream(space, kind, 1024, kStream);
    check(result.commands <= kLongestStream);
    check(result.end != StreamEnd::batch_end || result.address == 0);
    stream.check_guards();
    memory.check_guards();
    return 0;
}
