// SPDX-License-Identifier: MIT
#include "holder.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "control_socket.h"
#include "holder_files.h"
#include "log.h"
#include "private_dir.h"
#include "runtime_dir.h"

namespace mrda::service {

namespace {

using ReplyKind = DoorbellReply::Kind;

constexpr std::size_t kMaxConnections = 256;
constexpr int kMessagesPerTurn = 16;
constexpr std::uint64_t kFirstWordNs = 5'000'000'000;
/// A machine may come and go faster than anybody can be told of it.
constexpr std::uint64_t kBetweenNewsNs = 100'000'000;
/// Of what the service has not read yet; answers must always find room beside it.
constexpr int kMostUnreadBytes = 32'768;

DoorbellReply failure(const Error& error) {
    return {.kind = ReplyKind::failed, .code = error.code, .words = to_string(error)};
}

Error not_kept(const std::string& region) {
    return make_error(Errc::not_found, "no region \"" + region + "\" is kept");
}

std::string name_of(const SocketPeer& peer) {
    return "process " + std::to_string(peer.process);
}

int unread_bytes(int socket) {
    int unread = 0;
    return ::ioctl(socket, SIOCOUTQ, &unread) == 0 ? unread : 0;
}

ReplyKind reply_kind(KeptRegion::Event event) {
    switch (event) {
        case KeptRegion::Event::joined:
            return ReplyKind::joined;
        case KeptRegion::Event::left:
            return ReplyKind::left;
        case KeptRegion::Event::refused:
            break;
    }
    return ReplyKind::refused;
}

}  // namespace

Result<std::unique_ptr<Holder>> Holder::listen(EventLoop& loop, Settings settings) {
    std::unique_ptr<Holder> holder(new Holder(loop, std::move(settings)));
    MRDA_TRY(holder->open());
    return holder;
}

Result<void> Holder::open() {
    MRDA_ASSIGN(settings_.runtime_dir, absolute_dir(settings_.runtime_dir));
    MRDA_ASSIGN(settings_.socket_dir, absolute_dir(settings_.socket_dir));
    if (lies_in(settings_.runtime_dir, settings_.socket_dir)) {
        return make_error(Errc::invalid_argument,
                          "socket folder " + settings_.socket_dir + " is, or holds, " +
                              settings_.runtime_dir +
                              ", which is private; name a folder of its own");
    }
    MRDA_TRY(make_private_dir(settings_.runtime_dir));
    if (!lies_in(settings_.socket_dir, settings_.runtime_dir)) {
        // Before anything is made in it.
        MRDA_TRY(check_way_to(std::filesystem::path(settings_.socket_dir).parent_path().string()));
    }
    MRDA_TRY(make_own_dir(settings_.socket_dir));
    MRDA_ASSIGN(lock_, lock_runtime_dir(settings_.runtime_dir));
    MRDA_ASSIGN(listener_,
                UnixListener::listen(loop_, settings_.runtime_dir + "/" + kDoorbellSocketName,
                                     [this](Fd socket) { welcome(std::move(socket)); }));
    linger();
    return {};
}

Holder::~Holder() {
    while (!connections_.empty()) {
        connections_.begin()->second.claimed.reset();
        drop(connections_.begin()->first, "");
    }
    loop_.cancel(linger_timer_);
    loop_.cancel(tell_timer_);
}

void Holder::welcome(Fd socket) {
    const auto peer = peer_of(socket.get());
    // Root may run machines of a service that is not root's.
    const bool known = peer.ok() && (peer->user == ::geteuid() || peer->user == 0);
    if (!known || connections_.size() >= kMaxConnections) {
        Log::warn("connection refused",
                  {{"process", peer.ok() ? std::to_string(peer->process) : "unknown"}});
        return;
    }
    const Id id = next_id_++;
    const auto watch = loop_.watch(socket.get(), [this, id] { hear(id); });
    if (!watch.ok()) {
        Log::warn("connection refused", {{"why", to_string(watch.error())}});
        return;
    }
    const EventLoop::Id timer =
        loop_.after(kFirstWordNs, [this, id] { drop(id, "it says nothing"); });
    connections_.emplace(id, Connection{std::move(socket), *peer, *watch, timer, {}, false});
}

void Holder::hear(Id id) {
    for (int count = 0; count < kMessagesPerTurn; ++count) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) {
            return;  // What it said before ended it.
        }
        const auto message = receive_message(found->second.socket.get());
        if (!message.ok()) {
            const bool gone = message.error().code == Errc::end_of_stream;
            drop(id, gone ? "it is gone" : to_string(message.error()));
            return;
        }
        if (!message->has_value()) {
            return;
        }
        if (found->second.claims) {
            drop(id, "it sent something, and machines send nothing");
            return;
        }
        loop_.cancel(std::exchange(found->second.timer, 0));
        const auto request = parse_doorbell_request(**message);
        const auto answered = request.ok() ? answer(id, *request) : request.error();
        if (!answered.ok()) {
            Log::warn("request refused", {{"process", std::to_string(found->second.peer.process)},
                                          {"why", to_string(answered.error())}});
            say(id, failure(answered.error()));
        }
    }
}

Result<void> Holder::answer(Id id, const DoorbellRequest& request) {
    using Kind = DoorbellRequest::Kind;
    if (request.kind == Kind::claim) {
        return claim(id, request.region);
    }
    if (request.kind == Kind::look) {
        return look(id, request.region);
    }
    if (request.kind == Kind::serve) {
        return serve(id, request.version);
    }
    if (id != service_) {
        return make_error(Errc::permission_denied,
                          "only the service may ask that; is another one running?");
    }
    if (request.kind == Kind::keep) {
        return keep(id, request);
    }
    if (request.kind == Kind::forget) {
        MRDA_TRY(forget(request));
    } else if (request.kind == Kind::want) {
        wanted_regions_.insert(request.region);
    } else if (request.kind == Kind::forget_rest) {
        forget_rest();
    } else {
        wanted_ = false;
    }
    say(id, {});
    end_if_idle();
    return {};
}

Result<void> Holder::serve(Id id, std::uint32_t version) {
    const Id former = std::exchange(service_, id);
    if (former != 0 && former != id) {
        drop(former, "a newer service took its place");
    }
    loop_.cancel(std::exchange(linger_timer_, 0));
    wanted_ = true;
    wanted_regions_.clear();
    untold_.clear();  // It sees for itself how each region is.
    Log::info("serving", {{"service", std::to_string(connections_.at(id).peer.process)},
                          {"protocol", std::to_string(version)}});
    say(id, {.version = kDoorbellProtocol});
    return {};
}

Result<void> Holder::keep(Id id, const DoorbellRequest& request) {
    MRDA_TRY(check_region_name(request.region));
    wanted_regions_.insert(request.region);
    const auto found = regions_.find(request.region);
    const bool there = found != regions_.end() && found->second->is(request);
    MRDA_ASSIGN(const auto region,
                there ? Result<std::shared_ptr<KeptRegion>>(found->second) : make(request));
    MRDA_TRY(region->take_back());
    DoorbellReply reply = region->describe();
    reply.made = !there;
    say(id, reply, region->descriptors());
    return {};
}

Result<std::shared_ptr<KeptRegion>> Holder::make(const DoorbellRequest& request) {
    const auto found = regions_.find(request.region);
    if (found != regions_.end() && found->second->occupied()) {
        return make_error(Errc::busy,
                          "region " + request.region +
                              " asked for with another size, vectors or user, and a machine "
                              "has it; shut that down first");
    }
    if (found != regions_.end()) {
        regions_.erase(found);  // Its socket's path is the next one's.
    }
    if (request.user != ::geteuid()) {
        MRDA_TRY(open_to_others(settings_.socket_dir, settings_.runtime_dir, request.region));
    }
    MRDA_ASSIGN(
        auto made,
        KeptRegion::make(loop_,
                         {.name = request.region,
                          .socket_path = settings_.socket_dir + "/" + request.region + ".sock",
                          .vectors = request.vectors,
                          .user = request.user},
                         request.size_bytes,
                         [this](KeptRegion& region, KeptRegion::Event event,
                                const std::string& words) { happened(region, event, words); }));
    regions_.emplace(request.region, made);
    Log::info("region", {{"name", request.region},
                         {"size_bytes", std::to_string(request.size_bytes)},
                         {"vectors", std::to_string(request.vectors)},
                         {"socket", made->describe().socket_path}});
    return made;
}

Result<void> Holder::look(Id id, const std::string& region) {
    const auto found = regions_.find(region);
    if (found == regions_.end()) {
        return not_kept(region);
    }
    say(id, found->second->describe());
    return {};
}

Result<void> Holder::claim(Id id, const std::string& region) {
    const auto found = regions_.find(region);
    if (found == regions_.end()) {
        return not_kept(region);
    }
    Connection& connection = connections_.at(id);
    if (id == service_) {
        return make_error(Errc::invalid_argument, "the service is no machine");
    }
    MRDA_TRY(found->second->claim(name_of(connection.peer)));
    connection.claimed = found->second;
    connection.claims = true;
    say(id, found->second->describe(), {found->second->memory()});
    return {};
}

Result<void> Holder::forget(const DoorbellRequest& request) {
    const auto found = regions_.find(request.region);
    if (found == regions_.end()) {
        return not_kept(request.region);
    }
    if (found->second->occupied() && !request.occupied) {
        return make_error(Errc::busy, "region " + request.region +
                                          " is kept: a machine has it; shut that "
                                          "down first");
    }
    regions_.erase(found);
    untold_.erase({request.region, false});
    untold_.erase({request.region, true});
    Log::info("region forgotten", {{"name", request.region}});
    return {};
}

void Holder::forget_rest() {
    for (const auto& [name, region] : regions_) {
        if (!wanted_regions_.contains(name) && !region->retired()) {
            region->retire();
            Log::info("region retired", {{"name", name}, {"why", "no VM has it any more"}});
        }
    }
    forget_retired();
}

void Holder::forget_retired() {
    std::erase_if(regions_, [](const auto& kept) {
        return kept.second->retired() && !kept.second->occupied();
    });
}

void Holder::say(Id id, const DoorbellReply& reply, const std::vector<int>& descriptors) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) {
        return;
    }
    const auto sent = send_message(found->second.socket.get(), to_message(reply), descriptors,
                                   kMaxDoorbellDescriptors);
    if (!sent.ok()) {
        // Who does not read for so long has lost the thread. Not now: its region may be speaking.
        loop_.post([this, id, why = to_string(sent.error())] { drop(id, why); });
    }
}

void Holder::happened(KeptRegion& region, KeptRegion::Event event, const std::string& words) {
    if (const auto left_out = region.take_line()) {
        const auto line = event == KeptRegion::Event::refused ? &Log::warn : &Log::info;
        const std::string others =
            *left_out == 0 ? "" : " (and " + std::to_string(*left_out) + " lines left out before)";
        line("machine", {{"what", words + others}});
    }
    if (region.retired()) {
        loop_.post([this] { forget_retired(); });  // Not now: it is speaking.
    }
    if (service_ != 0) {
        untold_[{region.name(), event == KeptRegion::Event::refused}] = {
            .kind = reply_kind(event),
            .region = region.name(),
            .machine = region.machine(),
            .changes = region.changes(),
            .words = words};
        if (tell_timer_ == 0) {
            tell_service();
        }
    }
    end_if_idle();
}

void Holder::tell_service() {
    tell_timer_ = 0;
    const auto service = connections_.find(service_);
    if (service == connections_.end()) {
        untold_.clear();
    }
    if (untold_.empty()) {
        return;
    }
    tell_timer_ = loop_.after(kBetweenNewsNs, [this] { tell_service(); });
    while (!untold_.empty() && unread_bytes(service->second.socket.get()) < kMostUnreadBytes) {
        say(service_, untold_.extract(untold_.begin()).mapped());
    }
}

void Holder::drop(Id id, const std::string& why) {
    auto gone = connections_.extract(id);
    if (gone.empty()) {
        return;
    }
    Connection& connection = gone.mapped();
    loop_.forget(connection.watch);
    loop_.cancel(connection.timer);
    if (const auto region = connection.claimed.lock()) {
        region->end_claim(why);
    }
    if (id == service_) {
        Log::info("service gone", {{"process", std::to_string(connection.peer.process)}});
        service_ = 0;
        linger();
    }
}

void Holder::linger() {
    if (!wanted_) {
        end_if_idle();
        return;
    }
    linger_timer_ = loop_.after(settings_.linger_ns, [this] {
        linger_timer_ = 0;
        wanted_ = false;
        end_if_idle();
    });
}

void Holder::end_if_idle() {
    const bool occupied = std::any_of(regions_.begin(), regions_.end(),
                                      [](const auto& kept) { return kept.second->occupied(); });
    if (!settings_.stay && !wanted_ && !occupied) {
        loop_.stop();
    }
}

}  // namespace mrda::service
