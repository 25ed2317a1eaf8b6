// SPDX-License-Identifier: MIT
#include "holder.h"

#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <filesystem>

#include "control_socket.h"
#include "holder_fixture.h"
#include "mrda/interop/dma_buf.h"
#include "mrda/interop/seals.h"

namespace mrda::service {
namespace {

using Ask = DoorbellRequest::Kind;
using Say = DoorbellReply::Kind;
using test::DoorbellClient;
using testing::HasSubstr;

bool readable(int fd) {
    pollfd polled{fd, POLLIN, 0};
    return ::poll(&polled, 1, 0) == 1;
}

TEST_F(HolderTest, keeps_sealed_memory_and_both_sides_doorbells) {
    HolderConnection service = this->service();
    const auto answer = kept(service, keep("vm1"));
    EXPECT_EQ(answer.reply.kind, Say::kept);
    EXPECT_EQ(answer.reply.machine, Machine::none);
    EXPECT_EQ(answer.reply.socket_path, dir_ / "vm/vm1.sock");
    ASSERT_EQ(answer.descriptors.size(), 5U);
    EXPECT_EQ(unshrinkable_size_bytes(answer.descriptors[0].get()).value(), 1U << 20);

    DoorbellClient machine(answer.reply.socket_path);
    take_greeting(machine);
    ASSERT_TRUE(machine.greeted(2));
    EXPECT_EQ(identify(machine.memory()).value(), identify(answer.descriptors[0].get()).value());
    ASSERT_EQ(::eventfd_write(machine.host_doorbell(1), 1), 0);
    EXPECT_FALSE(readable(answer.descriptors[1].get()));
    EXPECT_TRUE(readable(answer.descriptors[2].get()));
    ASSERT_EQ(::eventfd_write(answer.descriptors[3].get(), 1), 0);
    EXPECT_TRUE(readable(machine.own_doorbell(0)));
    EXPECT_FALSE(readable(machine.own_doorbell(1)));
}

TEST_F(HolderTest, gives_the_next_service_the_same_memory_and_doorbells) {
    std::optional<HolderConnection> first(service());
    const auto before = kept(*first, keep("vm1"));
    DoorbellClient machine(before.reply.socket_path);
    take_greeting(machine);
    ASSERT_EQ(next_event(*first).kind, Say::joined);
    first.reset();  // It dies without a word.
    ASSERT_EQ(::eventfd_write(machine.host_doorbell(0), 1), 0);

    HolderConnection second = service();
    const auto after = kept(second, keep("vm1"));
    EXPECT_EQ(after.reply.machine, Machine::doorbell) << "it is still connected";
    EXPECT_EQ(identify(after.descriptors[0].get()).value(),
              identify(before.descriptors[0].get()).value());
    EXPECT_TRUE(readable(after.descriptors[1].get())) << "rung while there was no service";
    ASSERT_EQ(::eventfd_write(after.descriptors[4].get(), 1), 0);
    EXPECT_TRUE(readable(machine.own_doorbell(1)));
    machine.read_some();
    EXPECT_FALSE(machine.turned_away());
}

TEST_F(HolderTest, tells_the_service_of_machines_that_come_go_and_are_refused) {
    HolderConnection service = this->service();
    const std::string path = kept(service, keep("vm1")).reply.socket_path;
    DoorbellClient machine(path);
    take_greeting(machine);
    const DoorbellReply joined = next_event(service);
    EXPECT_EQ(joined.kind, Say::joined);
    EXPECT_EQ(joined.region, "vm1");
    EXPECT_EQ(joined.machine, Machine::doorbell);
    DoorbellClient second(path);
    take_greeting(second);
    EXPECT_TRUE(second.turned_away());
    const DoorbellReply refused = next_event(service);
    EXPECT_EQ(refused.kind, Say::refused);
    EXPECT_THAT(refused.words, HasSubstr("two machines cannot share one region"));
    machine.leave();
    const DoorbellReply left = next_event(service);
    EXPECT_EQ(left.kind, Say::left);
    EXPECT_EQ(left.machine, Machine::none);
}

TEST_F(HolderTest, tells_of_a_crowd_that_is_refused_no_more_than_once_a_second) {
    HolderConnection service = this->service();
    const std::string path = kept(service, keep("vm1")).reply.socket_path;
    DoorbellClient machine(path);
    take_greeting(machine);
    ASSERT_EQ(next_event(service).kind, Say::joined);
    for (int i = 0; i < 100; ++i) {
        DoorbellClient another(path);
        take_greeting(another);
        ASSERT_TRUE(another.turned_away());
    }
    ASSERT_EQ(next_event(service).kind, Say::refused);
    machine.leave();
    int refusals = 1;
    while (next_event(service).kind != Say::left) {
        ++refusals;
    }
    EXPECT_LE(refusals, 20) << "one for each second that this can take";
}

TEST_F(HolderTest,
       a_service_that_reads_nothing_stays_and_hears_the_latest_of_a_machine_in_a_hurry) {
    HolderConnection service = this->service();
    kept(service, keep("vm1"));
    constexpr std::uint64_t kTimes = 500;
    std::optional<HolderConnection> machine;
    for (std::uint64_t i = 0; i <= kTimes; ++i) {
        machine.reset();
        const std::uint64_t end = ivshmem::now_ns() + kTestPatienceNs;
        do {
            ASSERT_LT(ivshmem::now_ns(), end);
            machine.emplace(connect());
        } while (!machine->ask(about(Ask::claim, "vm1"), kTestPatienceNs).ok());
    }
    std::uint64_t words = 1;
    DoorbellReply word = next_event(service);
    while (word.changes != 2 * kTimes + 1) {
        ASSERT_LT(++words, kTimes) << "not each is told";
        word = next_event(service);
    }
    EXPECT_EQ(word.machine, Machine::plain);
    EXPECT_FALSE(kept(service, keep("vm1")).reply.made) << "it is still the service";
}

TEST_F(HolderTest, another_size_is_new_memory_unless_a_machine_has_the_old) {
    HolderConnection service = this->service();
    const auto first = kept(service, keep("vm1"));
    const auto same = kept(service, keep("vm1"));
    EXPECT_EQ(identify(first.descriptors[0].get()).value(),
              identify(same.descriptors[0].get()).value());
    const auto larger = kept(service, keep("vm1", 2 << 20));
    EXPECT_EQ(unshrinkable_size_bytes(larger.descriptors[0].get()).value(), 2U << 20);
    DoorbellClient machine(larger.reply.socket_path);
    take_greeting(machine);
    ASSERT_TRUE(machine.greeted(2)) << "the socket is the new one's";
    ASSERT_EQ(next_event(service).kind, Say::joined);
    const auto refused = service.ask(keep("vm1"), kTestPatienceNs);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_THAT(refused.error().message, HasSubstr("vm1"));
}

TEST_F(HolderTest, says_what_is_new_and_forgets_nothing_that_a_machine_has) {
    HolderConnection service = this->service();
    const auto region = kept(service, keep("vm1"));
    EXPECT_TRUE(region.reply.made);
    EXPECT_FALSE(kept(service, keep("vm1")).reply.made);
    DoorbellClient machine(region.reply.socket_path);
    take_greeting(machine);
    ASSERT_EQ(next_event(service).kind, Say::joined);
    DoorbellRequest forget = about(Ask::forget, "vm1");
    const auto refused = service.ask(forget, kTestPatienceNs);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    machine.read_some();
    EXPECT_FALSE(machine.turned_away());
    forget.occupied = true;
    ASSERT_TRUE(service.ask(forget, kTestPatienceNs).ok());
    take_greeting(machine);
    machine.read_some();
    EXPECT_TRUE(machine.turned_away());
}

TEST_F(HolderTest, forgets_what_the_next_service_does_not_want_once_its_machine_is_gone) {
    std::optional<HolderConnection> first(service());
    kept(*first, keep("vm1"));
    kept(*first, keep("vm2"));
    kept(*first, keep("vm3"));
    DoorbellClient machine(dir_ / "vm/vm2.sock");
    take_greeting(machine);
    ASSERT_EQ(next_event(*first).kind, Say::joined);
    first.reset();
    HolderConnection second = service();
    ASSERT_TRUE(second.ask(about(Ask::want, "vm1"), kTestPatienceNs).ok());
    ASSERT_TRUE(second.ask(about(Ask::forget_rest), kTestPatienceNs).ok());
    EXPECT_TRUE(std::filesystem::exists(dir_ / "vm/vm1.sock"));
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/vm2.sock")) << "nobody else may come";
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/vm3.sock"));
    EXPECT_FALSE(kept(second, keep("vm1")).reply.made);
    EXPECT_TRUE(kept(second, keep("vm3")).reply.made);

    const auto again = kept(second, keep("vm2"));
    EXPECT_FALSE(again.reply.made) << "its machine has it, and may be the VM's again";
    EXPECT_EQ(again.reply.machine, Machine::doorbell);
    EXPECT_TRUE(std::filesystem::exists(dir_ / "vm/vm2.sock"));
    HolderConnection third = service();
    ASSERT_TRUE(third.ask(about(Ask::forget_rest), kTestPatienceNs).ok());
    machine.leave();
    ASSERT_EQ(next_event(third).kind, Say::left);
    EXPECT_TRUE(kept(third, keep("vm2")).reply.made);
}

TEST_F(HolderTest, serves_one_service_the_newest) {
    HolderConnection older = service();
    HolderConnection newer = service();
    EXPECT_TRUE(kept(newer, keep("vm1")).reply.kind == Say::kept);
    const auto answer = older.ask(keep("vm1"), kTestPatienceNs);
    ASSERT_FALSE(answer.ok());
    HolderConnection stranger = connect();
    EXPECT_EQ(stranger.ask(keep("vm1"), kTestPatienceNs).error().code, Errc::permission_denied);
    EXPECT_EQ(stranger.ask(about(Ask::end), kTestPatienceNs).error().code, Errc::permission_denied);
    EXPECT_TRUE(kept(newer, keep("vm1")).reply.kind == Say::kept);
}

TEST_F(HolderTest, a_claim_is_the_regions_one_machine_while_its_connection_lives) {
    HolderConnection service = this->service();
    const auto region = kept(service, keep("vm1"));
    std::optional<HolderConnection> claim(connect());
    const auto claimed = kept(*claim, about(Ask::claim, "vm1"));
    EXPECT_EQ(claimed.reply.machine, Machine::plain);
    ASSERT_EQ(claimed.descriptors.size(), 1U);
    EXPECT_EQ(identify(claimed.descriptors[0].get()).value(),
              identify(region.descriptors[0].get()).value());
    EXPECT_EQ(next_event(service).machine, Machine::plain);

    HolderConnection second = connect();
    EXPECT_EQ(second.ask(about(Ask::claim, "vm1"), kTestPatienceNs).error().code, Errc::busy);
    DoorbellClient machine(region.reply.socket_path);
    take_greeting(machine);
    EXPECT_TRUE(machine.turned_away());
    EXPECT_EQ(next_event(service).kind, Say::refused);

    claim.reset();
    EXPECT_EQ(next_event(service).kind, Say::left);
    EXPECT_TRUE(second.ask(about(Ask::claim, "vm1"), kTestPatienceNs).ok());
    EXPECT_EQ(second.ask(about(Ask::claim, "vm1"), kTestPatienceNs).error().code,
              Errc::end_of_stream)
        << "machines say nothing";
    DoorbellReply last = next_event(service);
    while (last.changes != 4) {
        EXPECT_EQ(last.kind, Say::joined);
        last = next_event(service);
    }
    EXPECT_EQ(last.kind, Say::left);
    EXPECT_EQ(connect().ask(about(Ask::claim, "vm2"), kTestPatienceNs).error().code,
              Errc::not_found);
}

TEST_F(HolderTest, tells_anybody_of_its_user_how_a_machine_has_a_region) {
    HolderConnection service = this->service();
    const auto region = kept(service, keep("vm1"));
    const auto machine = [this] {
        HolderConnection anybody = connect();
        const auto answer = kept(anybody, about(Ask::look, "vm1"));
        EXPECT_TRUE(answer.descriptors.empty());
        return answer.reply.machine;
    };
    EXPECT_EQ(machine(), Machine::none);
    {
        HolderConnection claim = connect();
        kept(claim, about(Ask::claim, "vm1"));
        EXPECT_EQ(machine(), Machine::plain);
    }
    // At once: it hears what ended before what was asked after.
    EXPECT_EQ(machine(), Machine::none);
    EXPECT_EQ(connect().ask(about(Ask::look, "vm2"), kTestPatienceNs).error().code,
              Errc::not_found);
}

TEST_F(HolderTest, a_claim_of_memory_that_was_forgotten_touches_no_newer_region) {
    HolderConnection service = this->service();
    kept(service, keep("vm1"));
    std::optional<HolderConnection> old(connect());
    kept(*old, about(Ask::claim, "vm1"));
    DoorbellRequest forget = about(Ask::forget, "vm1");
    forget.occupied = true;
    ASSERT_TRUE(service.ask(forget, kTestPatienceNs).ok());
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/vm1.sock"));
    kept(service, keep("vm1"));
    HolderConnection next = connect();
    EXPECT_EQ(kept(next, about(Ask::claim, "vm1")).reply.machine, Machine::plain);
    old.reset();
    ASSERT_TRUE(service.ask(about(Ask::serve), kTestPatienceNs).ok()) << "the end was heard";
    EXPECT_EQ(kept(service, keep("vm1")).reply.machine, Machine::plain);
    EXPECT_EQ(service.ask(about(Ask::forget, "vm2"), kTestPatienceNs).error().code,
              Errc::not_found);
}

TEST_F(HolderTest, names_that_are_no_names_of_regions_are_refused) {
    HolderConnection service = this->service();
    for (const std::string& name : {std::string(), std::string("../vm1"), std::string(".vm1"),
                                    std::string("a b"), std::string(81, 'x')}) {
        EXPECT_EQ(service.ask(keep(name), kTestPatienceNs).error().code, Errc::invalid_argument)
            << name;
    }
}

TEST_F(HolderTest, nonsense_is_refused_and_harms_nobody) {
    HolderConnection service = this->service();
    const Fd talker(std::move(connect()).release());
    ASSERT_TRUE(send_message(talker.get(), "{nonsense").ok());
    pollfd polled{talker.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&polled, 1, static_cast<int>(kTestPatienceNs / 1'000'000)), 1);
    const auto answer = parse_doorbell_reply(receive_message(talker.get()).value().value());
    EXPECT_EQ(answer->kind, Say::failed);
    EXPECT_EQ(answer->code, Errc::corrupt);
    EXPECT_EQ(kept(service, keep("vm1")).reply.kind, Say::kept);
}

TEST_F(HolderTest, says_its_version_and_what_it_does_not_know_to_a_newer_service) {
    const Fd service(std::move(connect()).release());
    const auto ask = [&](const std::string& text) {
        EXPECT_TRUE(send_message(service.get(), text).ok());
        pollfd polled{service.get(), POLLIN, 0};
        EXPECT_EQ(::poll(&polled, 1, static_cast<int>(kTestPatienceNs / 1'000'000)), 1);
        return parse_doorbell_reply(receive_message(service.get()).value().value()).value();
    };
    EXPECT_EQ(ask(to_message(DoorbellRequest{.version = 1000})).version, kDoorbellProtocol);
    std::string later = to_message(DoorbellRequest{});
    later.replace(later.find("serve"), 5, "renew");
    const DoorbellReply answer = ask(later);
    EXPECT_EQ(answer.kind, Say::failed);
    EXPECT_EQ(answer.code, Errc::unsupported);
    EXPECT_EQ(ask(to_message(keep("vm1"))).kind, Say::kept) << "it is the service all the same";
}

TEST_F(HolderTest, is_for_its_user_alone_and_one_for_each_runtime_folder) {
    struct stat status {};
    ASSERT_EQ(::stat((dir_ / "doorbell.sock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat((dir_ / "vm").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    const auto loop = EventLoop::create().value();
    const auto second = Holder::listen(*loop, settings());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, Errc::busy);
    EXPECT_EQ(kept(*std::make_unique<HolderConnection>(service()), keep("vm1")).reply.kind,
              Say::kept);
}

TEST_F(HolderTest, a_region_for_another_user_can_be_reached_by_that_user_and_no_other) {
    HolderConnection service = this->service();
    DoorbellRequest request = keep("vm1");
    request.user = 65534;
    const auto answer = service.ask(request, kTestPatienceNs);
    if (!answer.ok() && answer.error().code == Errc::unsupported) {
        GTEST_SKIP() << answer.error().message;
    }
    ASSERT_TRUE(answer.ok()) << to_string(answer.error());
    struct stat status {};
    ASSERT_EQ(::stat((dir_ / "vm").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0711U);
    ASSERT_EQ(::stat((dir_ / "vm/vm1.sock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0707U, 0600U) << "the group's bits are the list's mask";
}

TEST_F(HolderTest, ends_with_a_service_that_says_so) {
    HolderConnection service = this->service();
    kept(service, keep("vm1"));
    ASSERT_TRUE(service.ask(about(Ask::end), kTestPatienceNs).ok());
    EXPECT_TRUE(holder_->ends());
    EXPECT_EQ(HolderConnection::open(dir_.path()).error().code, Errc::not_found);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vm/vm1.sock"));
}

TEST_F(HolderTest, stays_with_a_machine_when_the_service_ends_and_goes_with_it) {
    std::optional<HolderConnection> service(this->service());
    DoorbellClient machine(kept(*service, keep("vm1")).reply.socket_path);
    take_greeting(machine);
    ASSERT_EQ(next_event(*service).kind, Say::joined);
    ASSERT_TRUE(service->ask(about(Ask::end), kTestPatienceNs).ok());
    service.reset();
    EXPECT_FALSE(holder_->has_ended());
    HolderConnection next = this->service();
    EXPECT_EQ(kept(next, keep("vm1")).reply.machine, Machine::doorbell);
    ASSERT_TRUE(next.ask(about(Ask::end), kTestPatienceNs).ok());
    machine.leave();
    EXPECT_TRUE(holder_->ends());
}

TEST(HolderLife, waits_a_while_for_a_service_that_died_and_for_one_that_never_came) {
    const TempDir dir;
    const Holder::Settings settings{
        .runtime_dir = dir.path(), .socket_dir = dir / "vm", .linger_ns = 20'000'000};
    {
        const RunningHolder never_used(settings);
        EXPECT_TRUE(never_used.ends());
    }
    const RunningHolder holder(settings);
    std::optional<HolderConnection> service(HolderConnection::open(dir.path()).value());
    ASSERT_TRUE(service->ask({}, kTestPatienceNs).ok());
    service.reset();
    EXPECT_TRUE(holder.ends());
}

TEST(HolderLife, one_that_is_to_stay_stays) {
    const TempDir dir;
    const RunningHolder holder(
        {.runtime_dir = dir.path(), .socket_dir = dir / "vm", .linger_ns = 1, .stay = true});
    for (int service = 0; service < 2; ++service) {
        auto connection = HolderConnection::open(dir.path()).value();
        ASSERT_TRUE(connection.ask({}, kTestPatienceNs).ok());
        ASSERT_TRUE(connection.ask({.kind = Ask::end}, kTestPatienceNs).ok());
    }
    EXPECT_FALSE(holder.has_ended());
}

}  // namespace
}  // namespace mrda::service
