// SPDX-License-Identifier: MIT
#include "worker_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "worker_protocol.h"

namespace mrda::service {
namespace {

class WorkerProcessTest : public testing::Test {
  protected:
    Result<WorkerProcess> start(const char* program) {
        return WorkerProcess::start(program, sockets_.theirs.get(), STDERR_FILENO);
    }
    static bool ended(const WorkerProcess& worker) {
        pollfd wait{worker.pidfd(), POLLIN, 0};
        return ::poll(&wait, 1, 10'000) == 1;
    }

    SocketPair sockets_ = make_control_sockets().value();
};

TEST_F(WorkerProcessTest, tells_how_it_ended) {
    auto worker = start("/bin/true");
    ASSERT_TRUE(worker.ok());
    ASSERT_TRUE(ended(*worker));
    const auto exit = worker->reap();
    ASSERT_TRUE(exit.has_value());
    EXPECT_EQ(exit->code, 0);
    EXPECT_EQ(exit->signal, 0);
}

TEST_F(WorkerProcessTest, one_that_is_killed_tells_the_signal) {
    auto worker = start(MRDA_WORKER);  // It waits for its job.
    ASSERT_TRUE(worker.ok());
    worker->kill();
    ASSERT_TRUE(ended(*worker));
    EXPECT_EQ(worker->reap()->signal, SIGKILL);
}

TEST_F(WorkerProcessTest, one_that_is_dropped_is_gone) {
    pid_t pid = 0;
    {
        auto worker = start(MRDA_WORKER);
        ASSERT_TRUE(worker.ok());
        pid = worker->pid();
        EXPECT_FALSE(worker->reap().has_value()) << "it waits for its job";
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST_F(WorkerProcessTest, inherits_its_control_socket_and_nothing_else) {
    // No close-on-exec: a mistake of somebody's.
    const Fd inherited(::memfd_create("somebodys-mistake", 0));
    ASSERT_TRUE(inherited.valid());
    const auto worker = start(MRDA_WORKER);
    ASSERT_TRUE(worker.ok());
    std::set<int> open;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(worker->pid()) + "/fd")) {
        // Whatever else is open, the worker opened itself: it is still loading its libraries.
        std::error_code closed;
        const std::string target = std::filesystem::read_symlink(entry.path(), closed);
        EXPECT_EQ(target.find("somebodys-mistake"), std::string::npos) << entry.path();
        open.insert(std::stoi(entry.path().filename()));
    }
    for (const int given : {0, 1, 2, kControlFd}) {
        EXPECT_TRUE(open.contains(given)) << given;
    }
}

TEST_F(WorkerProcessTest, a_program_that_is_not_there_is_named) {
    const auto worker = start("/nowhere/mrda-worker");
    ASSERT_FALSE(worker.ok());
    EXPECT_EQ(worker.error().code, Errc::not_found);
    EXPECT_NE(worker.error().message.find("/nowhere/mrda-worker"), std::string::npos);
}

TEST_F(WorkerProcessTest, a_job_that_makes_no_sense_ends_it_with_a_reason) {
    auto worker = start(MRDA_WORKER);
    ASSERT_TRUE(worker.ok());
    sockets_.theirs.reset();
    ASSERT_TRUE(send_message(sockets_.ours.get(), "{}").ok());
    const auto message = receive_message(sockets_.ours.get());
    ASSERT_TRUE(message.ok() && message->has_value());
    const auto event = parse_event(**message);
    ASSERT_TRUE(event.ok());
    EXPECT_EQ(event->kind, WorkerEvent::Kind::failed);
    EXPECT_EQ(event->code, Errc::corrupt);
    ASSERT_TRUE(ended(*worker));
}

TEST_F(WorkerProcessTest, ends_by_itself_when_its_service_is_gone) {
    auto worker = start(MRDA_WORKER);
    ASSERT_TRUE(worker.ok());
    sockets_.theirs.reset();
    sockets_.ours.reset();
    EXPECT_TRUE(ended(*worker));
}

}  // namespace
}  // namespace mrda::service
