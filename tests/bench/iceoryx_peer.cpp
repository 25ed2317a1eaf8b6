// SPDX-License-Identifier: MIT
// iceoryx's request and response: chunks loaned from shared memory, nothing copied. Polling is
// take() in a loop; sleeping is a WaitSet on both sides.
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/untyped_client.hpp>
#include <iceoryx_posh/popo/untyped_server.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <utility>

#include "peer.h"
#include "work.h"

namespace mrda::bench {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
/// Time for the machine's singleton to say that there is another one, or that it has no memory.
constexpr std::uint64_t kEarlyEndNs = kNsPerSecond / 2;
constexpr std::uint32_t kQueue = 2;

void join_runtime(const char* half) {
    iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kError);
    const std::string name = std::string("mrda-bench-") + half + "-" + std::to_string(::getpid());
    iox::runtime::PoshRuntime::initRuntime(iox::RuntimeName_t(iox::cxx::TruncateToCapacity, name));
}

iox::capro::ServiceDescription service() {
    return {"mrda-bench", "frames", "copy"};
}

iox::popo::ClientOptions client_options() {
    iox::popo::ClientOptions options;
    options.responseQueueCapacity = kQueue;
    return options;
}

iox::popo::ServerOptions server_options() {
    iox::popo::ServerOptions options;
    options.requestQueueCapacity = kQueue;
    return options;
}

class IceoryxClient final : public Client {
  public:
    IceoryxClient() : client_(service(), client_options()) {
        attached_ =
            !waitset_.attachState(client_, iox::popo::ClientState::HAS_RESPONSE).has_error();
    }

    Result<void> begin(const Exchange& exchange) override;
    Result<void> prepare(std::uint64_t number) override;
    Result<void> round_trip() override;
    Result<void> finish() override;
    Result<void> end() override { return {}; }

  private:
    bool take();

    iox::popo::UntypedClient client_;
    iox::popo::WaitSet<> waitset_;  // Destroyed before what is attached to it.
    bool attached_ = false;
    std::uint32_t payload_bytes_ = 0;
    bool polling_ = false;
    void* request_ = nullptr;
    std::uint64_t number_ = 0;
    const void* response_ = nullptr;
};

Result<void> IceoryxClient::begin(const Exchange& exchange) {
    if (!attached_) {
        return make_error(Errc::io, "iceoryx: cannot attach the client to its WaitSet");
    }
    payload_bytes_ = static_cast<std::uint32_t>(exchange.payload_bytes);
    polling_ = exchange.polling != 0;
    return {};
}

Result<void> IceoryxClient::prepare(std::uint64_t number) {
    number_ = number;
    auto loaned = client_.loan(payload_bytes_, alignof(Token));
    if (loaned.has_error()) {
        return make_error(Errc::exhausted, "iceoryx: no chunk of that size to loan");
    }
    request_ = loaned.value();
    std::memcpy(request_, &number_, sizeof number_);
    return {};
}

bool IceoryxClient::take() {
    auto taken = client_.take();
    if (taken.has_error()) {
        return false;
    }
    response_ = taken.value();
    return true;
}

Result<void> IceoryxClient::round_trip() {
    if (client_.send(request_).has_error()) {
        return make_error(Errc::io, "iceoryx: the request was not sent");
    }
    while (!take()) {
        if (!polling_) {
            static_cast<void>(waitset_.timedWait(iox::units::Duration::fromSeconds(10)));
        }
    }
    return {};
}

Result<void> IceoryxClient::finish() {
    Token token;
    std::memcpy(&token, response_, sizeof token);
    client_.releaseResponse(response_);
    return token.first_bytes == number_
               ? Result<void>()
               : make_error(Errc::corrupt, "iceoryx: the server saw another frame than was sent");
}

class IceoryxServer final : public Server {
  public:
    IceoryxServer() : server_(service(), server_options()) {
        attached_ = !waitset_.attachState(server_, iox::popo::ServerState::HAS_REQUEST).has_error();
    }

    Result<void> serve(const Exchange& exchange) override;

  private:
    Result<bool> answer_one();

    iox::popo::UntypedServer server_;
    iox::popo::WaitSet<> waitset_;
    bool attached_ = false;
    std::uint64_t answered_ = 0;
};

Result<bool> IceoryxServer::answer_one() {
    auto taken = server_.take();
    if (taken.has_error()) {
        return false;
    }
    const void* const request = taken.value();
    auto loaned =
        server_.loan(iox::popo::RequestHeader::fromPayload(request), sizeof(Token), alignof(Token));
    if (loaned.has_error()) {
        return make_error(Errc::exhausted, "iceoryx: no chunk for a response");
    }
    Token token{.number = answered_++};
    std::memcpy(&token.first_bytes, request, sizeof token.first_bytes);
    std::memcpy(loaned.value(), &token, sizeof token);
    const bool sent = !server_.send(loaned.value()).has_error();
    server_.releaseRequest(request);
    return sent ? Result<bool>(true) : make_error(Errc::io, "iceoryx: the response was not sent");
}

Result<void> IceoryxServer::serve(const Exchange& exchange) {
    if (!attached_) {
        return make_error(Errc::io, "iceoryx: cannot attach the server to its WaitSet");
    }
    for (std::uint64_t done = 0; done < total_round_trips(exchange);) {
        MRDA_ASSIGN(const bool answered, answer_one());
        done += answered ? 1 : 0;
        if (!answered && exchange.polling == 0) {
            static_cast<void>(waitset_.timedWait(iox::units::Duration::fromSeconds(10)));
        }
    }
    return {};
}

Result<void> write_pools(const std::string& path) {
    std::ofstream file(path);
    file << "[general]\nversion = 1\n[[segment]]\n";
    for (const auto& [size_bytes, count] :
         {std::pair(256, 64), {1'280, 16}, {65'792, 16}, {1'048'832, 8}, {12'583'168, 8}}) {
        file << "[[segment.mempool]]\nsize = " << size_bytes << "\ncount = " << count << "\n";
    }
    return file.flush() ? Result<void>() : make_error(Errc::io, "cannot write " + path);
}

Result<Contestant> start(const Peer& peer, const Ground& ground) {
    const std::string pools = ground.folder.path() + "/roudi.toml";
    MRDA_TRY(write_pools(pools));
    std::vector<Process> helpers;
    MRDA_ASSIGN(Process daemon,
                Process::start({.command = {"iox-roudi", "-c", pools, "-m", "off", "-l", "error"},
                                .log_file = ground.folder.path() + "/iox-roudi.log",
                                .passed = {},
                                .environment = {},
                                .core = ground.server_core}));
    if (daemon.ended_within(kEarlyEndNs)) {
        return make_error(
            Errc::not_found,
            "iox-roudi (Debian's package iceoryx) does not run; is there another one? " +
                daemon.last_words());
    }
    helpers.push_back(std::move(daemon));
    MRDA_ASSIGN(Half server, Half::start(peer, Half::Which::server, ground, ""));
    MRDA_ASSIGN(Half client, Half::start(peer, Half::Which::client, ground, ""));
    return Contestant(std::move(helpers), std::move(server), std::move(client));
}

Result<std::unique_ptr<Client>> client(const std::string& /*meeting*/) {
    join_runtime("client");
    return std::unique_ptr<Client>(std::make_unique<IceoryxClient>());
}

Result<std::unique_ptr<Server>> server(const std::string& /*meeting*/) {
    join_runtime("server");
    return std::unique_ptr<Server>(std::make_unique<IceoryxServer>());
}

}  // namespace

const Peer kIceoryx{.name = "iceoryx", .start = start, .client = client, .server = server};

}  // namespace mrda::bench
