// SPDX-License-Identifier: MIT
// The stream of wake-ups, by gRPC, of a session with a real worker and the codec that does nothing.
#include "wake_call.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "mrda/ivshmem/wakeup.h"
#include "sessions_api.h"
#include "small_request.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

constexpr int kPatienceMs = 20'000;

class WakeCallTest : public testing::Test {
  protected:
    /// A guest's side of one call.
    struct Stream {
        explicit Stream(WakeCallTest& test) {
            test.identify(context);
            call = test.stub_->Wake(&context);
        }
        void write(std::uint64_t session) const {
            v1::WakeRequest request;
            request.set_session_id(session);
            EXPECT_TRUE(call->Write(request));
        }
        [[nodiscard]] bool read() const {
            v1::WakeReply reply;
            return call->Read(&reply);
        }
        /// What it ends with, after whatever it still says.
        [[nodiscard]] grpc::StatusCode end() const {
            while (read()) {
            }
            return call->Finish().error_code();
        }

        grpc::ClientContext context;
        std::unique_ptr<grpc::ClientReaderWriter<v1::WakeRequest, v1::WakeReply>> call;
    };

    void SetUp() override {
        VmConfig config;
        config.name = "a";
        config.memory_bytes = 16 << 20;
        ASSERT_TRUE(vms_.add(config, false).ok());
        ASSERT_TRUE(resources_.sample().ok());
        SessionSettings settings;
        settings.worker_program = MRDA_WORKER;
        settings.plugin_dirs = {MRDA_PLUGIN_DIR};
        settings.driver_dir = MRDA_DRIVER_DIR;
        manager_.emplace(*loop_, settings, resources_, dir_ / "region.sock");
        api_.emplace(*loop_, *manager_, vms_, false);
        grpc::ServerBuilder builder;
        builder.RegisterService(&api_->service());
        queue_.emplace(builder);
        server_ = builder.BuildAndStart();
        ASSERT_NE(server_, nullptr);
        api_->serve(*queue_);
        queue_->run();
        stub_ = v1::Sessions::NewStub(server_->InProcessChannel({}));
        thread_ = std::thread([this] { loop_->run(); });
    }
    void TearDown() override {
        std::promise<void> gone;
        on_loop([&] { manager_->shut_down(1'000'000, [&gone] { gone.set_value(); }); });
        EXPECT_EQ(gone.get_future().wait_for(std::chrono::milliseconds(kPatienceMs)),
                  std::future_status::ready);
        server_->Shutdown(std::chrono::system_clock::now());
        queue_->shut_down();
        loop_->stop();
        thread_.join();
    }
    void identify(grpc::ClientContext& context) {
        context.AddMetadata("authorization", "Bearer " + vms_.find("a")->token);
        context.set_deadline(std::chrono::system_clock::now() +
                             std::chrono::milliseconds(kPatienceMs));
    }
    void on_loop(const std::function<void()>& act) {
        std::promise<void> done;
        loop_->post([&] {
            act();
            done.set_value();
        });
        done.get_future().wait();
    }
    /// Its id; woken `by`, both ways.
    std::uint64_t create(v1::WakeBy by) {
        v1::CreateRequest request = small_request();
        request.mutable_wake()->add_guest(by);
        request.mutable_wake()->add_host(by);
        grpc::ClientContext context;
        identify(context);
        v1::CreateReply reply;
        const grpc::Status status = stub_->Create(&context, request, &reply);
        EXPECT_TRUE(status.ok()) << status.error_message();
        return reply.status().session_id();
    }
    /// On the loop's thread.
    Session& session(std::uint64_t id) { return *manager_->find(nullptr, id).value(); }
    void wake_guest(std::uint64_t id) {
        on_loop([&] { ivshmem::signal_event(session(id).wake()->guest_event()); });
    }

    TempDir dir_;
    VmRegistry vms_ = VmRegistry::open(dir_ / "state", dir_.path()).value();
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    ResourceManager resources_{
        {.pixels_per_second = 1'000'000, .cpu_load = 2, .memory_reserve_bytes = 0}};
    std::optional<SessionManager> manager_;
    std::optional<SessionsApi> api_;
    std::optional<RpcQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::unique_ptr<v1::Sessions::Stub> stub_;
    std::thread thread_;
};

TEST_F(WakeCallTest, tells_the_guest_at_once_and_whenever_the_worker_wakes_it) {
    const std::uint64_t id = create(v1::WAKE_BY_STREAM);
    const Stream stream(*this);
    stream.write(id);
    EXPECT_TRUE(stream.read()) << "of what it may have missed";
    for (int i = 0; i < 100; ++i) {
        wake_guest(id);
        EXPECT_TRUE(stream.read());
    }
}

TEST_F(WakeCallTest, wakes_the_worker_with_each_later_message) {
    const std::uint64_t id = create(v1::WAKE_BY_STREAM);
    const Stream stream(*this);
    stream.write(id);
    ASSERT_TRUE(stream.read());
    Fd event;
    pid_t worker = -1;
    on_loop([&] {
        event = duplicate_fd(session(id).wake()->host_event()).value();
        worker = session(id).worker_pid();
    });
    ASSERT_EQ(::kill(worker, SIGSTOP), 0);  // So that it does not hear of it first.
    siginfo_t stopped{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(worker), &stopped, WSTOPPED | WNOWAIT), 0);
    ivshmem::clear_event(event.get());
    stream.write(0);
    pollfd rung{event.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&rung, 1, kPatienceMs), 1);
    EXPECT_EQ(::kill(worker, SIGCONT), 0);
}

TEST_F(WakeCallTest, of_a_session_that_is_nobodys_or_wakes_otherwise_is_refused) {
    const Stream unknown(*this);
    unknown.write(12345);
    EXPECT_EQ(unknown.end(), grpc::StatusCode::NOT_FOUND);
    const Stream futex(*this);
    futex.write(create(v1::WAKE_BY_FUTEX));
    EXPECT_EQ(futex.end(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(WakeCallTest, ends_where_the_guest_opens_another_one) {
    const std::uint64_t id = create(v1::WAKE_BY_STREAM);
    const Stream first(*this);
    first.write(id);
    ASSERT_TRUE(first.read());
    const Stream second(*this);
    second.write(id);
    EXPECT_TRUE(second.read());
    EXPECT_EQ(first.end(), grpc::StatusCode::OK);
    wake_guest(id);
    EXPECT_TRUE(second.read());
}

TEST_F(WakeCallTest, ends_with_its_session) {
    const std::uint64_t id = create(v1::WAKE_BY_STREAM);
    const Stream stream(*this);
    stream.write(id);
    ASSERT_TRUE(stream.read());
    on_loop([&] { manager_->stop(session(id)); });
    EXPECT_EQ(stream.end(), grpc::StatusCode::OK);
}

TEST_F(WakeCallTest, that_the_guest_gives_up_or_ends_is_over_and_the_next_one_works) {
    const std::uint64_t id = create(v1::WAKE_BY_STREAM);
    for (int i = 0; i < 20; ++i) {
        Stream stream(*this);
        stream.write(id);
        ASSERT_TRUE(stream.read());
        if (i % 2 == 0) {
            stream.context.TryCancel();
            EXPECT_EQ(stream.end(), grpc::StatusCode::CANCELLED);
        } else {
            EXPECT_TRUE(stream.call->WritesDone());
            EXPECT_EQ(stream.end(), grpc::StatusCode::OK);
        }
    }
}

}  // namespace
}  // namespace mrda::service
