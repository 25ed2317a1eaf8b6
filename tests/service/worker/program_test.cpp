// SPDX-License-Identifier: MIT
// The program mrda-worker itself, as the service starts it: with its descriptors and an empty
// environment.
#include <drm_fourcc.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "mrda/interop/exit_code.h"
#include "mrda/ivshmem/region.h"
#include "worker_protocol.h"

namespace mrda::service {
namespace {

using testing::HasSubstr;

constexpr int kCouldNotStart = 99;

/// Starts it. `control` below 0 is left out; `errors` is where its stderr goes.
pid_t start(int control, int errors, const char* argument = nullptr) {
    const pid_t child = ::fork();
    if (child != 0) {
        return child;
    }
    // Out of the way of the number that a worker looks at.
    constexpr int kAside = 50;
    if (control >= 0 && ::dup2(control, kAside) < 0) {
        ::_exit(kCouldNotStart);
    }
    ::dup2(errors, STDERR_FILENO);
    ::close(kControlFd);
    if (control >= 0 && ::dup2(kAside, kControlFd) < 0) {
        ::_exit(kCouldNotStart);
    }
    ::closefrom(kControlFd + 1);
    const char* const arguments[] = {"mrda-worker", argument, nullptr};
    const char* const environment[] = {nullptr};
    ::execve(MRDA_WORKER, const_cast<char* const*>(arguments),
             const_cast<char* const*>(environment));
    ::_exit(kCouldNotStart);
}

int exit_code_of_child(pid_t child) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string read_all(int fd) {
    std::string text(4096, '\0');
    const ssize_t count = ::read(fd, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

struct Pipe {
    Pipe() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::pipe(ends), 0);
        read = Fd(ends[0]);
        write = Fd(ends[1]);
    }
    Fd read;
    Fd write;
};

/// One running with a job.
class WorkerProgram : public testing::Test {
  protected:
    void start_worker() {
        auto pair = make_control_sockets().value();
        child_ = start(pair.theirs.get(), STDERR_FILENO);
        control_ = std::move(pair.ours);
    }
    WorkerJob job(const std::string& codec) {
        EncodeParams params;
        params.codec = codec;
        params.plugin = codec == "copy" ? "copy" : "vpl";
        params.width_px = frame_.width_px();
        params.height_px = frame_.height_px();
        WorkerJob made{.params = params, .frame = frame_, .layout = layout_};
        made.input = {0, layout_.input_extent_bytes()};
        made.output = {made.input.size_bytes, layout_.output_extent_bytes()};
        made.platform = "software";
        made.plugin_dirs = {MRDA_PLUGIN_DIR};
        return made;
    }
    void send(const std::string& message) {
        ASSERT_TRUE(send_message(control_.get(), message).ok());
    }
    void send(const WorkerJob& job) {
        const std::array regions{region_.fd(), region_.fd()};
        ASSERT_TRUE(send_message(control_.get(), to_message(job), regions).ok());
    }
    WorkerEvent hear() {
        const auto message = receive_message(control_.get());
        if (!message.ok() || !message->has_value()) {
            ADD_FAILURE() << "the worker says nothing";
            return {};
        }
        return parse_event(**message).value();
    }
    int exit_code() { return exit_code_of_child(child_); }

    FrameLayout frame_ = FrameLayout::linear(DRM_FORMAT_NV12, 192, 128).value();
    ivshmem::SessionLayout layout_ =
        ivshmem::SessionLayout::make({20, frame_.size_bytes(), 4, 1U << 20}).value();
    ivshmem::Region region_ =
        ivshmem::Region::create_memfd("worker",
                                      layout_.input_extent_bytes() + layout_.output_extent_bytes())
            .value();
    Fd control_;
    pid_t child_ = -1;
};

TEST_F(WorkerProgram, is_no_program_to_be_started_by_hand) {
    Pipe errors;
    EXPECT_EQ(exit_code_of_child(start(-1, errors.write.get())), kExitUsage);
    EXPECT_THAT(read_all(errors.read.get()), HasSubstr("started by mrda-service"));
    EXPECT_EQ(exit_code_of_child(start(errors.write.get(), errors.write.get())), kExitUsage)
        << "with something else where the control socket should be";
    auto pair = make_control_sockets().value();
    EXPECT_EQ(exit_code_of_child(start(pair.theirs.get(), errors.write.get(), "--help")),
              kExitUsage);
}

TEST_F(WorkerProgram, runs_a_session_on_the_software_drivers_and_ends_with_its_control_socket) {
    for (const char* codec : {"copy", "avc"}) {
        start_worker();
        send(job(codec));
        const WorkerEvent running = hear();
        EXPECT_EQ(running.kind, WorkerEvent::Kind::running) << running.message;
        EXPECT_EQ(running.path, "direct");
        std::ifstream file("/proc/" + std::to_string(child_) + "/status");
        const std::string status(std::istreambuf_iterator<char>(file), {});
        EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
        EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
        send(to_message(WorkerCommand::stats));
        EXPECT_EQ(hear().kind, WorkerEvent::Kind::stats);
        control_.reset();
        EXPECT_EQ(exit_code(), 0);
    }
}

TEST_F(WorkerProgram, obeys_stop_and_reset) {
    start_worker();
    send(job("copy"));
    EXPECT_EQ(hear().kind, WorkerEvent::Kind::running);
    send(to_message(WorkerCommand::reset));
    EXPECT_EQ(hear().kind, WorkerEvent::Kind::reset);
    send(to_message(WorkerCommand::stop));
    EXPECT_EQ(exit_code(), 0);
}

TEST_F(WorkerProgram, says_why_it_cannot_begin) {
    start_worker();
    send("no job at all");
    EXPECT_EQ(hear().code, Errc::corrupt);
    EXPECT_EQ(exit_code(), exit_code_of(Errc::corrupt));
    start_worker();
    WorkerJob wrong = job("avc");
    wrong.params.profile = "unheard-of";
    send(wrong);
    const WorkerEvent failed = hear();
    EXPECT_EQ(failed.kind, WorkerEvent::Kind::failed);
    EXPECT_EQ(failed.code, Errc::unsupported);
    EXPECT_THAT(failed.message, HasSubstr("unheard-of"));
    EXPECT_EQ(exit_code(), exit_code_of(Errc::unsupported));
}

TEST_F(WorkerProgram, that_was_prepared_takes_any_job) {
    for (const char* codec : {"avc", "hevc", "copy"}) {
        start_worker();
        send(to_message(preparation_of(job("avc"))));
        send(job(codec));
        const WorkerEvent running = hear();
        EXPECT_EQ(running.kind, WorkerEvent::Kind::running) << codec << ": " << running.message;
        send(to_message(WorkerCommand::stop));
        EXPECT_EQ(exit_code(), 0) << codec;
    }
}

TEST_F(WorkerProgram, that_was_prepared_ends_in_order_where_no_job_comes) {
    for (int i = 0; i < 3; ++i) {
        start_worker();
        send(to_message(preparation_of(job("avc"))));
        control_.reset();  // Read after the preparation, so all drivers are loaded.
        EXPECT_EQ(exit_code(), kExitFailed) << "below 0: a signal ended it";
    }
}

TEST_F(WorkerProgram, that_could_not_be_prepared_tells_why_with_its_job) {
    start_worker();
    WorkerJob elsewhere = job("avc");
    elsewhere.plugin_dirs = {"/nowhere"};
    send(to_message(preparation_of(elsewhere)));
    send(elsewhere);
    const WorkerEvent failed = hear();
    EXPECT_EQ(failed.kind, WorkerEvent::Kind::failed);
    EXPECT_THAT(failed.message, HasSubstr("/nowhere"));
    EXPECT_EQ(exit_code(), exit_code_of(failed.code));
}

TEST_F(WorkerProgram, wants_both_regions_with_its_job) {
    start_worker();
    send(to_message(job("copy")));
    EXPECT_THAT(hear().message, HasSubstr("comes with 2 descriptors"));
    EXPECT_EQ(exit_code(), exit_code_of(Errc::corrupt));
}

TEST_F(WorkerProgram, ends_where_the_service_goes_before_it_gave_a_job_or_talks_nonsense) {
    start_worker();
    control_.reset();
    EXPECT_NE(exit_code(), 0);
    start_worker();
    send(job("copy"));
    EXPECT_EQ(hear().kind, WorkerEvent::Kind::running);
    send(R"({"op":"fly"})");
    EXPECT_EQ(hear().code, Errc::corrupt);
    EXPECT_EQ(exit_code(), exit_code_of(Errc::corrupt));
}

}  // namespace
}  // namespace mrda::service
