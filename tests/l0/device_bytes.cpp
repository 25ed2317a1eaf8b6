// SPDX-License-Identifier: MIT
#include "l0/device_bytes.h"

#include <gtest/gtest.h>

#include "mrda/l0/command_list.h"

namespace mrda::test {

namespace {

void copy_now(const l0::Context& context, void* to, const void* from, std::size_t count) {
    auto list = l0::CommandList::create(context, l0::CommandList::Kind::immediate);
    ASSERT_TRUE(list.ok()) << to_string(list.error());
    ASSERT_TRUE(list->copy(to, from, count).ok());
    ASSERT_TRUE(list->wait().ok());
}

}  // namespace

void write_bytes(const l0::Context& context, void* usm, std::span<const std::byte> bytes) {
    copy_now(context, usm, bytes.data(), bytes.size());
}

std::vector<std::byte> read_bytes(const l0::Context& context, const void* usm, std::size_t count) {
    std::vector<std::byte> bytes(count);
    copy_now(context, bytes.data(), usm, count);
    return bytes;
}

std::vector<std::byte> pattern(std::size_t count, unsigned seed) {
    std::vector<std::byte> bytes(count);
    unsigned state = seed * 2654435761U + 1;
    for (std::byte& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(state >> 24U);
    }
    return bytes;
}

}  // namespace mrda::test
