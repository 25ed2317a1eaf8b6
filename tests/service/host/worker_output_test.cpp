// SPDX-License-Identifier: MIT
#include "worker_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace mrda::service {
namespace {

class WorkerOutputTest : public testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        worker_ = Fd(ends[1]);
        output_ = WorkerOutput::create(*loop_, Fd(ends[0]), 4711).value();
    }
    void print(std::string_view text) {
        ASSERT_EQ(::write(worker_.get(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
    }
    static std::size_t count(const std::string& text, std::string_view what) {
        std::size_t found = 0;
        for (std::size_t at = text.find(what); at != std::string::npos;
             at = text.find(what, at + 1)) {
            ++found;
        }
        return found;
    }

    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    Fd worker_;
    std::unique_ptr<WorkerOutput> output_;
};

TEST_F(WorkerOutputTest, becomes_lines_of_the_log_with_the_workers_number) {
    print("first line\nsecond ");
    testing::internal::CaptureStderr();
    loop_->turn(1000);
    print("line\n");
    loop_->turn(1000);
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_NE(log.find("worker pid=4711 text=\"first line\""), std::string::npos) << log;
    EXPECT_NE(log.find("text=\"second line\""), std::string::npos) << log;
}

TEST_F(WorkerOutputTest, that_nobody_has_read_comes_with_the_end) {
    print("last words");
    worker_.reset();
    testing::internal::CaptureStderr();
    output_.reset();
    EXPECT_EQ(count(testing::internal::GetCapturedStderr(), "last words"), 1U);
}

TEST_F(WorkerOutputTest, cannot_pass_for_a_line_of_the_services_own) {
    print("\r\x1b[2Kfake \"quoted\" level=info\n");
    testing::internal::CaptureStderr();
    loop_->turn(1000);
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(count(log, "\n"), 1U);
    EXPECT_EQ(std::count_if(log.begin(), log.end(), [](char c) { return c < ' ' && c != '\n'; }), 0)
        << log;
    EXPECT_NE(log.find("\\\"quoted\\\""), std::string::npos) << log;
}

TEST_F(WorkerOutputTest, without_end_is_cut_by_lines_and_by_their_number) {
    testing::internal::CaptureStderr();
    const std::string longest(3000, 'x');
    for (int i = 0; i < 400; ++i) {
        print(longest + "\n");
        loop_->turn(1000);
    }
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(count(log, "\n"), 257U);
    EXPECT_EQ(count(log, "prints more than is logged"), 1U);
    EXPECT_EQ(log.find(std::string(513, 'x')), std::string::npos);
}

}  // namespace
}  // namespace mrda::service
