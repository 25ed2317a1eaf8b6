// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "mrda/interop/result.h"
#include "mrda/v1/admin.grpc.pb.h"

namespace mrda::ctl {

/// A user's service, by its administration socket. Each call waits at most 5 s, but for
/// list_plugins(): a minute.
class AdminClient {
  public:
    /// Does not connect yet. Errors: permission_denied (of the folder).
    static Result<AdminClient> open(const std::string& runtime_dir);

    Result<v1::AddVmReply> add_vm(const v1::Vm& vm);
    Result<v1::RemoveVmReply> remove_vm(const std::string& name);
    Result<v1::ListVmsReply> list_vms();
    Result<v1::ListReply> list_sessions();
    Result<v1::SessionStatus> stop_session(std::uint64_t id);
    Result<v1::ListPluginsReply> list_plugins(bool look_again);
    Result<v1::ResourcesReply> resources();

  private:
    explicit AdminClient(std::string path);

    std::string path_;
    std::unique_ptr<v1::Admin::Stub> stub_;
};

}  // namespace mrda::ctl
