// SPDX-License-Identifier: MIT
#include "sessions_api.h"

#include <iterator>
#include <list>
#include <mutex>
#include <utility>

namespace mrda::service {

namespace {

/// One Watch call. The manager's updates come on the loop's thread, gRPC's callbacks on others.
class WatchReactor final : public grpc::ServerWriteReactor<v1::SessionStatus> {
  public:
    WatchReactor(EventLoop& loop, SessionManager& sessions) : loop_(loop), sessions_(sessions) {}

    /// On the loop's thread.
    void begin(const Vm* vm, std::uint64_t session) {
        const auto watch = sessions_.watch(
            vm, session, [this](const v1::SessionStatus& status, bool last) { add(status, last); });
        if (!watch.ok()) {
            refuse(watch.error());
            return;
        }
        watch_ = *watch;
    }
    void refuse(const Error& error) {
        const std::lock_guard lock(mutex_);
        end_ = to_status(error);
        ended_ = true;
        pump();
    }

    void OnWriteDone(bool ok) override {
        const std::lock_guard lock(mutex_);
        writing_ = false;
        if (!ok) {
            waiting_.clear();
            ended_ = true;
        } else {
            waiting_.pop_front();
        }
        pump();
    }
    void OnCancel() override {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        end_ = grpc::Status::CANCELLED;
        pump();
    }
    void OnDone() override {
        // The manager knows this object: it goes on the manager's thread.
        loop_.post([this] {
            sessions_.unwatch(watch_);
            delete this;
        });
    }

  private:
    /// A client that does not read gets the newest only, not a queue without end.
    static constexpr std::size_t kMaxWaiting = 16;

    void add(const v1::SessionStatus& status, bool last) {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= kMaxWaiting) {
            waiting_.erase(std::next(waiting_.begin()));  // The first may be on its way out.
        }
        waiting_.push_back(status);
        ended_ = ended_ || last;
        pump();
    }
    /// Under the mutex.
    void pump() {
        if (writing_ || finished_) {
            return;
        }
        if (!waiting_.empty() && end_.ok()) {
            writing_ = true;
            StartWrite(&waiting_.front());
        } else if (ended_) {
            finished_ = true;
            Finish(end_);
        }
    }

    EventLoop& loop_;
    SessionManager& sessions_;
    std::uint64_t watch_ = 0;
    std::mutex mutex_;
    std::list<v1::SessionStatus> waiting_;  // StartWrite keeps the first one's address.
    grpc::Status end_ = grpc::Status::OK;
    bool writing_ = false;
    bool ended_ = false;
    bool finished_ = false;
};

}  // namespace

SessionsApi::Credential SessionsApi::credential_of(
    const grpc::CallbackServerContext& context) const {
    Credential credential{bearer_token(context), {}};
    if (mutual_tls_ && context.auth_context()->IsPeerAuthenticated()) {
        const auto names = context.auth_context()->FindPropertyValues("x509_common_name");
        if (names.size() == 1) {
            credential.common_name.assign(names[0].data(), names[0].size());
        }
    }
    return credential;
}

Result<std::shared_ptr<Vm>> SessionsApi::caller(const Credential& credential) const {
    if (mutual_tls_ && !credential.common_name.empty()) {
        if (auto vm = vms_.find(credential.common_name)) {
            return vm;
        }
        return make_error(Errc::permission_denied, "the certificate is for \"" +
                                                       credential.common_name +
                                                       "\", which is no VM of this service");
    }
    if (auto vm = vms_.find_by_token(credential.token)) {
        return vm;
    }
    return make_error(Errc::permission_denied,
                      credential.token.empty()
                          ? "no token was shown; name the file that `mrdactl vm add` told "
                            "(MRDA_TOKEN_FILE)"
                          : "the token is no VM's; was the VM removed, or is it another service?");
}

grpc::ServerUnaryReactor* SessionsApi::Create(grpc::CallbackServerContext* context,
                                              const v1::CreateRequest* request,
                                              v1::CreateReply* reply) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    loop_.post([this, context, request, reply, reactor, credential = credential_of(*context)] {
        const auto vm = caller(credential);
        if (!vm.ok()) {
            reactor->Finish(to_status(vm.error()));
            return;
        }
        sessions_.create(
            *vm, *request, [context] { return !context->IsCancelled(); },
            [reply, reactor](Result<v1::CreateReply> created) {
                if (created.ok()) {
                    *reply = std::move(*created);
                }
                reactor->Finish(created.ok() ? grpc::Status::OK : to_status(created.error()));
            });
    });
    return reactor;
}

grpc::ServerUnaryReactor* SessionsApi::with_session(
    grpc::CallbackServerContext* context, const v1::SessionRef* request, v1::SessionStatus* reply,
    Result<void> (*act)(SessionManager&, Session&)) {
    return on_loop(
        loop_, context,
        [this, request, reply, act, credential = credential_of(*context)]() -> Result<void> {
            MRDA_ASSIGN(const auto vm, caller(credential));
            MRDA_ASSIGN(Session* const session, sessions_.find(vm.get(), request->session_id()));
            MRDA_TRY(act(sessions_, *session));
            *reply = session->status();
            return {};
        });
}

grpc::ServerUnaryReactor* SessionsApi::Describe(grpc::CallbackServerContext* context,
                                                const v1::SessionRef* request,
                                                v1::SessionStatus* reply) {
    return with_session(context, request, reply, [](SessionManager&, Session& session) {
        session.refresh();
        return Result<void>();
    });
}

grpc::ServerUnaryReactor* SessionsApi::Drain(grpc::CallbackServerContext* context,
                                             const v1::SessionRef* request,
                                             v1::SessionStatus* reply) {
    return with_session(context, request, reply,
                        [](SessionManager&, Session& session) { return session.drain(); });
}

grpc::ServerUnaryReactor* SessionsApi::Reset(grpc::CallbackServerContext* context,
                                             const v1::SessionRef* request,
                                             v1::SessionStatus* reply) {
    return with_session(context, request, reply,
                        [](SessionManager&, Session& session) { return session.reset(); });
}

grpc::ServerUnaryReactor* SessionsApi::Stop(grpc::CallbackServerContext* context,
                                            const v1::SessionRef* request,
                                            v1::SessionStatus* reply) {
    return with_session(context, request, reply, [](SessionManager& sessions, Session& session) {
        sessions.stop(session);
        return Result<void>();
    });
}

grpc::ServerUnaryReactor* SessionsApi::List(grpc::CallbackServerContext* context,
                                            const v1::ListRequest* /*request*/,
                                            v1::ListReply* reply) {
    return on_loop(loop_, context,
                   [this, reply, credential = credential_of(*context)]() -> Result<void> {
                       MRDA_ASSIGN(const auto vm, caller(credential));
                       for (const Session* session : sessions_.list(vm.get())) {
                           *reply->add_sessions() = session->status();
                       }
                       return {};
                   });
}

grpc::ServerUnaryReactor* SessionsApi::Renew(grpc::CallbackServerContext* context,
                                             const v1::SessionRef* request, v1::RenewReply* reply) {
    return on_loop(loop_, context,
                   [this, request, reply, credential = credential_of(*context)]() -> Result<void> {
                       MRDA_ASSIGN(const auto vm, caller(credential));
                       MRDA_ASSIGN(const std::uint64_t lease_ns,
                                   sessions_.renew(vm.get(), request->session_id()));
                       reply->set_lease_ms(static_cast<std::uint32_t>(lease_ns / 1'000'000));
                       return {};
                   });
}

grpc::ServerWriteReactor<v1::SessionStatus>* SessionsApi::Watch(
    grpc::CallbackServerContext* context, const v1::SessionRef* request) {
    auto* const reactor = new WatchReactor(loop_, sessions_);
    loop_.post([this, reactor, id = request->session_id(), credential = credential_of(*context)] {
        const auto vm = caller(credential);
        if (vm.ok()) {
            reactor->begin(vm->get(), id);
        } else {
            reactor->refuse(vm.error());
        }
    });
    return reactor;
}

}  // namespace mrda::service
