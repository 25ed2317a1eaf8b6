// SPDX-License-Identifier: MIT
#include "scripted_guest.h"

#include <gtest/gtest.h>

namespace mrda::service::test {

namespace {

using ivshmem::Channel;
using ivshmem::Descriptor;
using ivshmem::GuestKind;
using ivshmem::HostKind;
using Owner = ivshmem::SlotOwners::Owner;

constexpr std::uint64_t kPatienceNs = 30'000'000'000;

}  // namespace

Descriptor of_kind(GuestKind kind, std::uint32_t slot) {
    Descriptor descriptor{};
    descriptor.kind = static_cast<std::uint16_t>(kind);
    descriptor.slot = slot;
    return descriptor;
}

Descriptor frame_descriptor(std::uint32_t slot) {
    return of_kind(GuestKind::frame, slot);
}

ScriptedGuest::ScriptedGuest(const ivshmem::SessionLayout& layout, ivshmem::Mapping input,
                             ivshmem::Mapping output)
    : layout_(layout),
      input_mapping_(std::move(input)),
      output_mapping_(std::move(output)),
      channel_(Channel::attach(input_mapping_.control(layout.control_bytes()), layout,
                               Channel::Side::guest)
                   .value()),
      input_(layout.input_slots(), Owner::guest),
      output_(layout.output_slots(), Owner::host) {}

std::byte* ScriptedGuest::input(std::uint32_t slot) const {
    return input_mapping_.data() + layout_.input_slot_offset(slot);
}

void ScriptedGuest::send(const Descriptor& descriptor) {
    const auto sent = channel_.send(descriptor);
    EXPECT_TRUE(sent.ok() && *sent) << "the guest's ring is full";
}

void ScriptedGuest::send_frame(std::uint32_t slot, std::int64_t pts, std::uint64_t cookie,
                               bool key) {
    Descriptor descriptor = frame_descriptor(slot);
    descriptor.bytes = layout_.input_slot_bytes();
    descriptor.pts = pts;
    descriptor.cookie = cookie;
    descriptor.flags = key ? ivshmem::kFlagKeyFrame : 0;
    input_.give(slot, Owner::host);
    send(descriptor);
}

void ScriptedGuest::send_end() {
    send(of_kind(GuestKind::end_of_stream, 0));
}

void ScriptedGuest::release(std::uint32_t slot) {
    output_.give(slot, Owner::host);
    send(of_kind(GuestKind::release, slot));
}

std::optional<HostKind> ScriptedGuest::take(std::uint64_t timeout_ns) {
    if (!channel_.wait(ivshmem::now_ns() + timeout_ns)) {
        return std::nullopt;
    }
    const auto descriptor = channel_.receive().value();
    const auto kind = accept_from_host(*descriptor, layout_, input_, output_);
    if (!kind.ok()) {
        ADD_FAILURE() << kind.error().message;
        return std::nullopt;
    }
    book(*descriptor, *kind);
    return *kind;
}

void ScriptedGuest::book(const Descriptor& descriptor, HostKind kind) {
    if (kind == HostKind::failed) {
        failed_with = descriptor.status;
    }
    if (kind == HostKind::end_of_stream) {
        ended_with = descriptor.status;
    }
    if (kind == HostKind::frame_done) {
        done_cookies.push_back(descriptor.cookie);
        ++done_by_status[descriptor.status];
    }
    if (kind == HostKind::packet) {
        const std::byte* const from =
            output_mapping_.data() + layout_.output_slot_offset(descriptor.slot);
        packets.push_back({descriptor.pts,
                           descriptor.dts,
                           descriptor.cookie,
                           (descriptor.flags & ivshmem::kFlagKeyFrame) != 0,
                           {from, from + descriptor.bytes}});
        if (release_at_once) {
            release(descriptor.slot);
        }
    }
}

bool ScriptedGuest::take_until(HostKind kind) {
    for (;;) {
        const auto taken = take(kPatienceNs);
        if (taken == kind) {
            return true;
        }
        if (!taken || *taken == HostKind::failed) {
            ADD_FAILURE() << "the host " << (taken ? "failed" : "says nothing") << " after "
                          << packets.size() << " packets and " << done() << " frames done";
            return false;
        }
    }
}

std::optional<std::uint32_t> ScriptedGuest::free_input() {
    for (;;) {
        for (std::uint32_t slot = 0; slot < input_.count(); ++slot) {
            if (input_.owner(slot) == Owner::guest) {
                return slot;
            }
        }
        const auto taken = take(kPatienceNs);
        if (!taken || *taken == HostKind::failed) {
            ADD_FAILURE() << "no input slot comes back";
            return std::nullopt;
        }
    }
}

}  // namespace mrda::service::test
