// SPDX-License-Identifier: MIT
#include "admin_client.h"

#include <chrono>

#include "runtime_dir.h"

namespace mrda::ctl {

namespace {

constexpr auto kPatience = std::chrono::seconds(5);
/// Plugins are loaded for it, one after another.
constexpr auto kPluginsPatience = std::chrono::seconds(60);

Errc errc_of(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::INVALID_ARGUMENT:
            return Errc::invalid_argument;
        case grpc::StatusCode::NOT_FOUND:
            return Errc::not_found;
        case grpc::StatusCode::PERMISSION_DENIED:
        case grpc::StatusCode::UNAUTHENTICATED:
            return Errc::permission_denied;
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            return Errc::exhausted;
        case grpc::StatusCode::FAILED_PRECONDITION:
            return Errc::busy;
        default:
            return Errc::io;
    }
}

template <typename Reply, typename Method, typename Request>
Result<Reply> call(const std::string& path, v1::Admin::Stub& stub, Method method,
                   const Request& request, std::chrono::seconds patience = kPatience) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    Reply reply;
    const grpc::Status status = (stub.*method)(&context, request, &reply);
    if (status.ok()) {
        return reply;
    }
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
        return make_error(Errc::not_found, "no mrda-service answers on " + path +
                                               "; is it running, as this user? (MRDA_RUNTIME_DIR "
                                               "names another folder)");
    }
    Error error = make_error(errc_of(status.error_code()), status.error_message());
    return error;
}

}  // namespace

Result<AdminClient> AdminClient::open(const std::string& runtime_dir) {
    return AdminClient(runtime_dir + "/" + kAdminSocketName);
}

AdminClient::AdminClient(std::string path)
    : path_(std::move(path)),
      stub_(v1::Admin::NewStub(
          grpc::CreateChannel("unix:" + path_, grpc::InsecureChannelCredentials()))) {}

Result<v1::AddVmReply> AdminClient::add_vm(const v1::Vm& vm) {
    return call<v1::AddVmReply>(path_, *stub_, &v1::Admin::Stub::AddVm, vm);
}

Result<v1::RemoveVmReply> AdminClient::remove_vm(const std::string& name) {
    v1::VmRef ref;
    ref.set_name(name);
    return call<v1::RemoveVmReply>(path_, *stub_, &v1::Admin::Stub::RemoveVm, ref);
}

Result<v1::ListVmsReply> AdminClient::list_vms() {
    return call<v1::ListVmsReply>(path_, *stub_, &v1::Admin::Stub::ListVms, v1::ListVmsRequest());
}

Result<v1::ListReply> AdminClient::list_sessions() {
    return call<v1::ListReply>(path_, *stub_, &v1::Admin::Stub::ListSessions, v1::ListRequest());
}

Result<v1::SessionStatus> AdminClient::stop_session(std::uint64_t id) {
    v1::SessionRef ref;
    ref.set_session_id(id);
    return call<v1::SessionStatus>(path_, *stub_, &v1::Admin::Stub::StopSession, ref);
}

Result<v1::ListPluginsReply> AdminClient::list_plugins(bool look_again) {
    v1::ListPluginsRequest request;
    request.set_look_again(look_again);
    return call<v1::ListPluginsReply>(path_, *stub_, &v1::Admin::Stub::ListPlugins, request,
                                      kPluginsPatience);
}

Result<v1::ResourcesReply> AdminClient::resources() {
    return call<v1::ResourcesReply>(path_, *stub_, &v1::Admin::Stub::GetResources,
                                    v1::ResourcesRequest());
}

}  // namespace mrda::ctl
