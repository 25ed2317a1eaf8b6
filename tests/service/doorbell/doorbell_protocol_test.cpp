// SPDX-License-Identifier: MIT
#include "doorbell_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_socket.h"

namespace mrda::service {
namespace {

using testing::HasSubstr;

TEST(DoorbellProtocol, requests_come_as_they_were_sent) {
    const DoorbellRequest sent{.kind = DoorbellRequest::Kind::keep,
                               .region = "vm1.in",
                               .size_bytes = std::uint64_t{1} << 40,
                               .vectors = 64,
                               .user = 4'000'000'000,
                               .occupied = true,
                               .version = 7};
    const auto got = parse_doorbell_request(to_message(sent));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->kind, sent.kind);
    EXPECT_EQ(got->region, sent.region);
    EXPECT_EQ(got->size_bytes, sent.size_bytes);
    EXPECT_EQ(got->vectors, sent.vectors);
    EXPECT_EQ(got->user, sent.user);
    EXPECT_TRUE(got->occupied);
    EXPECT_EQ(got->version, 7U);
}

TEST(DoorbellProtocol, replies_come_as_they_were_sent_but_for_endless_words) {
    const DoorbellReply sent{.kind = DoorbellReply::Kind::left,
                             .region = "vm1",
                             .machine = Machine::plain,
                             .changes = 5,
                             .socket_path = "/run/\"quoted\"",
                             .vectors = 3,
                             .made = true,
                             .version = 7,
                             .code = Errc::busy,
                             .words = std::string(100'000, '\n')};
    const std::string message = to_message(sent);
    EXPECT_LE(message.size(), kMaxMessageBytes);
    const auto got = parse_doorbell_reply(message);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->kind, sent.kind);
    EXPECT_EQ(got->region, sent.region);
    EXPECT_EQ(got->machine, sent.machine);
    EXPECT_EQ(got->socket_path, sent.socket_path);
    EXPECT_EQ(got->vectors, sent.vectors);
    EXPECT_EQ(got->changes, 5U);
    EXPECT_TRUE(got->made);
    EXPECT_EQ(got->version, 7U);
    EXPECT_EQ(got->code, sent.code);
    EXPECT_EQ(got->words.find_first_not_of('\n'), std::string::npos);
}

TEST(DoorbellProtocol, what_was_said_before_there_were_versions_is_understood) {
    const auto request = parse_doorbell_request(
        R"({"ask":"serve","region":"","size_bytes":0,"vectors":0,"user":0})");
    ASSERT_TRUE(request.ok()) << to_string(request.error());
    EXPECT_EQ(request->version, 0U);
    EXPECT_FALSE(request->occupied);
    const auto reply = parse_doorbell_reply(
        R"({"say":"kept","region":"vm1","machine":"doorbell","socket_path":"/run/vm1.sock",)"
        R"("vectors":16,"code":12,"words":""})");
    ASSERT_TRUE(reply.ok()) << to_string(reply.error());
    EXPECT_EQ(reply->version, 0U);
    EXPECT_EQ(reply->changes, 0U);
    EXPECT_FALSE(reply->made);
    EXPECT_EQ(reply->machine, Machine::doorbell);
    EXPECT_EQ(parse_doorbell_reply(R"({"say":"done","region":"","machine":"none","socket_path":"",)"
                                   R"("vectors":0,"made":1,"code":12,"words":""})")
                  .error()
                  .code,
              Errc::corrupt)
        << "but what is there must be right";
}

TEST(DoorbellProtocol, what_is_neither_is_refused_naming_the_field) {
    for (const char* text : {"", "[]", "{", R"({"ask":"keep"})"}) {
        EXPECT_EQ(parse_doorbell_request(text).error().code, Errc::corrupt) << text;
        EXPECT_EQ(parse_doorbell_reply(text).error().code, Errc::corrupt) << text;
    }
    std::string unknown = to_message(DoorbellRequest{});
    unknown.replace(unknown.find("serve"), 5, "swing");
    EXPECT_EQ(parse_doorbell_request(unknown).error().code, Errc::unsupported);
    EXPECT_THAT(parse_doorbell_request(unknown).error().message, HasSubstr("\"swing\""));
    std::string wrong = to_message(DoorbellReply{});
    wrong.replace(wrong.find("none"), 4, "null");
    EXPECT_THAT(parse_doorbell_reply(wrong).error().message, HasSubstr("field machine"));
}

}  // namespace
}  // namespace mrda::service
