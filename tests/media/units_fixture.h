// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/media/context.h"

namespace mrda::media {

constexpr std::uint64_t kLong = 60'000'000'000;

/// A context with units of unit_plugin.c on the host device.
inline std::shared_ptr<Context> context_with(std::vector<UnitPlacement> units) {
    auto context = Context::open(
        {{MRDA_PLUGIN_DIR, MRDA_BROKEN_PLUGIN_DIR, MRDA_SAMPLE_PLUGIN_DIR}, {}, std::move(units)});
    EXPECT_TRUE(context.ok()) << to_string(context.error());
    return *context;
}

inline UnitPlacement place(const std::string& unit, std::uint32_t count = 1) {
    return {"units", unit, 0, count};
}

inline std::vector<std::uint32_t> words_of(const Buffer& buffer, std::size_t count) {
    std::vector<std::uint32_t> words(count);
    EXPECT_TRUE(buffer.read(0, std::as_writable_bytes(std::span(words))).ok());
    return words;
}

inline void write_word(const Buffer& buffer, std::size_t index, std::uint32_t word) {
    EXPECT_TRUE(
        buffer.write(index * sizeof word, std::as_bytes(std::span<const std::uint32_t>(&word, 1)))
            .ok());
}

template <typename T>
void expect_error(const Result<T>& done, Errc code, const std::string& named) {
    ASSERT_FALSE(done.ok()) << named;
    EXPECT_EQ(done.error().code, code) << done.error().message;
    EXPECT_NE(done.error().message.find(named), std::string::npos) << done.error().message;
}

}  // namespace mrda::media
