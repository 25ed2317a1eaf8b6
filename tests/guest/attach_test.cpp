// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "guest_fixture.h"

namespace mrda::guest::test {
namespace {

using testing::HasSubstr;

/// Of regions, in this process.
int open_regions() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        const auto target = std::filesystem::read_symlink(entry.path(), ignored).string();
        count += target.find("fake_host") != std::string::npos ? 1 : 0;
    }
    return count;
}

TEST_F(Guest, names_the_address_where_no_service_answers) {
    EXPECT_EQ(create(), nullptr);
    EXPECT_EQ(status_, MRDA_GUEST_SERVICE_GONE);
    EXPECT_THAT(words(), HasSubstr("unix:" + dir_.path() + "/mrda.sock"));
    EXPECT_THAT(words(), HasSubstr("is mrda-service running"));
}

TEST_F(Guest, looks_for_the_service_where_the_environment_says) {
    ::setenv("MRDA_ADDRESS", ("unix:" + dir_.path() + "/elsewhere.sock").c_str(), 1);
    EXPECT_EQ(create(), nullptr);
    EXPECT_EQ(status_, MRDA_GUEST_SERVICE_GONE);
    EXPECT_THAT(words(), HasSubstr(dir_.path() + "/elsewhere.sock"));
    config_.address = "nowhere";
    EXPECT_EQ(create(), nullptr);
    EXPECT_THAT(words(), HasSubstr("\"nowhere\""));
}

TEST_F(Guest, maps_memory_that_comes_as_a_file) {
    const std::string path = dir_.path() + "/region";
    serve(in_a_file(path));
    const auto session = create_ok();
    const auto buffer = get_buffer(session);
    buffer.planes[0][0] = 42;
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(host().layout().input_slot_offset(buffer.slot)));
    EXPECT_EQ(file.get(), 42);
}

TEST_F(Guest, opens_no_symbolic_link) {
    const std::string path = dir_.path() + "/link";
    std::filesystem::create_symlink("/dev/null", path);
    Manners manners;
    manners.forge = [&path](v1::CreateReply& reply, FakeHost&) {
        reply.mutable_in_region()->clear_socket_path();
        reply.mutable_in_region()->set_path(path);
    };
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_DENIED);
    EXPECT_THAT(words(), HasSubstr("link is a symbolic link"));
    EXPECT_EQ(service_->count("Stop"), 1) << "a session that nobody can use must not stay";
}

class DescriptorsHandedOut : public Guest, public testing::WithParamInterface<int> {};

TEST_P(DescriptorsHandedOut, must_be_exactly_one) {
    Manners manners;
    manners.descriptors = GetParam();
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_FAILED);
    EXPECT_THAT(words(), HasSubstr("descriptors; one is wanted"));
    service_.reset();
    EXPECT_EQ(open_regions(), 0) << "what came is closed";
}

INSTANTIATE_TEST_SUITE_P(Guest, DescriptorsHandedOut, testing::Values(0, 2, 12));

TEST_F(Guest, says_so_when_its_attach_token_opens_nothing) {
    Manners manners;
    manners.forge = [](v1::CreateReply& reply, FakeHost&) {
        reply.mutable_in_region()->set_attach_token("404");
    };
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_DENIED);
    EXPECT_THAT(words(), HasSubstr("attach token opens nothing"));
}

TEST_F(Guest, does_not_wait_for_a_region_socket_that_is_silent) {
    const std::string path = dir_.path() + "/silent.sock";
    const AttachServer silent(path, 1, [](const std::string&) {
        ::usleep(600'000);
        return -1;
    });
    Manners manners;
    manners.forge = [&path](v1::CreateReply& reply, FakeHost&) {
        reply.mutable_in_region()->set_socket_path(path);
    };
    serve(manners);
    config_.connect_timeout_ns = 300 * kMs;
    create();
    EXPECT_EQ(status_, MRDA_GUEST_SERVICE_GONE);
    EXPECT_THAT(words(), HasSubstr(path));
}

TEST_F(Guest, refuses_a_header_of_another_version_and_names_both) {
    Manners manners;
    manners.scripted = true;
    manners.forge = [](v1::CreateReply& reply, FakeHost& host) {
        auto header = host.layout().header(reply.status().session_id(), 1, 1);
        header.version_major = 2;
        host.write_header(header);
    };
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_UNSUPPORTED);
    EXPECT_THAT(words(), HasSubstr("host writes wire format 2.1, this guest reads 1.1"));
}

TEST_F(Guest, refuses_a_header_without_a_way_of_waking_that_it_knows) {
    Manners manners;
    manners.scripted = true;
    manners.forge = [](v1::CreateReply& reply, FakeHost& host) {
        host.write_header(host.layout().header(reply.status().session_id(), 1, 1U << 20));
    };
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_UNSUPPORTED);
    EXPECT_THAT(words(), HasSubstr("feature bits are 1048576"));
}

TEST_F(Guest, refuses_a_service_of_another_wire_version_and_names_both) {
    Manners manners;
    manners.forge = [](v1::CreateReply& reply, FakeHost&) { reply.set_wire_major(7); };
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_UNSUPPORTED);
    EXPECT_THAT(words(), HasSubstr("wire format 7, this guest speaks 1"));
}

struct Forgery {
    const char* name;
    void (*forge)(v1::CreateReply&);
    const char* words;
};
void PrintTo(const Forgery& forgery, std::ostream* out) {
    *out << forgery.name;
}

class ForgedReply : public Guest, public testing::WithParamInterface<Forgery> {};

TEST_P(ForgedReply, is_refused_with_what_is_wrong) {
    Manners manners;
    manners.forge = [](v1::CreateReply& reply, FakeHost&) { GetParam().forge(reply); };
    serve(manners);
    create();
    EXPECT_EQ(status_, MRDA_GUEST_FAILED);
    EXPECT_THAT(words(), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Guest, ForgedReply,
    testing::Values(
        Forgery{"ring", [](auto& reply) { reply.set_ring_capacity(63); }, "63 entries"},
        Forgery{"slots", [](auto& reply) { reply.set_input_slots(5000); }, "5000 input slots"},
        Forgery{"slot_size", [](auto& reply) { reply.set_output_slot_bytes(100); }, "whole pages"},
        Forgery{"fourcc", [](auto& reply) { reply.mutable_frame()->set_drm_fourcc(1); },
                "unknown DRM fourcc"},
        Forgery{"width", [](auto& reply) { reply.mutable_frame()->set_width_px(32); },
                "NV12 of 64x16 was asked for"},
        Forgery{"tiling", [](auto& reply) { reply.mutable_frame()->set_modifier(1); },
                "was asked for"},
        Forgery{"planes", [](auto& reply) { reply.mutable_frame()->clear_planes(); }, "plane"},
        Forgery{"plane_offset",
                [](auto& reply) {
                    reply.mutable_frame()->mutable_planes(1)->set_offset_bytes(1 << 20);
                },
                "4096"},
        Forgery{"extent_size", [](auto& reply) { reply.mutable_in_region()->set_extent_bytes(1); },
                "extent of 1 bytes"},
        Forgery{"extent_offset",
                [](auto& reply) {
                    reply.mutable_out_region()->set_extent_offset_bytes(std::uint64_t{1} << 40);
                },
                "whole pages within it"},
        Forgery{"region_size",
                [](auto& reply) { reply.mutable_in_region()->set_size_bytes(1 << 30); },
                "a region of 1073741824 bytes that has"},
        Forgery{"no_region", [](auto& reply) { reply.mutable_in_region()->clear_socket_path(); },
                "either a path or a socket"},
        Forgery{"epoch", [](auto& reply) { reply.set_epoch(9); }, "of epoch 9"}),
    [](const auto& tested) { return tested.param.name; });

struct Refusal {
    grpc::StatusCode code;
    mrda_guest_status status;
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << "grpc " << refusal.code;
}

class CreateRefused : public Guest, public testing::WithParamInterface<Refusal> {};

TEST_P(CreateRefused, is_told_apart_with_the_services_words) {
    Manners manners;
    manners.create_status = {GetParam().code, "because it is so"};
    serve(manners);
    create();
    EXPECT_EQ(status_, GetParam().status);
    EXPECT_THAT(words(), HasSubstr("because it is so"));
}

INSTANTIATE_TEST_SUITE_P(
    Guest, CreateRefused,
    testing::Values(Refusal{grpc::StatusCode::INVALID_ARGUMENT, MRDA_GUEST_BAD_ARGUMENT},
                    Refusal{grpc::StatusCode::RESOURCE_EXHAUSTED, MRDA_GUEST_EXHAUSTED},
                    Refusal{grpc::StatusCode::PERMISSION_DENIED, MRDA_GUEST_DENIED},
                    Refusal{grpc::StatusCode::UNAUTHENTICATED, MRDA_GUEST_DENIED},
                    Refusal{grpc::StatusCode::UNIMPLEMENTED, MRDA_GUEST_UNSUPPORTED},
                    Refusal{grpc::StatusCode::FAILED_PRECONDITION, MRDA_GUEST_UNSUPPORTED},
                    Refusal{grpc::StatusCode::NOT_FOUND, MRDA_GUEST_NOT_FOUND},
                    Refusal{grpc::StatusCode::UNAVAILABLE, MRDA_GUEST_SERVICE_GONE},
                    Refusal{grpc::StatusCode::INTERNAL, MRDA_GUEST_FAILED}));

class TokenTest : public Guest {
  protected:
    void SetUp() override {
        Manners manners;
        manners.token = "s3cret";
        serve(manners);
    }
    std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
        const std::string path = dir_.path() + "/" + name;
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
};

TEST_F(TokenTest, comes_from_the_default_file) {
    write("default.token", "s3cret\n");
    create_ok();
}

TEST_F(TokenTest, comes_from_the_file_that_the_environment_names_before_the_default) {
    write("default.token", "wrong");
    ::setenv("MRDA_TOKEN_FILE", write("other", "s3cret").c_str(), 1);
    create_ok();
}

TEST_F(TokenTest, comes_from_the_environment_before_any_file_there) {
    ::setenv("MRDA_TOKEN_FILE", write("other", "wrong").c_str(), 1);
    ::setenv("MRDA_TOKEN", "s3cret", 1);
    create_ok();
}

TEST_F(TokenTest, comes_from_the_applications_file_before_all) {
    ::setenv("MRDA_TOKEN", "wrong", 1);
    const std::string path = write("mine", "s3cret\n");
    config_.token_file = path.c_str();
    create_ok();
}

TEST_F(TokenTest, that_is_missing_is_named_in_the_refusal) {
    create();
    EXPECT_EQ(status_, MRDA_GUEST_DENIED);
    EXPECT_THAT(words(), HasSubstr("no token was sent, for " + dir_.path() + "/default.token"));
}

TEST_F(TokenTest, that_is_wrong_is_refused_with_where_it_came_from) {
    const std::string path = write("mine", "wrong");
    config_.token_file = path.c_str();
    create();
    EXPECT_EQ(status_, MRDA_GUEST_DENIED);
    EXPECT_THAT(words(), HasSubstr("the token came from " + path));
}

TEST_F(TokenTest, in_a_file_that_others_can_read_is_refused_by_name) {
    for (const mode_t mode : {0640, 0604, 0620}) {
        const std::string path = write("mine", "s3cret", mode);
        config_.token_file = path.c_str();
        create();
        EXPECT_EQ(status_, MRDA_GUEST_DENIED);
        EXPECT_THAT(words(), HasSubstr("others can read the token in " + path));
    }
}

TEST_F(TokenTest, in_a_file_that_is_not_there_is_refused_by_name) {
    config_.token_file = "/nowhere/token";
    create();
    EXPECT_EQ(status_, MRDA_GUEST_NOT_FOUND);
    EXPECT_THAT(words(), HasSubstr("/nowhere/token"));
}

TEST_F(TokenTest, must_be_one_line_of_letters) {
    for (const std::string& text :
         {std::string(), std::string("a b"), std::string("\x01"), std::string(5000, 'x')}) {
        const std::string path = write("mine", text);
        config_.token_file = path.c_str();
        create();
        EXPECT_NE(status_, MRDA_GUEST_OK);
        EXPECT_THAT(words(), HasSubstr("holds no token"));
    }
}

}  // namespace
}  // namespace mrda::guest::test
