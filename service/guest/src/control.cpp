// SPDX-License-Identifier: MIT
#include "control.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "os.h"

namespace mrda::guest::core {

namespace {

constexpr int kFirstReconnectMs = 50;
constexpr int kLastReconnectMs = 1'000;
constexpr int kConnectTimeoutMs = 2'000;
constexpr std::uint64_t kLongestCallNs = 3'600'000'000'000;

Errc errc_of(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::INVALID_ARGUMENT:
            return Errc::invalid_argument;
        case grpc::StatusCode::UNIMPLEMENTED:
        case grpc::StatusCode::FAILED_PRECONDITION:
            return Errc::unsupported;
        case grpc::StatusCode::NOT_FOUND:
            return Errc::not_found;
        case grpc::StatusCode::UNAUTHENTICATED:
        case grpc::StatusCode::PERMISSION_DENIED:
            return Errc::permission_denied;
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            return Errc::exhausted;
        case grpc::StatusCode::UNAVAILABLE:
        case grpc::StatusCode::CANCELLED:
            return Errc::device_lost;
        case grpc::StatusCode::DEADLINE_EXCEEDED:
            return Errc::timeout;
        default:
            return Errc::io;
    }
}

/// gRPC counts in the clock of the wall; no call is worth more than an hour.
std::chrono::system_clock::time_point system_deadline(std::uint64_t deadline_ns) {
    const std::uint64_t now = os::now_ns();
    const std::uint64_t left = std::min(deadline_ns > now ? deadline_ns - now : 0, kLongestCallNs);
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(
               std::chrono::nanoseconds(left));
}

bool is_address(const std::string& address) {
    constexpr std::string_view kUnix = "unix:";
    if (address.compare(0, kUnix.size(), kUnix) == 0) {
        return address.size() > kUnix.size();
    }
    const std::size_t colon = address.rfind(':');
    return colon != std::string::npos && colon > 0 && colon + 1 < address.size() &&
           std::all_of(address.begin() + static_cast<std::ptrdiff_t>(colon) + 1, address.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

/// Keeps a context where cancel() finds it, for as long as its call takes.
class Control::Listed {
  public:
    Listed(Control& control, grpc::ClientContext& context, bool can_cancel)
        : control_(control), context_(context) {
        const std::lock_guard lock(control_.mutex_);
        allowed_ = !can_cancel || !control_.cancelled_;
        if (allowed_ && can_cancel) {
            control_.under_way_.insert(&context_);
        }
    }
    ~Listed() {
        const std::lock_guard lock(control_.mutex_);
        control_.under_way_.erase(&context_);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;

    [[nodiscard]] bool allowed() const { return allowed_; }

  private:
    Control& control_;
    grpc::ClientContext& context_;
    bool allowed_ = false;
};

Result<std::unique_ptr<Control>> Control::make(std::string address, Token token,
                                               const TlsFiles& tls) {
    if (!is_address(address)) {
        return make_error(Errc::invalid_argument,
                          "address \"" + address + "\": wanted is HOST:PORT or unix:PATH");
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // A service that comes back is noticed soon.
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
    MRDA_ASSIGN(const auto credentials, credentials_of(tls));
    auto stub = v1::Sessions::NewStub(grpc::CreateCustomChannel(address, credentials, arguments));
    std::unique_ptr<Control> made(
        new Control(std::move(address), std::move(token), std::move(stub)));
    MRDA_TRY(made->refresh_token());
    return made;
}

Control::Control(std::string address, Token token, std::unique_ptr<v1::Sessions::Stub> stub)
    : address_(std::move(address)), token_(std::move(token)), stub_(std::move(stub)) {}

Result<bool> Control::refresh_token() {
    MRDA_ASSIGN(std::string secret, token_.read());
    const std::lock_guard lock(mutex_);
    secret_.swap(secret);
    return secret_ != secret;
}

void Control::show_token(grpc::ClientContext& context) {
    const std::lock_guard lock(mutex_);
    if (!secret_.empty()) {
        context.AddMetadata("authorization", "Bearer " + secret_);
    }
}

Error Control::error_of(const char* name, const grpc::Status& status) {
    Error error{.code = errc_of(status.error_code()),
                .api = Api::grpc,
                .native = status.error_code(),
                .call = name,
                .message = status.error_message()};
    if (error.code == Errc::device_lost || error.code == Errc::timeout) {
        error.message = "the service at " + address_ + " does not answer: " + error.message +
                        "; is mrda-service running, and is this its address?";
    }
    const std::lock_guard lock(mutex_);
    if (error.code == Errc::permission_denied && secret_.empty()) {
        error.message += "; no token was sent, for " + token_.origin() + " is not there";
    } else if (error.code == Errc::permission_denied) {
        error.message += "; the token came from " + token_.origin();
    }
    return error;
}

template <typename Call>
Result<void> Control::call(const char* name, std::uint64_t deadline_ns, Contact contact,
                           bool can_cancel, Call what) {
    grpc::ClientContext context;
    context.set_deadline(system_deadline(deadline_ns));
    context.set_wait_for_ready(contact == Contact::patient);
    show_token(context);
    const Listed listed(*this, context, can_cancel);
    if (!listed.allowed()) {
        return error_of(name, grpc::Status(grpc::StatusCode::CANCELLED, "the session is stopped"));
    }
    ++rpc_count_;
    const grpc::Status status = what(context);
    if (!status.ok()) {
        return error_of(name, status);
    }
    return {};
}

Result<v1::CreateReply> Control::create(const v1::CreateRequest& request,
                                        std::uint64_t deadline_ns) {
    v1::CreateReply reply;
    MRDA_TRY(call("Create", deadline_ns, Contact::at_once, true,
                  [&](auto& context) { return stub_->Create(&context, request, &reply); }));
    return reply;
}

Result<v1::RenewReply> Control::renew(std::uint64_t session, std::uint64_t deadline_ns,
                                      Contact contact) {
    v1::SessionRef request;
    request.set_session_id(session);
    v1::RenewReply reply;
    MRDA_TRY(call("Renew", deadline_ns, contact, true,
                  [&](auto& context) { return stub_->Renew(&context, request, &reply); }));
    return reply;
}

Result<v1::SessionStatus> Control::reset(std::uint64_t session, std::uint64_t deadline_ns) {
    v1::SessionRef request;
    request.set_session_id(session);
    v1::SessionStatus reply;
    MRDA_TRY(call("Reset", deadline_ns, Contact::at_once, true,
                  [&](auto& context) { return stub_->Reset(&context, request, &reply); }));
    return reply;
}

Result<v1::SessionStatus> Control::stop(std::uint64_t session, std::uint64_t deadline_ns) {
    v1::SessionRef request;
    request.set_session_id(session);
    v1::SessionStatus reply;
    MRDA_TRY(call("Stop", deadline_ns, Contact::at_once, false,
                  [&](auto& context) { return stub_->Stop(&context, request, &reply); }));
    return reply;
}

Result<void> Control::watch(std::uint64_t session, grpc::ClientContext& context,
                            const std::function<void(const v1::SessionStatus&)>& told) {
    v1::SessionRef request;
    request.set_session_id(session);
    show_token(context);
    ++rpc_count_;
    const auto reader = stub_->Watch(&context, request);
    v1::SessionStatus status;
    while (reader->Read(&status)) {
        told(status);
    }
    const grpc::Status ended = reader->Finish();
    if (!ended.ok()) {
        return error_of("Watch", ended);
    }
    return {};
}

std::unique_ptr<grpc::ClientReaderWriter<v1::WakeRequest, v1::WakeReply>> Control::open_wake_stream(
    grpc::ClientContext& context) {
    show_token(context);
    ++rpc_count_;
    return stub_->Wake(&context);
}

void Control::cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* const context : under_way_) {
        context->TryCancel();
    }
}

}  // namespace mrda::guest::core
