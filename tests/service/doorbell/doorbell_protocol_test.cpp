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
                               .user = 4'000'000'000};
    const auto got = parse_doorbell_request(to_message(sent));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->kind, sent.kind);
    EXPECT_EQ(got->region, sent.region);
    EXPECT_EQ(got->size_bytes, sent.size_bytes);
    EXPECT_EQ(got->vectors, sent.vectors);
    EXPECT_EQ(got->user, sent.user);
}

TEST(DoorbellProtocol, replies_come_as_they_were_sent_but_for_endless_words) {
    const DoorbellReply sent{.kind = DoorbellReply::Kind::left,
                             .region = "vm1",
                             .machine = Machine::plain,
                             .socket_path = "/run/\"quoted\"",
                             .vectors = 3,
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
    EXPECT_EQ(got->code, sent.code);
    EXPECT_EQ(got->words.find_first_not_of('\n'), std::string::npos);
}

TEST(DoorbellProtocol, what_is_neither_is_refused_naming_the_field) {
    for (const char* text : {"", "[]", "{", R"({"ask":"keep"})"}) {
        EXPECT_EQ(parse_doorbell_request(text).error().code, Errc::corrupt) << text;
        EXPECT_EQ(parse_doorbell_reply(text).error().code, Errc::corrupt) << text;
    }
    std::string unknown = to_message(DoorbellRequest{});
    unknown.replace(unknown.find("serve"), 5, "swing");
    EXPECT_THAT(parse_doorbell_request(unknown).error().message, HasSubstr("field ask"));
    std::string wrong = to_message(DoorbellReply{});
    wrong.replace(wrong.find("none"), 4, "null");
    EXPECT_THAT(parse_doorbell_reply(wrong).error().message, HasSubstr("field machine"));
}

}  // namespace
}  // namespace mrda::service
