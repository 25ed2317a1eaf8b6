// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/doorbell_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "mrda/interop/dma_buf.h"
#include "mrda/ivshmem/region.h"
#include "mrda/ivshmem/wakeup.h"
#include "support/doorbell_client.h"

namespace mrda::ivshmem {
namespace {

using test::DoorbellClient;
using testing::HasSubstr;
using Event = DoorbellServer::Event;

constexpr std::uint64_t kPatienceNs = 20'000'000'000;
constexpr uid_t kOther = 65534;

bool readable(int fd) {
    pollfd polled{fd, POLLIN, 0};
    return ::poll(&polled, 1, 0) == 1;
}

void ring(int eventfd) {
    ASSERT_EQ(::eventfd_write(eventfd, 1), 0);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Doorbell : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/mrda_doorbell_test_XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        folder_ = name;
    }
    void TearDown() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }
    [[nodiscard]] DoorbellServer::Settings settings(std::uint32_t vectors = 2) const {
        return {.name = "vm1",
                .socket_path = folder_ + "/vm1.sock",
                .vectors = vectors,
                .user = ::geteuid()};
    }
    Result<void> try_listen(DoorbellServer::Settings settings) {
        auto made = DoorbellServer::listen(duplicate_fd(region_.fd()).value(), std::move(settings),
                                           [this](Event event, const std::string& words) {
                                               events_.push_back(event);
                                               words_ = words;
                                           });
        if (!made.ok()) {
            return made.error();
        }
        server_ = std::move(made).value();
        return {};
    }
    void listen(DoorbellServer::Settings settings) {
        const auto listening = try_listen(std::move(settings));
        ASSERT_TRUE(listening.ok()) << to_string(listening.error());
    }
    /// Serves until `done`, whenever the server or `client` has something to do.
    void serve_until(const std::function<bool()>& done, DoorbellClient* client = nullptr) {
        const std::uint64_t end = now_ns() + kPatienceNs;
        while (!done()) {
            ASSERT_LT(now_ns(), end) << "waited too long; last event: " << words_;
            std::array<pollfd, 2> polled{
                {{server_->fd(), POLLIN, 0}, {client == nullptr ? -1 : client->fd(), POLLIN, 0}}};
            ::poll(polled.data(), polled.size(), 1000);
            server_->serve();
            if (client != nullptr) {
                client->read_some();
            }
        }
    }
    /// A machine that has joined.
    DoorbellClient machine() {
        DoorbellClient client(server_->settings().socket_path);
        serve_until([&] { return server_->connected(); }, &client);
        client.read_some();
        return client;
    }
    /// Connects as another user would; only root can be one.
    [[nodiscard]] std::unique_ptr<DoorbellClient> other_users() const {
        std::unique_ptr<DoorbellClient> client;
        std::thread([&] {
            // The system call changes this thread alone.
            if (::syscall(SYS_setresuid, -1, kOther, -1) == 0) {
                client = std::make_unique<DoorbellClient>(server_->settings().socket_path);
            }
        }).join();
        return client;
    }

    Region region_ = Region::create_memfd("vm1", 1 << 20).value();
    std::string folder_;
    std::unique_ptr<DoorbellServer> server_;
    std::vector<Event> events_;
    std::string words_;
};

TEST_F(Doorbell, greets_with_version_id_memory_and_every_vector_its_own_last) {
    listen(settings(3));
    const DoorbellClient client = machine();
    ASSERT_TRUE(client.greeted(3));
    std::vector<std::int64_t> values;
    for (const auto& message : client.messages()) {
        values.push_back(message.value);
        EXPECT_EQ(message.fd.valid(), values.size() > 2) << "message " << values.size();
    }
    EXPECT_THAT(values, testing::ElementsAre(0, kGuestPeer, -1, 0, 0, 0, 1, 1, 1));
    EXPECT_EQ(identify(client.memory()).value(), region_.identity());
    EXPECT_THAT(events_, testing::ElementsAre(Event::joined));
    EXPECT_THAT(words_, HasSubstr("vm1"));
    EXPECT_THAT(words_, HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(Doorbell, rings_each_vector_both_ways) {
    listen(settings(4));
    const DoorbellClient client = machine();
    for (std::size_t vector = 0; vector < 4; ++vector) {
        ring(client.host_doorbell(vector));
        ring(server_->guest_doorbells()[vector].get());
        for (std::size_t other = 0; other < 4; ++other) {
            EXPECT_EQ(readable(server_->host_doorbells()[other].get()), other <= vector);
            EXPECT_EQ(readable(client.own_doorbell(other)), other <= vector);
        }
    }
}

TEST_F(Doorbell, carries_as_many_vectors_as_a_region_may_have_and_no_more) {
    listen(settings(kMaxVectors));
    EXPECT_TRUE(machine().greeted(kMaxVectors));
    for (const std::uint32_t wrong : {0U, kMaxVectors + 1}) {
        const auto refused = try_listen(settings(wrong));
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, Errc::invalid_argument);
        EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(wrong)));
    }
}

TEST_F(Doorbell, refuses_a_second_machine_naming_both_and_keeps_the_first) {
    listen(settings());
    DoorbellClient first = machine();
    DoorbellClient second(settings().socket_path);
    serve_until([&] { return second.turned_away(); }, &second);
    EXPECT_TRUE(second.messages().empty());
    EXPECT_THAT(events_, testing::ElementsAre(Event::joined, Event::refused));
    EXPECT_THAT(words_, HasSubstr("region vm1"));
    EXPECT_THAT(words_, HasSubstr("two machines"));
    first.read_some();
    EXPECT_FALSE(first.turned_away());
    EXPECT_TRUE(server_->connected());
}

TEST_F(Doorbell, gives_the_next_machine_the_same_memory_without_old_interrupts) {
    listen(settings());
    DoorbellClient first = machine();
    ring(server_->guest_doorbells()[1].get());
    // It may make the eventfd block, for the server too.
    ASSERT_EQ(::fcntl(first.own_doorbell(0), F_SETFL, 0), 0);
    first.leave();
    serve_until([&] { return !server_->connected(); });
    EXPECT_THAT(events_, testing::ElementsAre(Event::joined, Event::left));
    const DoorbellClient second = machine();
    EXPECT_FALSE(readable(second.own_doorbell(1)));
    EXPECT_EQ(identify(second.memory()).value(), region_.identity());
    ring(second.host_doorbell(0));
    EXPECT_TRUE(readable(server_->host_doorbells()[0].get()));
}

TEST_F(Doorbell, drops_a_machine_that_sends_a_byte_and_counts_it_as_gone) {
    listen(settings());
    DoorbellClient client = machine();
    client.say('x');
    serve_until([&] { return client.turned_away(); }, &client);
    EXPECT_FALSE(server_->occupied());
    EXPECT_THAT(events_, testing::ElementsAre(Event::joined, Event::left));
    EXPECT_THAT(words_, HasSubstr("sent a byte"));
}

TEST_F(Doorbell, takes_the_place_from_a_client_that_never_reads) {
    auto impatient = settings(kMaxVectors);
    impatient.greeting_timeout_ns = 50'000'000;
    listen(impatient);
    DoorbellClient silent(impatient.socket_path);
    serve_until([&] { return server_->occupied(); });
    std::optional<DoorbellClient> next;
    const std::uint64_t end = now_ns() + kPatienceNs;
    do {
        ASSERT_LT(now_ns(), end);
        next.emplace(impatient.socket_path);
        serve_until([&] { return next->turned_away() || server_->connected(); }, &*next);
    } while (next->turned_away());
    next->read_some();
    EXPECT_TRUE(next->greeted(kMaxVectors));
    EXPECT_EQ(events_.back(), Event::joined);
    // Two machines cannot have one region: it finds nothing of it.
    silent.read_some();
    EXPECT_TRUE(silent.turned_away());
    EXPECT_EQ(silent.messages().size(), 2U);
    for (const auto& message : silent.messages()) {
        EXPECT_FALSE(message.fd.valid());
    }
}

TEST_F(Doorbell, leaves_the_place_to_a_client_that_nobody_follows) {
    auto impatient = settings();
    impatient.greeting_timeout_ns = 1;
    listen(impatient);
    DoorbellClient slow(impatient.socket_path);
    serve_until([&] { return server_->occupied(); });
    server_->serve();
    EXPECT_TRUE(events_.empty()) << words_;
    serve_until([&] { return server_->connected(); }, &slow);
    EXPECT_TRUE(slow.greeted(2));
}

TEST_F(Doorbell, who_was_sent_the_region_keeps_the_place_however_slow) {
    auto impatient = settings(kMaxVectors);
    impatient.greeting_timeout_ns = 1;
    listen(impatient);
    DoorbellClient slow(impatient.socket_path);
    serve_until([&] { return slow.messages().size() == 2; }, &slow);
    server_->serve();
    DoorbellClient second(impatient.socket_path);
    serve_until([&] { return second.turned_away(); }, &second);
    EXPECT_THAT(words_, HasSubstr("two machines"));
    EXPECT_EQ(server_->reserve("process 4711").error().code, Errc::busy);
    serve_until([&] { return server_->connected(); }, &slow);
    EXPECT_TRUE(slow.greeted(kMaxVectors));
    EXPECT_THAT(events_, testing::ElementsAre(Event::refused, Event::joined));
}

TEST_F(Doorbell, a_client_that_has_read_only_a_part_is_no_machine_yet) {
    listen(settings(kMaxVectors));
    DoorbellClient client(settings().socket_path);
    serve_until([&] { return server_->occupied(); });
    server_->serve();
    client.read_some();
    ASSERT_FALSE(client.messages().empty());
    server_->serve();
    ASSERT_FALSE(client.greeted(kMaxVectors)) << "it must be more than the kernel takes at once";
    EXPECT_TRUE(events_.empty()) << words_;
    serve_until([&] { return server_->connected(); }, &client);
    EXPECT_TRUE(client.greeted(kMaxVectors));
    EXPECT_THAT(events_, testing::ElementsAre(Event::joined));
}

TEST_F(Doorbell, survives_a_thousand_connects_in_a_row) {
    listen(settings());
    DoorbellClient first = machine();
    const std::size_t before = open_descriptors();
    std::size_t refused = 0;
    for (int i = 0; i < 1000; ++i) {
        DoorbellClient another(settings().socket_path);
        serve_until([&] { return another.turned_away(); }, &another);
        refused += another.messages().empty() ? 1 : 0;
    }
    EXPECT_EQ(refused, 1000U);
    EXPECT_EQ(open_descriptors(), before);
    first.leave();
    serve_until([&] { return !server_->occupied(); });
    EXPECT_TRUE(machine().greeted(2));
}

TEST_F(Doorbell, goes_on_after_a_time_without_descriptors) {
    listen(settings());
    DoorbellClient client(settings().socket_path);
    rlimit former{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
    const rlimit none{.rlim_cur = 3, .rlim_max = former.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    ASSERT_TRUE(readable(server_->fd()));
    server_->serve();
    EXPECT_FALSE(readable(server_->fd())) << "a poll loop would spin";
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
    serve_until([&] { return server_->connected(); }, &client);
}

TEST_F(Doorbell, is_closed_to_everybody_while_it_is_reserved) {
    listen(settings());
    ASSERT_TRUE(server_->reserve("process 4711").ok());
    EXPECT_EQ(server_->reserve("process 4712").error().code, Errc::busy);
    DoorbellClient client(settings().socket_path);
    serve_until([&] { return client.turned_away(); }, &client);
    EXPECT_THAT(words_, HasSubstr("process 4711 has it"));
    server_->release();
    const DoorbellClient next = machine();
    const auto refused = server_->reserve("process 4711");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
}

TEST_F(Doorbell, refuses_another_user_by_the_kernels_word_and_admits_the_one_it_is_for) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can act as another user";
    }
    ASSERT_EQ(::chmod(folder_.c_str(), 0711), 0);
    listen(settings());
    ASSERT_EQ(::chmod(settings().socket_path.c_str(), 0666), 0);
    const auto stranger = other_users();
    ASSERT_NE(stranger, nullptr);
    serve_until([&] { return stranger->turned_away(); }, stranger.get());
    EXPECT_THAT(words_, HasSubstr("of user 65534 refused"));

    server_.reset();
    auto theirs = settings();
    theirs.user = kOther;
    if (const auto listening = try_listen(theirs);
        !listening.ok() && listening.error().code == Errc::unsupported) {
        GTEST_SKIP() << listening.error().message;
    }
    const auto known = other_users();
    ASSERT_NE(known, nullptr);
    serve_until([&] { return server_->connected(); }, known.get());
}

TEST_F(Doorbell, admits_root_to_the_server_of_another_user) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can act as another user";
    }
    ASSERT_EQ(::chown(folder_.c_str(), kOther, kOther), 0);
    std::promise<void> listening;
    std::thread server([&] {
        // The system call changes this thread alone.
        EXPECT_EQ(::syscall(SYS_setresuid, -1, kOther, -1), 0);
        auto theirs = settings();
        theirs.user = kOther;
        listen(theirs);
        listening.set_value();
        if (server_ == nullptr) {
            return;
        }
        serve_until([&] { return !events_.empty(); });
    });
    listening.get_future().wait();
    if (server_ == nullptr) {
        server.join();
        FAIL() << "it does not listen";
    }
    DoorbellClient root(folder_ + "/vm1.sock");
    pollfd polled{root.fd(), POLLIN, 0};
    while (!root.greeted(2) && !root.turned_away()) {
        EXPECT_EQ(::poll(&polled, 1, static_cast<int>(kPatienceNs / 1'000'000)), 1);
        root.read_some();
    }
    server.join();
    EXPECT_THAT(events_, testing::ElementsAre(Event::joined)) << words_;
}

TEST_F(Doorbell, its_socket_is_its_users_alone_and_goes_with_it) {
    listen(settings());
    struct stat status {};
    ASSERT_EQ(::stat(settings().socket_path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(settings().socket_path));
}

}  // namespace
}  // namespace mrda::ivshmem
