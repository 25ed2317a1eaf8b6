// SPDX-License-Identifier: MIT
#include "holder_connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "control_socket.h"
#include "mrda/interop/unix_socket.h"
#include "service/host/temp_dir.h"

namespace mrda::service {
namespace {

/// Who is asked, and says what a test has it say.
class HolderConnectionTest : public testing::Test {
  protected:
    void SetUp() override {
        connection_.emplace(HolderConnection::open(dir_.path()).value());
        other_.reset(::accept(listening_.get(), nullptr, nullptr));
        ASSERT_TRUE(other_.valid());
    }
    void say(const DoorbellReply& reply) const {
        ASSERT_TRUE(send_message(other_.get(), to_message(reply)).ok());
    }

    TempDir dir_;
    Fd listening_ = listen_unix(dir_ / "doorbell.sock", SOCK_SEQPACKET, 1).value();
    std::optional<HolderConnection> connection_;
    Fd other_;
};

TEST_F(HolderConnectionTest, what_happens_while_an_answer_is_awaited_is_not_lost) {
    say({.kind = DoorbellReply::Kind::joined, .region = "first"});
    say({.kind = DoorbellReply::Kind::left, .region = "second"});
    say({.kind = DoorbellReply::Kind::kept, .region = "asked"});
    say({.kind = DoorbellReply::Kind::joined, .region = "third"});
    const auto answer = connection_->ask({}, 1'000'000'000);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->reply.region, "asked");
    EXPECT_TRUE(connection_->has_read_events());
    for (const char* region : {"first", "second", "third"}) {
        EXPECT_EQ(connection_->next_event().value()->region, region);
    }
    EXPECT_FALSE(connection_->next_event().value().has_value());
}

TEST_F(HolderConnectionTest, a_refusal_is_an_error_with_the_holders_words) {
    say({.kind = DoorbellReply::Kind::failed, .code = Errc::busy, .words = "a machine has it"});
    const auto answer = connection_->ask({}, 1'000'000'000);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, Errc::busy);
    EXPECT_EQ(answer.error().message, "a machine has it");
}

TEST_F(HolderConnectionTest, one_that_never_answers_costs_the_time_that_was_given) {
    EXPECT_EQ(connection_->ask({}, 10'000'000).error().code, Errc::timeout);
}

TEST_F(HolderConnectionTest, one_that_is_gone_is_the_end) {
    other_.reset();
    EXPECT_FALSE(connection_->ask({}, 1'000'000'000).ok());
    EXPECT_EQ(connection_->next_event().error().code, Errc::end_of_stream);
}

TEST(HolderConnectionOpen, where_no_holder_runs_is_not_found) {
    const TempDir dir;
    EXPECT_EQ(HolderConnection::open(dir.path()).error().code, Errc::not_found);
}

}  // namespace
}  // namespace mrda::service
