// SPDX-License-Identifier: MIT
#include "stub/engine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "mrda/interop/fd.h"
#include "stream_fixture.h"
#include "stub/node.h"
#include "stub/system.h"

namespace mrda::stub {
namespace {

constexpr std::int64_t kLongNs = 10'000'000'000;

/// Streams of an open node. The semaphores are met once `memory_` does not begin with 0.
class Engine : public StreamTest {
  protected:
    void SetUp() override {
        StreamTest::SetUp();
        fd_ = Fd(open_node(device_, device_.render_minor(), O_CLOEXEC));
        const std::scoped_lock lock(kernel_mutex());
        node_ = find_node(fd_.get());
        ASSERT_NE(node_, nullptr);
        node_->i915_space = space_;
    }
    void TearDown() override {
        const std::scoped_lock lock(kernel_mutex());
        end();
    }

    /// Closes the node. Call under kernel_mutex().
    void end() {
        fd_.reset();
        end_closed_nodes(node_->inode);
    }

    StreamEnd submit_at(std::uint64_t address, std::uint64_t queue = 1) {
        const std::scoped_lock lock(kernel_mutex());
        return submit(*node_, {queue, 0, address, {}}).end;
    }
    bool wait(std::int64_t timeout_ns) {
        std::unique_lock lock(kernel_mutex());
        return wait_until_idle({lock, *node_, 0, nullptr}, timeout_ns);
    }
    void meet() {
        const std::scoped_lock lock(kernel_mutex());
        fill(*memory_, {1});
    }

    static Words semaphore() { return {0x0e005003, 0, low(kMemory), high(kMemory), 0}; }

    const Device device_ = parse_devices("adlp").at(0);
    Fd fd_;
    std::shared_ptr<Node> node_;
};

TEST_F(Engine, goes_on_with_a_stream_that_waited) {
    fill(*stream_, semaphore() + store_imm(kMemory + 4, 7) + Words{kBatchEnd});
    EXPECT_EQ(submit_at(kStream), StreamEnd::waiting);
    EXPECT_FALSE(wait(1'000'000));
    meet();
    ASSERT_TRUE(wait(kLongNs));
    EXPECT_EQ(memory(4), 7U);
}

TEST_F(Engine, returns_from_a_batch_that_waited) {
    fill(*stream_, call(kCalled) + store_imm(kMemory + 8, 8) + Words{kBatchEnd});
    fill(*called_, semaphore() + store_imm(kMemory + 4, 7) + Words{kBatchEnd});
    EXPECT_EQ(submit_at(kStream), StreamEnd::waiting);
    meet();
    ASSERT_TRUE(wait(kLongNs));
    EXPECT_EQ(memory(4), 7U);
    EXPECT_EQ(memory(8), 8U);
}

TEST_F(Engine, keeps_the_order_of_a_queue_and_of_that_alone) {
    fill(*stream_, semaphore() + Words{kBatchEnd});
    fill(*called_, store_imm(kMemory + 4, 7) + Words{kBatchEnd});
    EXPECT_EQ(submit_at(kStream), StreamEnd::waiting);
    EXPECT_EQ(submit_at(kCalled), StreamEnd::waiting);
    EXPECT_EQ(memory(4), 0U);
    EXPECT_EQ(submit_at(kCalled, 2), StreamEnd::batch_end);
    EXPECT_EQ(memory(4), 7U);
    meet();
    EXPECT_TRUE(wait(kLongNs));
}

TEST_F(Engine, ends_a_wait_whose_node_is_closed) {
    fill(*stream_, semaphore() + Words{kBatchEnd});
    EXPECT_EQ(submit_at(kStream), StreamEnd::waiting);
    auto idle = std::async(std::launch::async, [&] { return wait(kLongNs); });
    std::this_thread::sleep_for(
        std::chrono::milliseconds(5));  // Most likely it waits by now; it must end anyhow.
    {
        const std::scoped_lock lock(kernel_mutex());
        end();
    }
    EXPECT_TRUE(idle.get());
}

TEST(KernelMutex, is_free_in_a_forked_child) {
    std::atomic<bool> done{false};
    std::thread other([&] {
        while (!done) {
            const std::scoped_lock lock(kernel_mutex());
        }
    });
    for (int i = 0; i < 50; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            // Not _exit(): ThreadSanitizer would tell of the parent's thread.
            ::syscall(SYS_exit_group, kernel_mutex().try_lock() ? 0 : 1);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    done = true;
    other.join();
}

}  // namespace
}  // namespace mrda::stub
