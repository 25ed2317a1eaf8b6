// SPDX-License-Identifier: MIT
// What an administrator says, as it arrives: over gRPC, on the loop's thread.
#include "admin_api.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "state_file.h"
#include "temp_dir.h"

namespace mrda::service {
namespace {

class AdminApiTest : public testing::Test {
  protected:
    void SetUp() override {
        grpc::ServerBuilder builder;
        builder.RegisterService(&api_.service());
        queue_.emplace(builder);
        server_ = builder.BuildAndStart();
        ASSERT_NE(server_, nullptr);
        api_.serve(*queue_);
        queue_->run();
        stub_ = v1::Admin::NewStub(server_->InProcessChannel({}));
        thread_ = std::thread([this] { loop_->run(); });
    }
    void TearDown() override {
        server_->Shutdown(std::chrono::system_clock::now());
        queue_->shut_down();
        loop_->stop();
        thread_.join();
    }
    grpc::Status add(const std::string& name) {
        grpc::ClientContext context;
        v1::Vm vm;
        vm.set_name(name);
        v1::AddVmReply reply;
        const grpc::Status status = stub_->AddVm(&context, vm, &reply);
        token_path_ = reply.token_path();
        replaced_ = reply.replaced();
        return status;
    }
    grpc::Status remove(const std::string& name) {
        grpc::ClientContext context;
        v1::VmRef ref;
        ref.set_name(name);
        v1::RemoveVmReply reply;
        return stub_->RemoveVm(&context, ref, &reply);
    }
    std::vector<std::string> names() {
        grpc::ClientContext context;
        v1::ListVmsReply reply;
        EXPECT_TRUE(stub_->ListVms(&context, {}, &reply).ok());
        std::vector<std::string> found;
        for (const v1::Vm& vm : reply.vms()) {
            found.push_back(vm.name());
        }
        return found;
    }
    std::string default_token() {
        return read_private_file(dir_ / "default.token").value().value_or("");
    }

    TempDir dir_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
    VmRegistry vms_ = VmRegistry::open(dir_ / "state", dir_.path()).value();
    ResourceManager resources_{{}};
    SessionManager sessions_{*loop_, {}, resources_, dir_ / "region.sock"};
    std::string probe_ = dir_ / "mrda-probe";
    PluginCatalogue plugins_{*loop_, probe_, {dir_.path()}};
    AdminApi api_{*loop_, sessions_, vms_, resources_, plugins_, "software"};
    std::optional<RpcQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::unique_ptr<v1::Admin::Stub> stub_;
    std::thread thread_;
    std::string token_path_;
    bool replaced_ = false;
};

TEST_F(AdminApiTest, the_vm_added_last_has_the_default_token_until_it_is_removed) {
    ASSERT_TRUE(add("a").ok());
    const std::string first = read_private_file(token_path_).value().value();
    ASSERT_TRUE(add("b").ok());
    EXPECT_EQ(default_token(), read_private_file(token_path_).value().value());
    ASSERT_TRUE(remove("b").ok());
    EXPECT_EQ(default_token(), first) << "and not a token that opens nothing";
    ASSERT_TRUE(remove("a").ok());
    EXPECT_EQ(default_token(), "");
}

TEST_F(AdminApiTest, says_whether_a_vm_was_there_and_which_is_the_default) {
    ASSERT_TRUE(add("a").ok());
    EXPECT_FALSE(replaced_);
    ASSERT_TRUE(add("b").ok());
    ASSERT_TRUE(add("a").ok());
    EXPECT_TRUE(replaced_);
    grpc::ClientContext context;
    v1::ListVmsReply reply;
    ASSERT_TRUE(stub_->ListVms(&context, {}, &reply).ok());
    ASSERT_EQ(reply.vms_size(), 2);
    EXPECT_TRUE(reply.vms(0).is_default());
    EXPECT_FALSE(reply.vms(1).is_default());
}

TEST_F(AdminApiTest, a_vm_that_is_refused_is_not_there) {
    ASSERT_TRUE(add("a").ok());
    const std::string token = default_token();
    std::filesystem::create_directory(dir_ / "state/default_vm.new");
    EXPECT_FALSE(add("b").ok());
    EXPECT_EQ(names(), std::vector<std::string>{"a"});
    EXPECT_EQ(default_token(), token);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "state/tokens/b.token"));
}

TEST_F(AdminApiTest, plugins_are_listed_as_the_probe_tells_and_a_look_that_fails_is_told) {
    const auto list = [&](v1::ListPluginsReply& reply) {
        grpc::ClientContext context;
        return stub_->ListPlugins(&context, {}, &reply);
    };
    v1::ListPluginsReply reply;
    EXPECT_EQ(list(reply).error_code(), grpc::StatusCode::NOT_FOUND) << "there is no probe";
    std::ofstream(probe_) << "#!/bin/sh\necho '{\"plugins\":[{\"name\":\"a\"}]}'\n";
    std::filesystem::permissions(probe_, std::filesystem::perms::owner_all);
    ASSERT_TRUE(list(reply).ok());
    ASSERT_EQ(reply.plugins_size(), 1);
    EXPECT_EQ(reply.plugins(0).name(), "a");
    EXPECT_EQ(reply.plugins(0).sessions(), 0U);
}

TEST_F(AdminApiTest, a_vm_that_is_not_there_cannot_be_removed) {
    EXPECT_EQ(remove("nobody").error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace mrda::service
