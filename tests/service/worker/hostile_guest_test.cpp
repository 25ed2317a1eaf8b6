// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <array>
#include <thread>

#include "mrda/ivshmem/ring.h"
#include "mrda/ivshmem/wakeup.h"
#include "pipeline_fixture.h"

namespace mrda::service {
namespace {

using ivshmem::Descriptor;
using ivshmem::GuestKind;
using testing::HasSubstr;

/// Guests that break the protocol. Each must end its session by name, and nothing else.
class WorkerHostileGuest : public test::PipelineTest {
  protected:
    void expect_end(const std::string& named) {
        run();
        const auto ended = outcome();
        ASSERT_FALSE(ended.ok()) << named << " was accepted";
        EXPECT_EQ(ended.error().code, Errc::corrupt);
        EXPECT_THAT(ended.error().message, HasSubstr(named));
        ASSERT_EQ(events().size(), 1U);
        EXPECT_EQ(events()[0].kind, WorkerEvent::Kind::failed);
        EXPECT_THAT(events()[0].message, HasSubstr(named));
        while (!guest().failed_with && guest().take(1'000'000'000)) {
        }
        EXPECT_EQ(guest().failed_with, static_cast<std::uint32_t>(Errc::corrupt));
    }
    void expect_end(const Descriptor& descriptor, const std::string& named) {
        create(test::small_params("copy"));
        guest().send(descriptor);
        expect_end(named);
    }
};

TEST_F(WorkerHostileGuest, with_a_kind_that_nobody_knows) {
    Descriptor descriptor = test::frame_descriptor(0);
    descriptor.kind = 999;
    expect_end(descriptor, "kind 999");
}

TEST_F(WorkerHostileGuest, with_a_kind_that_is_the_hosts) {
    Descriptor descriptor = test::frame_descriptor(0);
    descriptor.kind = static_cast<std::uint16_t>(ivshmem::HostKind::packet);
    expect_end(descriptor, "kind 16");
}

TEST_F(WorkerHostileGuest, with_flags_that_nobody_knows) {
    Descriptor descriptor = test::frame_descriptor(0);
    descriptor.flags = 0xffff;
    expect_end(descriptor, "flags 65535");
}

TEST_F(WorkerHostileGuest, with_a_slot_that_is_not_there) {
    expect_end(test::frame_descriptor(0xffffffff), "input slot 4294967295 of 4");
}

TEST_F(WorkerHostileGuest, with_more_bytes_than_a_slot_has) {
    Descriptor descriptor = test::frame_descriptor(0);
    descriptor.bytes = ~std::uint64_t{0};
    expect_end(descriptor, "18446744073709551615 bytes in a slot");
}

TEST_F(WorkerHostileGuest, releasing_a_slot_that_it_never_got) {
    expect_end(test::of_kind(GuestKind::release, 2), "output slot 2, which is not its own");
}

TEST_F(WorkerHostileGuest, releasing_a_slot_that_is_not_there) {
    expect_end(test::of_kind(GuestKind::release, 4), "output slot 4 of 4");
}

TEST_F(WorkerHostileGuest, sending_the_same_frame_twice) {
    create(test::small_params("copy"));
    guest().send(test::frame_descriptor(1));
    guest().send(test::frame_descriptor(1));
    expect_end("input slot 1, which is not its own");
}

TEST_F(WorkerHostileGuest, sending_a_frame_after_the_end_of_its_stream) {
    create(test::small_params("copy"));
    guest().send_end();
    guest().send(test::frame_descriptor(0));
    expect_end("a frame after the end of its stream");
}

TEST_F(WorkerHostileGuest, scribbling_over_what_means_nothing_in_a_frame_is_served) {
    create(test::small_params("copy"));
    Descriptor descriptor = test::frame_descriptor(0);
    descriptor.status = 0xdeadbeef;
    descriptor.dts = -5;
    descriptor.cpu_copied_bytes = descriptor.codec_copied_bytes = ~0ULL;
    guest().send(descriptor);
    run();
    EXPECT_TRUE(guest().take_until(ivshmem::HostKind::packet));
    EXPECT_TRUE(stop().ok());
}

TEST_F(WorkerHostileGuest, with_sequences_of_nowhere) {
    create(test::small_params("copy"));
    const auto control = guest().memory().control(layout().control_bytes());
    for (std::uint32_t entry = 0; entry < layout().ring_capacity(); ++entry) {
        Descriptor wild = test::frame_descriptor(0xffff);
        wild.sequence = entry + 0x7fffffff;
        control.publish(layout().guest_ring_offset() + entry * sizeof wild, wild);
    }
    expect_end("its next entry has sequence 2147483647, and could have 0 or 1");
}

TEST_F(WorkerHostileGuest, that_spoils_every_control_page_and_falls_silent_is_found_by_a_command) {
    create(test::small_params("copy"));
    run();
    encode(2);
    const auto control = guest().memory().control(layout().control_bytes());
    for (std::size_t word = 0; word < layout().control_bytes(); word += 4) {
        control.store(word, 0xa5a5a5a5, std::memory_order_relaxed);
    }
    pipeline().request(WorkerCommand::stats);  // As each renewal of the lease does.
    const auto ended = outcome();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, Errc::corrupt);
    EXPECT_THAT(ended.error().message, HasSubstr("the ring was overwritten"));
}

TEST_F(WorkerHostileGuest, that_spoils_the_hosts_own_pages_hurts_nobody) {
    create(test::small_params("copy"));
    run();
    encode(2);
    const auto control = guest().memory().control(layout().control_bytes());
    for (std::size_t word = 0; word < ivshmem::kGuestPage * ivshmem::kPageBytes; word += 4) {
        control.store(word, 0xa5a5a5a5, std::memory_order_relaxed);
    }
    EXPECT_TRUE(stop().ok()) << "a command gets through";
}

TEST_F(WorkerHostileGuest, that_ends_its_stream_again_and_again_is_deaf_to_no_command) {
    create(test::small_params("copy"));
    run();
    const std::jthread flood([this](const std::stop_token& enough) {
        const auto control = guest().memory().control(layout().control_bytes());
        constexpr std::size_t kHost = ivshmem::kHostPage * ivshmem::kPageBytes;
        constexpr std::size_t kTaken = kHost + ivshmem::kConsumedOffset;
        const auto wakeup = ivshmem::make_futex_wakeup(
            control.range(ivshmem::kGuestPage * ivshmem::kPageBytes, ivshmem::kPageBytes).value(),
            control.range(kHost, ivshmem::kPageBytes).value());
        for (std::uint32_t position = 0; !enough.stop_requested();) {
            if (position - control.load(kTaken, std::memory_order_acquire) ==
                layout().ring_capacity()) {
                continue;
            }
            Descriptor end = test::of_kind(GuestKind::end_of_stream, 0);
            end.sequence = position + 1;
            const std::uint32_t entry = position++ % layout().ring_capacity();
            control.publish(layout().guest_ring_offset() + entry * sizeof end, end);
            if (control.load(kHost + ivshmem::kSleepOffset, std::memory_order_seq_cst) != 0) {
                control.store(kHost + ivshmem::kSleepOffset, 0, std::memory_order_seq_cst);
                wakeup->wake_peer();
            }
        }
    });
    EXPECT_TRUE(guest().take_until(ivshmem::HostKind::end_of_stream));
    EXPECT_TRUE(stop().ok());
}

/// Follows the host's ring, and never says that it took anything.
class Peeker {
  public:
    Peeker(const ivshmem::Mapping& memory, const ivshmem::SessionLayout& layout)
        : consumer_(memory.control(layout.control_bytes())
                        .range(layout.host_ring_offset(), layout.ring_bytes())
                        .value(),
                    ivshmem::PeerMemory(page_.data(), page_.size())) {}

    std::optional<Descriptor> next() {
        const std::uint64_t deadline = ivshmem::now_ns() + 30'000'000'000;
        while (!consumer_.ready() && ivshmem::now_ns() < deadline) {
            std::this_thread::yield();
        }
        return consumer_.pop().value();
    }

  private:
    alignas(64) std::array<std::byte, ivshmem::kPageBytes> page_{};
    ivshmem::RingConsumer consumer_;
};

TEST_F(WorkerHostileGuest, that_takes_nothing_from_its_ring_and_goes_on_sending) {
    create(test::small_params("copy"));
    run();
    Peeker peeker(guest().memory(), layout());
    guest().send(test::frame_descriptor(0));
    for (std::uint32_t seen = 0; seen < layout().ring_capacity(); ++seen) {
        const auto message = peeker.next();
        ASSERT_TRUE(message) << "after " << seen << " messages";
        const bool packet = message->kind == static_cast<std::uint16_t>(ivshmem::HostKind::packet);
        guest().send(test::of_kind(packet ? GuestKind::release : GuestKind::frame, message->slot));
    }
    const auto ended = outcome();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, Errc::corrupt);
    EXPECT_THAT(ended.error().message, HasSubstr("takes nothing from its ring"));
}

}  // namespace
}  // namespace mrda::service
