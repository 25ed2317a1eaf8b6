// SPDX-License-Identifier: MIT
#include "fake_service.h"

#include <chrono>
#include <utility>

namespace mrda::guest::test {

namespace {

constexpr int kEpochShift = 32;
constexpr std::chrono::seconds kPatience(2);

grpc::Status not_found(std::uint64_t id) {
    return {grpc::StatusCode::NOT_FOUND, "no session " + std::to_string(id)};
}

}  // namespace

FakeService::FakeService(const std::string& dir, Manners manners)
    : manners_(std::move(manners)),
      region_socket_(dir + "/regions.sock"),
      last_id_(std::uint64_t{manners_.epoch} << kEpochShift) {
    attach_ = std::make_unique<AttachServer>(
        region_socket_, manners_.descriptors, [this](const std::string& token) {
            const std::lock_guard lock(mutex_);
            const auto found = sessions_.find(std::stoull(token));
            return found == sessions_.end() ? -1 : found->second.host->region_fd();
        });
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + dir + "/mrda.sock", grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
}

FakeService::~FakeService() {
    {
        const std::lock_guard lock(mutex_);
        dying_ = true;
    }
    changed_.notify_all();
    server_->Shutdown(std::chrono::system_clock::now());
    attach_.reset();
}

FakeHost& FakeService::host() {
    const std::lock_guard lock(mutex_);
    return *sessions_.at(last_id_).host;
}

void FakeService::tell(v1::SessionState state, const std::string& failure) {
    {
        const std::lock_guard lock(mutex_);
        sessions_.at(last_id_).status.set_state(state);
        sessions_.at(last_id_).status.set_failure(failure);
    }
    changed_.notify_all();
}

void FakeService::forget_sessions() {
    {
        const std::lock_guard lock(mutex_);
        for (auto& [id, session] : sessions_) {
            session.host->stop();
            forgotten_.push_back(std::move(session.host));
        }
        sessions_.clear();
    }
    changed_.notify_all();
}

int FakeService::count(const std::string& call) {
    const std::lock_guard lock(mutex_);
    return counts_[call];
}

bool FakeService::wait_for_count(const std::string& call, int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return counts_[call] >= count; });
}

v1::CreateRequest FakeService::last_request() {
    const std::lock_guard lock(mutex_);
    return last_request_;
}

std::uint64_t FakeService::last_session_id() {
    const std::lock_guard lock(mutex_);
    return last_id_;
}

grpc::Status FakeService::admit(const grpc::ServerContext& context, const std::string& call) {
    {
        const std::lock_guard lock(mutex_);
        ++counts_[call];
    }
    changed_.notify_all();
    if (manners_.token.empty()) {
        return grpc::Status::OK;
    }
    const auto found = context.client_metadata().find("authorization");
    if (found == context.client_metadata().end() ||
        std::string(found->second.data(), found->second.size()) != "Bearer " + manners_.token) {
        return {grpc::StatusCode::PERMISSION_DENIED, "the token is no VM's"};
    }
    return grpc::Status::OK;
}

grpc::Status FakeService::Create(grpc::ServerContext* context, const v1::CreateRequest* request,
                                 v1::CreateReply* reply) {
    if (const auto admitted = admit(*context, "Create"); !admitted.ok()) {
        return admitted;
    }
    if (!manners_.create_status.ok()) {
        return manners_.create_status;
    }
    const std::lock_guard lock(mutex_);
    last_request_ = *request;
    Session& session = sessions_[++last_id_];
    session.host = std::make_unique<FakeHost>(
        *request, FakeHost::Identity{last_id_, manners_.epoch, manners_.frame_alignment},
        manners_.scripted);
    session.status.set_session_id(last_id_);
    session.status.set_state(v1::SESSION_STATE_RUNNING);
    session.status.set_path("direct");
    session.status.set_path_reason("it is the best");
    session.status.set_implementation("fake");
    *reply->mutable_status() = session.status;
    reply->set_wire_major(ivshmem::kVersionMajor);
    reply->set_epoch(manners_.epoch);
    reply->set_lease_ms(manners_.lease_ms);
    session.host->describe(*reply);
    for (v1::Region* const region : {reply->mutable_in_region(), reply->mutable_out_region()}) {
        region->set_socket_path(region_socket_);
        region->set_attach_token(std::to_string(last_id_));
    }
    if (manners_.forge) {
        manners_.forge(*reply, *session.host);
    }
    return grpc::Status::OK;
}

grpc::Status FakeService::Watch(grpc::ServerContext* context, const v1::SessionRef* request,
                                grpc::ServerWriter<v1::SessionStatus>* writer) {
    if (!manners_.has_watch) {
        return {grpc::StatusCode::UNIMPLEMENTED, "not here"};
    }
    if (const auto admitted = admit(*context, "Watch"); !admitted.ok()) {
        return admitted;
    }
    std::unique_lock lock(mutex_);
    v1::SessionState told = v1::SESSION_STATE_UNSPECIFIED;
    while (!dying_ && !context->IsCancelled()) {
        const auto found = sessions_.find(request->session_id());
        if (found == sessions_.end()) {
            return not_found(request->session_id());
        }
        const v1::SessionStatus status = found->second.status;
        if (status.state() != told) {
            told = status.state();
            lock.unlock();
            writer->Write(status);
            lock.lock();
        }
        if (told == v1::SESSION_STATE_STOPPED || told == v1::SESSION_STATE_FAILED) {
            return grpc::Status::OK;
        }
        changed_.wait_for(lock, std::chrono::milliseconds(10));
    }
    return {grpc::StatusCode::UNAVAILABLE, "killed"};
}

grpc::Status FakeService::Renew(grpc::ServerContext* context, const v1::SessionRef* request,
                                v1::RenewReply* reply) {
    if (const auto admitted = admit(*context, "Renew"); !admitted.ok()) {
        return admitted;
    }
    const std::lock_guard lock(mutex_);
    if (manners_.unavailable_renewals > 0) {
        --manners_.unavailable_renewals;
        return {grpc::StatusCode::UNAVAILABLE, "out to lunch"};
    }
    reply->set_lease_ms(manners_.lease_ms);
    return sessions_.contains(request->session_id()) ? grpc::Status::OK
                                                     : not_found(request->session_id());
}

grpc::Status FakeService::Reset(grpc::ServerContext* context, const v1::SessionRef* request,
                                v1::SessionStatus* reply) {
    if (const auto admitted = admit(*context, "Reset"); !admitted.ok()) {
        return admitted;
    }
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(request->session_id());
    if (found == sessions_.end()) {
        return not_found(request->session_id());
    }
    found->second.host->reset();
    *reply = found->second.status;
    return grpc::Status::OK;
}

grpc::Status FakeService::Stop(grpc::ServerContext* context, const v1::SessionRef* request,
                               v1::SessionStatus* reply) {
    if (const auto admitted = admit(*context, "Stop"); !admitted.ok()) {
        return admitted;
    }
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(request->session_id());
    if (found == sessions_.end()) {
        return not_found(request->session_id());
    }
    found->second.host->stop();
    *reply = found->second.status;
    return grpc::Status::OK;
}

}  // namespace mrda::guest::test
