// SPDX-License-Identifier: MIT
// The sample application as it is run, with a service in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "guest/fake_service.h"
#include "interop/temp_files.h"

namespace mrda::guest::test {
namespace {

using testing::HasSubstr;

constexpr std::size_t kWidth = 64;
constexpr std::size_t kHeight = 16;
constexpr std::size_t kPixels = kWidth * kHeight;

struct Outcome {
    int exit_code = -1;
    std::string said;
};

class SampleApp : public testing::Test {
  protected:
    SampleApp() {
        ::setenv("MRDA_RUNTIME_DIR", dir_.path().c_str(), 1);
        ::unsetenv("MRDA_ADDRESS");
        ::unsetenv("MRDA_TOKEN");
        ::unsetenv("MRDA_TOKEN_FILE");
        // For a program that was built with that sanitizer.
        ::setenv("TSAN_OPTIONS",
                 "suppressions=" MRDA_SUPPRESSIONS_DIR "/tsan_grpc.supp:print_suppressions=0", 1);
    }
    void serve(Manners manners = {}) { service_.emplace(dir_.path(), std::move(manners)); }

    /// Both outputs together. `before` stands before the program in the shell's line.
    static Outcome run(const std::string& arguments, const std::string& before = "") {
        const std::string line = before +
                                 "'" MRDA_SAMPLE_APP "' --codecId copy --width 64 --height 16 " +
                                 arguments + " 2>&1";
        Outcome outcome;
        std::FILE* const pipe = ::popen(line.c_str(), "r");
        std::array<char, 4096> bytes{};
        while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe)) {
            outcome.said.append(bytes.data(), count);
        }
        const int status = ::pclose(pipe);
        outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return outcome;
    }
    /// `bytes` bytes that count up, so that no two places look alike.
    std::string raw(std::size_t bytes) {
        const std::string path = dir_.path() + "/in.raw";
        std::ofstream file(path, std::ios::binary);
        for (std::size_t i = 0; i < bytes; ++i) {
            file.put(static_cast<char>(i * 7 + i / 251));
        }
        return path;
    }
    static std::string bytes_of(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::string out() const { return dir_.path() + "/out.bin"; }

    TempDir dir_;
    std::optional<FakeService> service_;
};

TEST_F(SampleApp, encodes_a_pattern_and_tells_what_came_of_it) {
    serve();
    const Outcome ran = run("--frameNum 40 -o " + out());
    EXPECT_EQ(ran.exit_code, 0) << ran.said;
    EXPECT_THAT(ran.said, HasSubstr("40 frames, 40 packets, 640 bytes"));
    EXPECT_THAT(ran.said, HasSubstr("path         direct"));
    EXPECT_THAT(ran.said, HasSubstr("copied here  0 bytes"));
    EXPECT_EQ(bytes_of(out()).size(), 640U);
}

TEST_F(SampleApp, gives_one_json_object) {
    serve();
    const Outcome ran = run("--frameNum 40 --json");
    EXPECT_EQ(ran.exit_code, 0) << ran.said;
    const auto json = nlohmann::json::parse(ran.said);
    EXPECT_EQ(json["frames"], 40);
    EXPECT_EQ(json["packets"], 40);
    EXPECT_EQ(json["bytes"], 640);
    EXPECT_GT(json["fps"], 0.0);
    EXPECT_GT(json["latency_p50_ms"], 0.0);
    EXPECT_GE(json["latency_p99_ms"], json["latency_p50_ms"]);
    EXPECT_EQ(json["path"], "direct");
    EXPECT_EQ(json["path_reason"], "it is the best");
    EXPECT_EQ(json["implementation"], "fake");
    EXPECT_EQ(json["frames_lost"], 0);
    EXPECT_EQ(json["frames_discarded"], 0);
    EXPECT_LE(json["rpc_count"], 4);
    EXPECT_TRUE(json["notices"].empty());
}

TEST_F(SampleApp, reads_a_file_into_the_rows_that_the_host_wants) {
    Manners manners;
    manners.frame_alignment = 512;
    serve(manners);
    const std::string in = raw(kPixels * 4);
    const Outcome ran = run("--colorFormat rgb32 -i " + in);
    EXPECT_EQ(ran.exit_code, 0) << ran.said;
    const std::string file = bytes_of(in);
    const std::uint32_t pitch = service_->host().frame().planes()[0].pitch_bytes;
    ASSERT_EQ(pitch, 512U) << "twice what a row has";
    const auto* const slot = reinterpret_cast<const char*>(service_->host().input_slot(0));
    for (std::size_t y = 0; y < kHeight; ++y) {
        EXPECT_EQ(std::string(slot + y * pitch, kWidth * 4),
                  file.substr(y * kWidth * 4, kWidth * 4));
    }
}

TEST_F(SampleApp, interleaves_yuv420p_and_reports_the_copy) {
    serve();
    const std::string in = raw(kPixels * 3 / 2);
    const Outcome ran = run("--colorFormat yuv420p --json -i " + in);
    EXPECT_EQ(ran.exit_code, 0) << ran.said;
    const auto json = nlohmann::json::parse(ran.said);
    EXPECT_EQ(json["guest_copied_bytes"], kPixels / 2);
    EXPECT_THAT(std::string(json["guest_copy_reason"]), HasSubstr("interleaved"));
    const std::string file = bytes_of(in);
    const auto& frame = service_->host().frame();
    const auto* const slot = reinterpret_cast<const char*>(service_->host().input_slot(0));
    const auto* const chroma = slot + frame.planes()[1].offset_bytes;
    EXPECT_EQ(std::string(slot, kWidth), file.substr(0, kWidth));
    for (std::size_t y = 0; y < kHeight / 2; ++y) {
        for (std::size_t x = 0; x < kWidth / 2; ++x) {
            const std::size_t at = kPixels + y * kWidth / 2 + x;
            const char* const pair = chroma + y * frame.planes()[1].pitch_bytes + 2 * x;
            ASSERT_EQ(pair[0], file[at]);
            ASSERT_EQ(pair[1], file[at + kPixels / 4]);
        }
    }
}

TEST_F(SampleApp, reads_a_pipe_and_writes_one) {
    serve();
    const std::string in = raw(10 * kPixels * 3 / 2);
    const Outcome ran = run("-i - -o - 2>/dev/null | wc -c; true",
                            "(head -c 700 '" + in + "'; sleep 0.05; tail -c +701 '" + in + "') | ");
    EXPECT_THAT(ran.said, HasSubstr("160"));
}

TEST_F(SampleApp, leaves_an_input_that_is_named_as_output_as_it_is) {
    serve();
    const std::string in = raw(3 * kPixels * 3 / 2);
    const std::string before = bytes_of(in);
    const std::string alias = dir_.path() + "/alias";
    std::filesystem::create_hard_link(in, alias);
    for (const std::string& arguments :
         {"-i " + in + " -o " + in, "-i " + in + " -o " + alias, "-i - -o " + in + " < " + in,
          "-i " + in + " -o - 2>" + out() + " >> " + in + "; code=$?; cat " + out() +
              "; exit $code"}) {
        const Outcome ran = run(arguments);
        EXPECT_EQ(ran.exit_code, 2) << arguments << ran.said;
        EXPECT_THAT(ran.said, HasSubstr("is the file that -i reads"));
        EXPECT_EQ(bytes_of(in), before) << arguments;
    }
}

TEST_F(SampleApp, replaces_an_output_that_was_there) {
    serve();
    std::ofstream(out()) << std::string(10'000, 'x');
    EXPECT_EQ(run("--frameNum 2 -i " + raw(2 * kPixels * 3 / 2) + " -o " + out()).exit_code, 0);
    EXPECT_EQ(bytes_of(out()).size(), 32U);
    run("--frameNum 2 -o - 2>/dev/null >> " + out() + "; true");
    EXPECT_EQ(bytes_of(out()).size(), 64U) << "what the shell appends to stays";
}

TEST_F(SampleApp, takes_no_more_frames_than_it_is_told) {
    serve();
    const Outcome ran = run("--frameNum 3 --json -i " + raw(10 * kPixels * 3 / 2));
    EXPECT_EQ(nlohmann::json::parse(ran.said)["frames"], 3);
}

TEST_F(SampleApp, says_what_is_missing_of_a_file_that_is_cut_off) {
    serve();
    const std::string in = raw(2 * kPixels * 3 / 2 + 100);
    const Outcome ran = run("-i " + in);
    EXPECT_EQ(ran.exit_code, 7);
    EXPECT_THAT(ran.said, HasSubstr("2 frames of 1536 and 100 bytes more; 1436 bytes are missing"));
    EXPECT_EQ(run("--frameNum 2 -i " + in).exit_code, 0) << "the rest is not wanted";
}

TEST_F(SampleApp, encodes_what_is_whole_of_a_pipe_that_is_cut_off) {
    serve();
    const std::string in = raw(2 * kPixels * 3 / 2 + 100);
    const Outcome ran = run("-i - -o " + out(), "cat '" + in + "' | ");
    EXPECT_EQ(ran.exit_code, 7);
    EXPECT_THAT(ran.said,
                HasSubstr("ends in frame 2, after 100 of its 1536 bytes: 1436 are missing"));
    EXPECT_EQ(bytes_of(out()).size(), 32U);
}

TEST_F(SampleApp, does_not_hide_that_the_disk_is_full) {
    serve();
    const Outcome ran = run("--frameNum 5 -o /dev/full");
    EXPECT_EQ(ran.exit_code, 6);
    EXPECT_THAT(ran.said, HasSubstr("cannot write /dev/full"));
}

TEST_F(SampleApp, says_which_file_is_not_there) {
    serve();
    const Outcome in = run("-i /nowhere/in");
    EXPECT_EQ(in.exit_code, 3);
    EXPECT_THAT(in.said, HasSubstr("/nowhere/in"));
    const Outcome out = run("-o /nowhere/out");
    EXPECT_EQ(out.exit_code, 3);
    EXPECT_THAT(out.said, HasSubstr("/nowhere/out"));
}

TEST_F(SampleApp, says_which_service_is_not_there) {
    const Outcome ran = run("--hostSessionAddr unix:" + dir_.path() + "/nobody.sock --json");
    EXPECT_EQ(ran.exit_code, 3);
    EXPECT_THAT(ran.said, HasSubstr("/nobody.sock does not answer"));
}

TEST_F(SampleApp, exits_by_what_the_service_refused) {
    for (const auto& [code, exit_code] :
         {std::pair(grpc::StatusCode::RESOURCE_EXHAUSTED, 6),
          std::pair(grpc::StatusCode::PERMISSION_DENIED, 5),
          std::pair(grpc::StatusCode::UNIMPLEMENTED, 4), std::pair(grpc::StatusCode::NOT_FOUND, 3),
          std::pair(grpc::StatusCode::INVALID_ARGUMENT, 2)}) {
        Manners manners;
        manners.create_status = {code, "because it is so"};
        service_.reset();
        serve(manners);
        const Outcome ran = run("");
        EXPECT_EQ(ran.exit_code, exit_code);
        EXPECT_THAT(ran.said, HasSubstr("because it is so"));
    }
}

TEST_F(SampleApp, shows_the_services_notices) {
    Manners manners;
    manners.forge = [](v1::CreateReply& reply, FakeHost&) { reply.add_notices("take care"); };
    serve(manners);
    EXPECT_THAT(run("--frameNum 1").said, HasSubstr("mrda_sample_app: take care"));
}

TEST_F(SampleApp, links_no_codec_and_no_gpu_library) {
    const Outcome ran = run("> /dev/null; ldd '" MRDA_SAMPLE_APP "'");
    EXPECT_THAT(ran.said, HasSubstr("libgrpc++"));
    for (const char* library : {"libva", "libze", "libvpl", "libx26", "libSvt", "libav"}) {
        EXPECT_THAT(ran.said, testing::Not(HasSubstr(library)));
    }
}

}  // namespace
}  // namespace mrda::guest::test
