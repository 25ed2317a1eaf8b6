// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/ring.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

namespace mrda::ivshmem {
namespace {

constexpr std::uint32_t kCapacity = 64;

/// A ring and its consumer's page, in memory of their own.
struct RingMemory {
    alignas(4096) std::array<std::byte, kCapacity * sizeof(Descriptor)> entries_bytes{};
    alignas(4096) std::array<std::byte, kPageBytes> page_bytes{};
    PeerMemory entries{entries_bytes.data(), entries_bytes.size()};
    PeerMemory page{page_bytes.data(), page_bytes.size()};
};

Descriptor numbered(std::uint64_t number) {
    Descriptor descriptor{};
    descriptor.kind = 1;
    descriptor.cookie = number;
    descriptor.bytes = ~number;
    return descriptor;
}

RC_GTEST_PROP(Ring, gives_back_in_order_what_was_pushed, ()) {
    RingMemory memory;
    RingProducer producer(memory.entries, memory.page);
    RingConsumer consumer(memory.entries, memory.page);
    std::deque<std::uint64_t> model;
    std::uint64_t next = 0;
    for (const bool push :
         *rc::gen::container<std::vector<bool>>(400, rc::gen::arbitrary<bool>())) {
        if (push) {
            const auto pushed = producer.push(numbered(next));
            RC_ASSERT(pushed.ok());
            RC_ASSERT(*pushed == (model.size() < kCapacity));
            if (*pushed) {
                model.push_back(next++);
            }
            continue;
        }
        RC_ASSERT(consumer.ready() == !model.empty());
        const auto popped = consumer.pop().value();
        RC_ASSERT(popped.has_value() == !model.empty());
        if (popped) {
            RC_ASSERT(popped->cookie == model.front());
            RC_ASSERT(popped->bytes == ~model.front());
            model.pop_front();
        }
    }
}

TEST(Ring, holds_its_capacity_and_no_more) {
    RingMemory memory;
    RingProducer producer(memory.entries, memory.page);
    RingConsumer consumer(memory.entries, memory.page);
    for (std::uint32_t i = 0; i < kCapacity; ++i) {
        ASSERT_TRUE(producer.push(numbered(i)).value());
    }
    EXPECT_FALSE(producer.push(numbered(99)).value());
    EXPECT_EQ(consumer.pop().value()->cookie, 0U);
    EXPECT_TRUE(producer.push(numbered(99)).value());
}

TEST(Ring, carries_between_threads_without_loss) {
    RingMemory memory;
    constexpr std::uint64_t kCount = 20'000;
    std::thread sender([&memory] {
        RingProducer producer(memory.entries, memory.page);
        for (std::uint64_t i = 0; i < kCount;) {
            const auto pushed = producer.push(numbered(i));
            ASSERT_TRUE(pushed.ok());
            i += *pushed ? 1 : 0;
            if (!*pushed) {
                std::this_thread::yield();
            }
        }
    });
    RingConsumer consumer(memory.entries, memory.page);
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < kCount;) {
        const auto popped = consumer.pop().value();
        if (!popped) {
            std::this_thread::yield();
            continue;
        }
        wrong += popped->cookie == i && popped->bytes == ~i ? 0 : 1;
        ++i;
    }
    sender.join();
    EXPECT_EQ(wrong, 0U);
}

TEST(Ring, a_peer_that_took_what_was_never_sent_is_corrupt) {
    RingMemory memory;
    RingProducer producer(memory.entries, memory.page);
    for (std::uint32_t i = 0; i < kCapacity; ++i) {
        ASSERT_TRUE(producer.push(numbered(i)).value());
    }
    memory.page.store(kConsumedOffset, kCapacity + 1, std::memory_order_relaxed);
    const auto pushed = producer.push(numbered(1));
    ASSERT_FALSE(pushed.ok());
    EXPECT_EQ(pushed.error().code, Errc::corrupt);
    EXPECT_NE(pushed.error().message.find("65"), std::string::npos);
}

TEST(Ring, an_entry_of_another_lap_is_corrupt) {
    RingMemory memory;
    RingConsumer consumer(memory.entries, memory.page);
    Descriptor replayed = numbered(1);
    replayed.sequence = 1 + kCapacity;
    memory.entries.publish(0, replayed);
    EXPECT_FALSE(consumer.ready());
    const auto popped = consumer.pop();
    ASSERT_FALSE(popped.ok());
    EXPECT_EQ(popped.error().code, Errc::corrupt);
    EXPECT_NE(popped.error().message.find("sequence 65, and could have 0 or 1"), std::string::npos);
}

TEST(Ring, an_entry_that_is_wiped_after_the_first_lap_is_corrupt) {
    RingMemory memory;
    RingProducer producer(memory.entries, memory.page);
    RingConsumer consumer(memory.entries, memory.page);
    for (std::uint32_t i = 0; i < kCapacity; ++i) {
        ASSERT_TRUE(producer.push(numbered(i)).value());
        ASSERT_TRUE(consumer.pop().value());
    }
    EXPECT_FALSE(consumer.pop().value()) << "the first lap's entry is still there, and no news";
    memory.entries.store(0, 0, std::memory_order_relaxed);
    EXPECT_EQ(consumer.pop().error().code, Errc::corrupt);
}

RC_GTEST_PROP(Ring, scribbled_memory_never_gives_more_than_a_lap, ()) {
    RingMemory memory;
    const auto words = *rc::gen::container<std::vector<std::uint32_t>>(
        kCapacity, rc::gen::inRange<std::uint32_t>(0, 2 * kCapacity));
    for (std::uint32_t i = 0; i < kCapacity; ++i) {
        memory.entries.store(i * sizeof(Descriptor), words[i], std::memory_order_relaxed);
    }
    RingConsumer consumer(memory.entries, memory.page);
    std::uint32_t taken = 0;
    auto popped = consumer.pop();
    for (; popped.ok() && *popped; popped = consumer.pop()) {
        RC_ASSERT(++taken <= kCapacity);
    }
    if (!popped.ok()) {
        RC_ASSERT(popped.error().code == Errc::corrupt);
    }
}

}  // namespace
}  // namespace mrda::ivshmem
