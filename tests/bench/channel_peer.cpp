// SPDX-License-Identifier: MIT
// Our rings and wake-ups alone, without service and codec.
#include <optional>
#include <utility>

#include "mrda/ivshmem/channel.h"
#include "mrda/ivshmem/region.h"
#include "peer.h"
#include "work.h"

namespace mrda::bench {

namespace {

using ivshmem::Channel;
using ivshmem::Descriptor;
using ivshmem::Mapping;
using ivshmem::SessionLayout;

constexpr int kMemory = kFirstHalfFd;

Result<SessionLayout> layout() {
    return SessionLayout::make(
        {.input_slots = 1, .input_slot_bytes = 1, .output_slots = 1, .output_slot_bytes = 1});
}

/// A channel and the memory that it needs.
struct Attached {
    Mapping mapping;
    Channel channel;
};

Result<Attached> attach(Channel::Side side) {
    MRDA_ASSIGN(const SessionLayout plan, layout());
    MRDA_ASSIGN(Mapping mapping, Mapping::map(kMemory, {0, plan.input_extent_bytes()}));
    MRDA_ASSIGN(Channel channel,
                Channel::attach(mapping.control(plan.control_bytes()), plan, side));
    return Attached{std::move(mapping), std::move(channel)};
}

Result<void> send(Channel& channel, const Descriptor& descriptor) {
    MRDA_ASSIGN(const bool sent, channel.send(descriptor));
    return sent ? Result<void>() : make_error(Errc::internal, "a ring is full");
}

Result<Descriptor> receive(Channel& channel) {
    for (;;) {
        MRDA_ASSIGN(const auto descriptor, channel.receive());
        if (descriptor) {
            return *descriptor;
        }
        static_cast<void>(channel.wait(ivshmem::kNoDeadline));
    }
}

class ChannelClient final : public Client {
  public:
    explicit ChannelClient(Attached attached) : attached_(std::move(attached)) {}

    Result<void> begin(const Exchange& /*exchange*/) override { return {}; }
    Result<void> prepare(std::uint64_t number) override {
        question_.cookie = number;
        return {};
    }
    Result<void> round_trip() override {
        MRDA_TRY(send(attached_.channel, question_));
        MRDA_ASSIGN(answer_, receive(attached_.channel));
        return {};
    }
    Result<void> finish() override {
        return answer_.cookie == question_.cookie ? Result<void>()
                                                  : make_error(Errc::corrupt, "a wrong answer");
    }
    Result<void> end() override { return {}; }

  private:
    Attached attached_;
    Descriptor question_{};
    Descriptor answer_{};
};

class ChannelServer final : public Server {
  public:
    explicit ChannelServer(Attached attached) : attached_(std::move(attached)) {}

    Result<void> serve(const Exchange& exchange) override {
        for (std::uint64_t i = 0; i < total_round_trips(exchange); ++i) {
            MRDA_ASSIGN(const Descriptor question, receive(attached_.channel));
            work_for(exchange.work_ns);
            MRDA_TRY(send(attached_.channel, question));
        }
        return {};
    }

  private:
    Attached attached_;
};

Result<Contestant> start(const Peer& peer, const Ground& ground) {
    MRDA_ASSIGN(const SessionLayout plan, layout());
    MRDA_ASSIGN(const auto region,
                ivshmem::Region::create_memfd("mrda-bench", plan.input_extent_bytes()));
    MRDA_ASSIGN(const Mapping mapping, Mapping::map(region.fd(), {0, plan.input_extent_bytes()}));
    MRDA_TRY(Channel::initialise(mapping.control(plan.control_bytes()), plan,
                                 plan.header(1, 1, ivshmem::kFeatureFutex)));
    return start_pair(peer, ground, "", {region.fd()});
}

Result<std::unique_ptr<Client>> client(const std::string& /*meeting*/) {
    MRDA_ASSIGN(Attached attached, attach(Channel::Side::guest));
    return std::unique_ptr<Client>(std::make_unique<ChannelClient>(std::move(attached)));
}

Result<std::unique_ptr<Server>> server(const std::string& /*meeting*/) {
    MRDA_ASSIGN(Attached attached, attach(Channel::Side::host));
    return std::unique_ptr<Server>(std::make_unique<ChannelServer>(std::move(attached)));
}

}  // namespace

const Peer kChannel{.name = "channel", .start = start, .client = client, .server = server};

}  // namespace mrda::bench
