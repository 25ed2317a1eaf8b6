// SPDX-License-Identifier: MIT
#include "sessions_api.h"

#include <utility>

#include "api_common.h"
#include "wake_call.h"
#include "watch_call.h"

namespace mrda::service {

namespace {

/// Whom the certificate is for; empty: there is none.
std::string common_name(const grpc::ServerContext& context) {
    if (context.auth_context()->IsPeerAuthenticated()) {
        const auto names = context.auth_context()->FindPropertyValues("x509_common_name");
        if (names.size() == 1) {
            return {names[0].data(), names[0].size()};
        }
    }
    return {};
}

}  // namespace

void SessionsApi::serve(RpcQueue& queue) {
    mrda::service::serve(
        queue, service_, &Service::RequestCreate,
        [this](CreateCall& call) { loop_.post([this, &call] { create(call); }); },
        [this](CreateCall& call) {
            loop_.post([this, id = call.id()] { sessions_.abandon(id); });
        });
    serve_on(loop_, queue, service_, &Service::RequestDescribe, [this](SessionCall& call) {
        return with_session(call, [](SessionManager&, Session& session) {
            session.refresh();
            return Result<void>();
        });
    });
    serve_on(loop_, queue, service_, &Service::RequestList,
             [this](auto& call) { return list(call.context(), call.reply()); });
    const auto streams = std::make_shared<const StreamMethod>(
        StreamMethod{queue, service_, loop_, sessions_,
                     [this](const grpc::ServerContext& context) { return caller(context); }});
    serve_watch(streams);
    serve_wake(streams);
    serve_on(loop_, queue, service_, &Service::RequestRenew, [this](auto& call) -> Result<void> {
        MRDA_ASSIGN(const auto vm, caller(call.context()));
        MRDA_ASSIGN(const std::uint64_t lease_ns,
                    sessions_.renew(vm.get(), call.request().session_id()));
        call.reply().set_lease_ms(static_cast<std::uint32_t>(lease_ns / 1'000'000));
        return {};
    });
    serve_on(loop_, queue, service_, &Service::RequestDrain, [this](SessionCall& call) {
        return with_session(call,
                            [](SessionManager&, Session& session) { return session.drain(); });
    });
    serve_on(loop_, queue, service_, &Service::RequestReset, [this](SessionCall& call) {
        return with_session(call,
                            [](SessionManager&, Session& session) { return session.reset(); });
    });
    serve_on(loop_, queue, service_, &Service::RequestStop, [this](SessionCall& call) {
        return with_session(call, [](SessionManager& sessions, Session& session) {
            sessions.stop(session);
            return Result<void>();
        });
    });
}

Result<std::shared_ptr<Vm>> SessionsApi::caller(const grpc::ServerContext& context) const {
    const std::string name = mutual_tls_ ? common_name(context) : std::string();
    if (!name.empty()) {
        if (auto vm = vms_.find(name)) {
            return vm;
        }
        return make_error(Errc::permission_denied, "the certificate is for \"" + name +
                                                       "\", which is no VM of this service");
    }
    const std::string token = bearer_token(context);
    if (auto vm = vms_.find_by_token(token)) {
        return vm;
    }
    return make_error(Errc::permission_denied,
                      token.empty()
                          ? "no token was shown; name the file that `mrdactl vm add` told "
                            "(MRDA_TOKEN_FILE)"
                          : "the token is no VM's; was the VM removed, or is it another service?");
}

void SessionsApi::create(CreateCall& call) {
    const auto vm = caller(call.context());
    if (!vm.ok()) {
        call.finish(vm.error());
        return;
    }
    sessions_.create(*vm, call.request(), call.id(), [&call](Result<v1::CreateReply> created) {
        if (!created.ok()) {
            call.finish(created.error());
            return;
        }
        call.reply() = std::move(*created);
        call.finish({});
    });
}

Result<void> SessionsApi::with_session(SessionCall& call,
                                       Result<void> (*act)(SessionManager&, Session&)) {
    MRDA_ASSIGN(const auto vm, caller(call.context()));
    MRDA_ASSIGN(Session* const session, sessions_.find(vm.get(), call.request().session_id()));
    MRDA_TRY(act(sessions_, *session));
    call.reply() = session->status();
    return {};
}

Result<void> SessionsApi::list(const grpc::ServerContext& context, v1::ListReply& reply) {
    MRDA_ASSIGN(const auto vm, caller(context));
    for (const Session* session : sessions_.list(vm.get())) {
        *reply.add_sessions() = session->status();
    }
    return {};
}

}  // namespace mrda::service
