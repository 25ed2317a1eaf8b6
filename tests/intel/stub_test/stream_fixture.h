// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stub/address_space.h"
#include "stub/kinds.h"
#include "stub/object.h"
#include "stub/settings.h"
#include "stub/streamer.h"

namespace mrda::stub {

// The trace goes where its variable said before anything was traced: to memory.
inline const int trace_memory = [] {
    const int fd = ::memfd_create("trace", 0);
    ::setenv(kTraceVariable, ("/proc/self/fd/" + std::to_string(fd)).c_str(), 1);
    return fd;
}();

using Words = std::vector<std::uint32_t>;

inline constexpr std::uint64_t kStream = 0xff'1000'0000;
inline constexpr std::uint64_t kCalled = 0xff'2000'0000;
inline constexpr std::uint64_t kMemory = 0xff'3000'0000;
inline constexpr std::uint64_t kUnbound = 0xff'4000'0000;
inline constexpr std::uint32_t kBatchEnd = 0x05000000;
inline constexpr std::uint32_t kFrameBytes = 4321;

inline std::uint32_t low(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}
inline std::uint32_t high(std::uint64_t value) {
    return static_cast<std::uint32_t>(value >> 32);
}

// Commands, as drivers write them.

inline Words store_imm(std::uint64_t address, std::uint32_t value) {
    return {0x10000002, low(address), high(address), value};
}
inline Words load_imm(std::uint32_t place, std::uint32_t value) {
    return {0x11080001, place, value};
}
inline Words store_register(std::uint32_t place, std::uint64_t address) {
    return {0x12080002, place, low(address), high(address)};
}
inline Words call(std::uint64_t address) {
    return {0x18c00101, low(address), high(address)};
}
inline Words jump(std::uint64_t address) {
    return {0x18800101, low(address), high(address)};
}
inline Words atomic(std::uint32_t operation, std::uint32_t flags, std::uint64_t address) {
    return {0x17800001 | operation << 8 | flags, low(address), high(address)};
}

/// A command of `size` dwords with some of them set.
inline Words sparse(std::uint32_t opcode, std::size_t size,
                    std::initializer_list<std::pair<std::size_t, std::uint32_t>> set) {
    Words command(size);
    command[0] = opcode << 16 | low(size - 2);
    for (const auto& [at, value] : set) {
        command[at] = value;
    }
    return command;
}

struct Picture {
    std::uint32_t width, height, pitch, tile_mode, chroma_row;
};
inline constexpr Picture kPicture{1920, 1080, 2048, 0, 1088};

/// MFX_SURFACE_STATE's and VDENC_SRC_SURFACE_STATE's.
inline Words surface(std::uint32_t opcode, std::uint32_t id, const Picture& picture) {
    return sparse(opcode, 6,
                  {{1, id},
                   {2, (picture.height - 1) << 18 | (picture.width - 1) << 4},
                   {3, (picture.pitch - 1) << 3 | picture.tile_mode | 4U << 28},
                   {4, picture.chroma_row}});
}

inline constexpr std::uint32_t kMfxEncodeAvc = 0x12;
inline constexpr std::uint32_t kVdencHevc = 0;
inline constexpr std::uint32_t kVdencAvc = 2;
inline constexpr std::uint32_t kVdencAv1 = 3;

inline Words mfx_select(std::uint32_t what) {
    return sparse(0x7000, 5, {{1, what}});
}
inline Words mfx_picture(std::uint64_t address) {
    return sparse(0x7002, 68, {{7, low(address)}, {8, high(address)}});
}
inline Words hcp_select(std::uint32_t what) {
    return sparse(0x7380, 7, {{1, what}});
}
inline Words hcp_picture(std::uint64_t address, std::uint32_t tile_mode) {
    return sparse(0x7382, 121, {{54, low(address)}, {55, high(address)}, {56, tile_mode << 13}});
}
inline Words vdenc_select(std::uint32_t standard) {
    return sparse(0x7080, 6, {{1, standard}});
}
inline Words vdenc_surface(const Picture& picture) {
    return surface(0x7081, 0, picture);
}
inline Words vdenc_picture(std::uint64_t address) {
    return sparse(0x7084, 71, {{10, low(address)}, {11, high(address)}});
}

inline Words operator+(Words first, const Words& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

inline Words vdenc_frame(std::uint32_t standard, std::uint64_t address,
                         const Picture& picture = kPicture) {
    return vdenc_select(standard) + vdenc_surface(picture) + vdenc_picture(address);
}

/// A stream, what it may call, and memory, all of them bound.
class StreamTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(space_.bind(kStream, stream_, 0, stream_->size_bytes()));
        ASSERT_TRUE(space_.bind(kCalled, called_, 0, called_->size_bytes()));
        ASSERT_TRUE(space_.bind(kMemory, memory_, 0, memory_->size_bytes()));
        traced_ = ::lseek(trace_memory, 0, SEEK_END);
    }

    static void fill(Object& object, const Words& words, std::size_t at = 0) {
        std::memcpy(object.bytes() + at, words.data(), words.size() * sizeof(std::uint32_t));
    }

    /// Walks the words, with an end after them.
    StreamResult run(const Words& words) { return run_open(words + Words{kBatchEnd}); }
    StreamResult run_open(const Words& words) {
        fill(*stream_, words);
        return run_stream(space_, *find_kind(kind_), kFrameBytes, kStream);
    }

    template <typename T = std::uint32_t>
    T memory(std::size_t at = 0) {
        T value{};
        std::memcpy(&value, memory_->bytes() + at, sizeof value);
        return value;
    }

    /// The lines that were traced, with each object's number replaced by its name.
    std::vector<std::string> trace() {
        std::string text(static_cast<std::size_t>(::lseek(trace_memory, 0, SEEK_END) - traced_),
                         ' ');
        EXPECT_EQ(::pread(trace_memory, text.data(), text.size(), traced_),
                  static_cast<ssize_t>(text.size()));
        std::vector<std::string> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) {
            const std::string number = "bo=" + std::to_string(memory_->number()) + " ";
            if (const auto at = line.find(number); at != std::string::npos) {
                line.replace(at, number.size(), "bo=memory ");
            }
            lines.push_back(line);
        }
        return lines;
    }

    AddressSpace space_;
    std::shared_ptr<Object> stream_ = Object::create(64 * 1024, Region::system);
    std::shared_ptr<Object> called_ = Object::create(64 * 1024, Region::system);
    std::shared_ptr<Object> memory_ = Object::create(64 * 1024, Region::system);
    std::string_view kind_ = "adlp";

  private:
    off_t traced_ = 0;
};

}  // namespace mrda::stub
