// SPDX-License-Identifier: MIT
#include "rpc_call.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "mrda/v1/admin.grpc.pb.h"

namespace mrda::service {
namespace {

using AddCall = UnaryCall<v1::Vm, v1::AddVmReply>;

/// A server within this process, with one method that `handle` answers.
class RpcCall : public testing::Test {
  protected:
    void begin(const std::function<void(AddCall&)>& handle,
               const std::function<void(AddCall&)>& given_up = {}) {
        grpc::ServerBuilder builder;
        builder.RegisterService(&service_);
        queue_.emplace(builder);
        server_ = builder.BuildAndStart();
        ASSERT_NE(server_, nullptr);
        serve(*queue_, service_, &v1::Admin::AsyncService::RequestAddVm, handle, given_up);
        queue_->run();
        stub_ = v1::Admin::NewStub(server_->InProcessChannel({}));
    }
    void TearDown() override {
        if (server_ != nullptr) {
            server_->Shutdown(std::chrono::system_clock::now());
            queue_->shut_down();
        }
    }
    grpc::Status add(const std::string& name, v1::AddVmReply& reply,
                     std::chrono::milliseconds patience = std::chrono::seconds(20)) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + patience);
        v1::Vm vm;
        vm.set_name(name);
        return stub_->AddVm(&context, vm, &reply);
    }

    v1::Admin::AsyncService service_;
    std::optional<RpcQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::unique_ptr<v1::Admin::Stub> stub_;
};

TEST_F(RpcCall, each_call_has_its_own_request_and_reply) {
    begin([](AddCall& call) {
        call.reply().set_token_path("/" + call.request().name());
        call.finish({});
    });
    std::vector<std::thread> clients;
    std::atomic<int> right = 0;
    for (int client = 0; client < 4; ++client) {
        clients.emplace_back([&, client] {
            for (int i = 0; i < 50; ++i) {
                const std::string name = std::to_string(client * 1000 + i);
                v1::AddVmReply reply;
                right += add(name, reply).ok() && reply.token_path() == "/" + name ? 1 : 0;
            }
        });
    }
    for (std::thread& client : clients) {
        client.join();
    }
    EXPECT_EQ(right, 200);
}

TEST_F(RpcCall, an_error_arrives_with_its_message_and_name) {
    begin([](AddCall& call) { call.finish(make_error(Errc::busy, "it is taken")); });
    v1::AddVmReply reply;
    const grpc::Status status = add("a", reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_NE(status.error_message().find("it is taken"), std::string::npos);
    EXPECT_EQ(status.error_details(), to_string(Errc::busy));
}

TEST_F(RpcCall, may_be_answered_later_by_another_thread) {
    std::promise<AddCall*> asked;
    begin([&](AddCall& call) { asked.set_value(&call); });
    std::thread later([&] {
        AddCall* const call = asked.get_future().get();
        call->reply().set_token_path("later");
        call->finish({});
    });
    v1::AddVmReply reply;
    EXPECT_TRUE(add("a", reply).ok());
    later.join();
    EXPECT_EQ(reply.token_path(), "later");
}

TEST_F(RpcCall, hears_that_its_client_has_given_up) {
    std::promise<AddCall*> asked;
    std::promise<std::uint64_t> given_up;
    begin([&](AddCall& call) { asked.set_value(&call); },
          [&](AddCall& call) { given_up.set_value(call.id()); });
    v1::AddVmReply reply;
    EXPECT_EQ(add("a", reply, std::chrono::milliseconds(50)).error_code(),
              grpc::StatusCode::DEADLINE_EXCEEDED);
    AddCall* const call = asked.get_future().get();
    auto heard = given_up.get_future();
    ASSERT_EQ(heard.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_EQ(heard.get(), call->id());
    call->finish({});
}

TEST_F(RpcCall, that_is_answered_late_is_waited_for_by_its_queue) {
    std::promise<AddCall*> asked;
    begin([&](AddCall& call) { asked.set_value(&call); });
    std::thread client([&] {
        v1::AddVmReply reply;
        EXPECT_FALSE(add("a", reply).ok());
    });
    AddCall* const call = asked.get_future().get();
    server_->Shutdown(std::chrono::system_clock::now());
    auto ended = std::async(std::launch::async, [&] { queue_->shut_down(); });
    EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    call->finish({});
    EXPECT_EQ(ended.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    client.join();
}

TEST_F(RpcCall, a_queue_that_is_shut_down_is_asked_for_nothing) {
    begin([](AddCall& call) { call.finish({}); });
    server_->Shutdown(std::chrono::system_clock::now());
    queue_->shut_down();
    queue_->shut_down();
    EXPECT_FALSE(queue_->ask([](grpc::ServerCompletionQueue*) { FAIL() << "it was asked"; }));
}

TEST(RpcQueue, goes_without_ever_having_run) {
    grpc::ServerBuilder builder;
    const RpcQueue queue(builder);
}

}  // namespace
}  // namespace mrda::service
