// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/message.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <thread>

#include "mrda/ivshmem/ring.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::ivshmem {
namespace {

using Owner = SlotOwners::Owner;

struct Session {
    SessionLayout layout = SessionLayout::make({.input_slots = 4,
                                                .input_slot_bytes = 4096,
                                                .output_slots = 3,
                                                .output_slot_bytes = 4096})
                               .value();
    SlotOwners input{4, Owner::guest};
    SlotOwners output{3, Owner::host};

    auto from_guest(const Descriptor& descriptor) {
        return accept_from_guest(descriptor, layout, input, output);
    }
    auto from_host(const Descriptor& descriptor) {
        return accept_from_host(descriptor, layout, input, output);
    }
};

Descriptor frame(std::uint32_t slot) {
    Descriptor descriptor{};
    descriptor.kind = static_cast<std::uint16_t>(GuestKind::frame);
    descriptor.slot = slot;
    return descriptor;
}

Descriptor from_host_kind(HostKind kind, std::uint32_t slot) {
    Descriptor descriptor{};
    descriptor.kind = static_cast<std::uint16_t>(kind);
    descriptor.slot = slot;
    return descriptor;
}

template <typename T>
void expect_corrupt(const Result<T>& accepted, const std::string& names) {
    ASSERT_FALSE(accepted.ok());
    EXPECT_EQ(accepted.error().code, Errc::corrupt);
    EXPECT_NE(accepted.error().message.find(names), std::string::npos) << accepted.error().message;
}

TEST(Message, a_frame_moves_its_slot_to_the_host_and_back) {
    Session session;
    EXPECT_EQ(session.from_guest(frame(2)).value(), GuestKind::frame);
    EXPECT_EQ(session.input.owner(2), Owner::host);
    EXPECT_EQ(session.from_host(from_host_kind(HostKind::frame_done, 2)).value(),
              HostKind::frame_done);
    EXPECT_EQ(session.input.owner(2), Owner::guest);
}

TEST(Message, a_packet_moves_its_slot_to_the_guest_and_back) {
    Session session;
    EXPECT_EQ(session.from_host(from_host_kind(HostKind::packet, 1)).value(), HostKind::packet);
    EXPECT_EQ(session.output.owner(1), Owner::guest);
    Descriptor release{};
    release.kind = static_cast<std::uint16_t>(GuestKind::release);
    release.slot = 1;
    EXPECT_EQ(session.from_guest(release).value(), GuestKind::release);
    EXPECT_EQ(session.output.owner(1), Owner::host);
}

TEST(Message, a_replayed_frame_is_refused) {
    Session session;
    ASSERT_TRUE(session.from_guest(frame(2)).ok());
    expect_corrupt(session.from_guest(frame(2)), "input slot 2, which is not its own");
}

TEST(Message, a_slot_that_the_guest_never_got_cannot_be_released) {
    Session session;
    Descriptor release{};
    release.kind = static_cast<std::uint16_t>(GuestKind::release);
    expect_corrupt(session.from_guest(release), "output slot 0, which is not its own");
}

TEST(Message, every_field_out_of_range_is_named) {
    Session session;
    expect_corrupt(session.from_guest(frame(4)), "input slot 4 of 4");
    Descriptor bad = frame(0);
    bad.kind = 77;
    expect_corrupt(session.from_guest(bad), "kind 77");
    bad = frame(0);
    bad.flags = 0x8001;
    expect_corrupt(session.from_guest(bad), "flags 32769");
    bad = frame(0);
    bad.bytes = 4097;
    expect_corrupt(session.from_guest(bad), "4097 bytes in a slot of 4096");
    EXPECT_EQ(session.input.owner(0), Owner::guest) << "a refused message moves nothing";
    bad = from_host_kind(HostKind::frame_done, 0);
    bad.status = 9;
    expect_corrupt(session.from_host(bad), "frame status 9");
    bad = from_host_kind(HostKind::end_of_stream, 0);
    bad.status = 2;
    expect_corrupt(session.from_host(bad), "end status 2");
    bad = from_host_kind(HostKind::packet, 3);
    expect_corrupt(session.from_host(bad), "output slot 3 of 3");
}

TEST(Message, each_side_refuses_the_others_kinds) {
    Session session;
    expect_corrupt(session.from_guest(from_host_kind(HostKind::packet, 0)), "kind 16");
    expect_corrupt(session.from_host(frame(0)), "kind 1");
}

/// A ring from a guest that goes on writing into what it has sent.
class RewrittenRing {
  public:
    RewrittenRing() : rewriter_([this](const std::stop_token& enough) { rewrite(enough); }) {}

    /// What the host takes of the first entry, as if it had never looked before.
    Descriptor pop() {
        RingConsumer consumer(entries_, page_);
        entries_.store(0, 1, std::memory_order_release);
        return consumer.pop().value().value();
    }

  private:
    using Words = std::array<std::uint32_t, sizeof(Descriptor) / sizeof(std::uint32_t)>;

    void rewrite(const std::stop_token& enough) const {
        for (std::uint64_t round = 0; !enough.stop_requested(); ++round) {
            const auto words = std::bit_cast<Words>(written(round));
            for (std::size_t word = 1; word < words.size(); ++word) {  // All but the sequence.
                entries_.store(word * sizeof(std::uint32_t), words[word],
                               std::memory_order_relaxed);
            }
        }
    }
    /// Now what may be sent, and now what may not.
    static Descriptor written(std::uint64_t round) {
        Descriptor descriptor = frame(static_cast<std::uint32_t>(round % 7));
        descriptor.kind = static_cast<std::uint16_t>(1 + round % 5);
        descriptor.flags = static_cast<std::uint16_t>(round % 3);
        descriptor.bytes = round % 2 == 0 ? 4096 : ~round;
        return descriptor;
    }

    alignas(kPageBytes) std::array<std::byte, 64 * sizeof(Descriptor)> entries_bytes_{};
    alignas(kPageBytes) std::array<std::byte, kPageBytes> page_bytes_{};
    PeerMemory entries_{entries_bytes_.data(), entries_bytes_.size()};
    PeerMemory page_{page_bytes_.data(), page_bytes_.size()};
    std::jthread rewriter_;
};

/// Whether `words` name something in `popped` that is wrong there.
bool is_wrong_by_name(const std::string& words, const Descriptor& popped) {
    const auto names = [&words](const std::string& what) {
        return words.find(what) != std::string::npos;
    };
    const bool kind = popped.kind < 1 || popped.kind > 3;
    return (kind && names("kind " + std::to_string(popped.kind))) ||
           (popped.flags > 0 && names("flags " + std::to_string(popped.flags))) ||
           (popped.bytes > 4096 && names(std::to_string(popped.bytes) + " bytes")) ||
           names("slot " + std::to_string(popped.slot));
}

TEST(Message, that_is_rewritten_while_it_is_read_is_refused_by_name_or_used_as_it_was_checked) {
    RewrittenRing ring;
    int accepted = 0;
    int refused = 0;
    const std::uint64_t patience_ns = now_ns() + 10'000'000'000;
    for (int round = 0; round < 20'000 || accepted == 0 || refused == 0; ++round) {
        ASSERT_LT(now_ns(), patience_ns);
        Session session;
        const Descriptor popped = ring.pop();
        const Descriptor before = popped;
        const auto kind = session.from_guest(popped);
        ASSERT_EQ(std::memcmp(&before, &popped, sizeof popped), 0) << "the copy is private";
        if (!kind.ok()) {
            ASSERT_TRUE(is_wrong_by_name(kind.error().message, popped)) << kind.error().message;
            ++refused;
            continue;
        }
        ++accepted;
        ASSERT_EQ(static_cast<std::uint16_t>(*kind), popped.kind);
        for (std::uint32_t slot = 0; slot < 4; ++slot) {
            const bool moved = *kind == GuestKind::frame && slot == popped.slot;
            ASSERT_EQ(session.input.owner(slot), moved ? Owner::host : Owner::guest);
        }
        ASSERT_TRUE(*kind != GuestKind::frame || (popped.slot < 4 && popped.bytes <= 4096));
    }
}

RC_GTEST_PROP(Message, anything_at_all_is_accepted_or_refused_and_slots_stay_in_range, ()) {
    Session session;
    for (int i = 0; i < 50; ++i) {
        Descriptor descriptor{};
        descriptor.kind = *rc::gen::inRange<std::uint16_t>(0, 24);
        descriptor.flags = *rc::gen::inRange<std::uint16_t>(0, 3);
        descriptor.slot = *rc::gen::inRange<std::uint32_t>(0, 6);
        descriptor.status = *rc::gen::inRange<std::uint32_t>(0, 6);
        descriptor.bytes = *rc::gen::inRange<std::uint64_t>(0, 5000);
        const auto accepted = session.from_guest(descriptor);
        if (!accepted.ok()) {
            RC_ASSERT(accepted.error().code == Errc::corrupt);
        } else if (*accepted == GuestKind::frame) {
            RC_ASSERT(descriptor.bytes <= 4096U);
        }
    }
}

}  // namespace
}  // namespace mrda::ivshmem
