// SPDX-License-Identifier: MIT
#include "doorbell_holder.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "log.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/run_child.h"

namespace mrda::service {

namespace {

constexpr std::uint64_t kStartPatienceNs = 5'000'000'000;
constexpr std::uint64_t kAnswerPatienceNs = 2'000'000'000;
constexpr std::uint64_t kCallAgainNs = 1'000'000'000;
constexpr int kEventsPerTurn = 64;

void note_machine(Doorbells& doorbells, Machine machine) {
    doorbells.connected = machine == Machine::doorbell;
    doorbells.claimed = machine == Machine::plain;
}

bool has_machine(const Doorbells& doorbells) {
    return doorbells.connected || doorbells.claimed;
}

/// How often machines have come and gone. Older holders do not count them, and tell of each.
std::uint64_t changes_of(const DoorbellReply& reply, std::uint64_t before, bool had_machine) {
    const bool has = reply.machine != Machine::none;
    return reply.changes != 0 ? reply.changes : before + (has != had_machine ? 1 : 0);
}

bool same_memory(const DoorbellHolder::Device& a, const DoorbellHolder::Device& b) {
    return a.size_bytes == b.size_bytes && a.vectors == b.vectors && a.user == b.user;
}

DoorbellRequest serve_request() {
    return {.kind = DoorbellRequest::Kind::serve, .version = kDoorbellProtocol};
}

void look_at_version(std::uint32_t version) {
    if (version < kDoorbellProtocol) {
        Log::warn("doorbell holder of an older version",
                  {{"protocol", std::to_string(version)},
                   {"mend", "restart mrda-doorbell once no machine runs"}});
    }
}

DoorbellRequest keep_request(const DoorbellHolder::Device& device) {
    return {.kind = DoorbellRequest::Kind::keep,
            .region = device.name,
            .size_bytes = device.size_bytes,
            .vectors = device.vectors,
            .user = device.user};
}

}  // namespace

DoorbellHolder::DoorbellHolder(EventLoop& loop, Settings settings, Listener listener)
    : loop_(loop), settings_(std::move(settings)), listener_(std::move(listener)) {}

DoorbellHolder::~DoorbellHolder() {
    loop_.forget(watch_);
    loop_.cancel(timer_);
}

Result<std::shared_ptr<SharedRegion>> DoorbellHolder::keep(const Device& device, bool* made) {
    const bool had_one = connection_.has_value();
    auto answer = ask(keep_request(device));
    if (!answer.ok() && had_one && !connection_ && !stuck_) {
        answer = ask(keep_request(device));  // It had gone before it was asked.
    }
    if (!answer.ok()) {
        return answer.error();
    }
    if (made != nullptr) {
        *made = answer->reply.made;
    }
    return share(device, std::move(answer).value());
}

void DoorbellHolder::forget(const std::string& name, bool occupied) {
    if (!connection_) {
        return;
    }
    const auto forgotten =
        ask({.kind = DoorbellRequest::Kind::forget, .region = name, .occupied = occupied});
    // Until then it may still give out that memory, and then it must be known again.
    if (forgotten.ok() || forgotten.error().code == Errc::not_found) {
        regions_.erase(name);
    }
}

void DoorbellHolder::forget_all_but(const std::vector<std::string>& names) {
    using Kind = DoorbellRequest::Kind;
    if (!connection_ && !HolderConnection::open(settings_.runtime_dir).ok()) {
        return;
    }
    for (const std::string& name : names) {
        // A later connection would not know of the first ones.
        if (!ask({.kind = Kind::want, .region = name}).ok()) {
            return;
        }
    }
    if (const auto done = ask({.kind = Kind::forget_rest}); !done.ok()) {
        Log::warn("devices of VMs that are no more stay", {{"why", to_string(done.error())}});
    }
}

void DoorbellHolder::end() {
    loop_.cancel(std::exchange(timer_, 0));
    if (connection_) {
        static_cast<void>(ask({.kind = DoorbellRequest::Kind::end}).ok());
    }
    loop_.cancel(std::exchange(timer_, 0));
    loop_.forget(std::exchange(watch_, 0));  // Whether it goes or stays is nobody's loss.
    connection_.reset();
    calling_.reset();
}

Result<HolderConnection::Answer> DoorbellHolder::ask(const DoorbellRequest& request) {
    MRDA_TRY(connect());
    auto answer = connection_->ask(request, kAnswerPatienceNs);
    if (connection_->broken()) {
        lose(answer.error());
    } else if (connection_->has_read_events()) {
        catch_up_in(0);
    }
    return answer;
}

Result<void> DoorbellHolder::connect() {
    if (connection_) {
        return {};
    }
    if (stuck_) {
        return make_error(Errc::busy,
                          "mrda-doorbell of " + settings_.runtime_dir +
                              " is there and does not answer; what it keeps is as it was. Look at "
                              "that process, and ask again once it runs");
    }
    if (calling_) {
        loop_.forget(std::exchange(watch_, 0));
        calling_.reset();
        catch_up_in(0);
    }
    auto opened = HolderConnection::open(settings_.runtime_dir);
    if (!opened.ok() && opened.error().code == Errc::not_found) {
        MRDA_TRY(start());
        opened = HolderConnection::open(settings_.runtime_dir);
    }
    MRDA_ASSIGN(HolderConnection connection, std::move(opened));
    const auto served = connection.ask(serve_request(), kAnswerPatienceNs);
    if (!served.ok()) {
        lose(served.error());
        return served.error();
    }
    look_at_version(served->reply.version);
    MRDA_ASSIGN(watch_, loop_.watch(connection.fd(), [this] { hear(); }));
    connection_ = std::move(connection);
    return {};
}

Result<void> DoorbellHolder::start() const {
    if (settings_.program.empty()) {
        return make_error(Errc::busy,
                          "devices of virtual machines need mrda-doorbell, and none runs in " +
                              settings_.runtime_dir +
                              "; this service is told not to start it (start_doorbell, "
                              "--no-start-doorbell): start that, and ask again");
    }
    std::vector<std::string> command{settings_.program, "--background",
                                     "--runtime-dir",   settings_.runtime_dir,
                                     "--log-format",    settings_.json_log ? "json" : "text"};
    if (!settings_.socket_dir.empty()) {
        command.insert(command.end(), {"--socket-dir", settings_.socket_dir});
    }
    const auto outcome = run_child(command, kStartPatienceNs);
    if (!outcome.ok()) {
        Error error = outcome.error();
        error.message = "devices of virtual machines need mrda-doorbell: " + error.message;
        return error;
    }
    // One that starts at the same time, by systemd, is as good.
    if (outcome->exit_code != 0 && outcome->exit_code != exit_code_of(Errc::busy)) {
        return make_error(errc_of_exit_code(outcome->exit_code),
                          "devices of virtual machines need " + settings_.program +
                              ", which does not start: exit code " +
                              std::to_string(outcome->exit_code) +
                              "; why stands in this service's log");
    }
    Log::info("doorbell holder started", {{"log", settings_.runtime_dir + "/doorbell.log"}});
    return {};
}

Result<std::shared_ptr<SharedRegion>> DoorbellHolder::share(const Device& device,
                                                            HolderConnection::Answer answer) {
    auto& descriptors = answer.descriptors;
    if (descriptors.size() != 1 + 2 * std::size_t{device.vectors}) {
        return make_error(Errc::corrupt, "region " + device.name + " came with " +
                                             std::to_string(descriptors.size()) + " descriptors");
    }
    MRDA_ASSIGN(ivshmem::Region region, ivshmem::Region::adopt(std::move(descriptors[0])));
    Known& known = regions_[device.name];
    auto shared = known.region.lock();
    if (shared != nullptr && shared->region.identity() == region.identity()) {
        note(known, answer.reply);
        return shared;
    }
    if (shared != nullptr && same_memory(device, known.device)) {
        lose_region(shared);
    }
    MRDA_ASSIGN(shared, SharedRegion::make(std::move(region), "", device.vm, device.name));
    shared->doorbells = std::make_shared<Doorbells>();
    Doorbells& doorbells = *shared->doorbells;
    doorbells.socket_path = answer.reply.socket_path;
    look_at_socket_dir(doorbells.socket_path);
    doorbells.used.resize(device.vectors);
    const auto guests = descriptors.begin() + 1 + device.vectors;
    std::move(descriptors.begin() + 1, guests, std::back_inserter(doorbells.host));
    std::move(guests, descriptors.end(), std::back_inserter(doorbells.guest));
    note_machine(doorbells, answer.reply.machine);
    known = {device, shared, changes_of(answer.reply, 0, false)};
    return shared;
}

void DoorbellHolder::look_at_socket_dir(const std::string& socket_path) {
    const std::string dir = std::filesystem::path(socket_path).parent_path().string();
    if (settings_.socket_dir.empty() || dir == settings_.socket_dir ||
        std::exchange(told_of_socket_dir_, true)) {
        return;
    }
    Log::warn("socket folder", {{"asked", settings_.socket_dir},
                                {"used", dir},
                                {"why", "mrda-doorbell was started with that"},
                                {"mend", "end it, and start it anew, once no machine runs"}});
}

void DoorbellHolder::note(Known& known, const DoorbellReply& reply) {
    const auto region = known.region.lock();
    const bool had = has_machine(*region->doorbells);
    const std::uint64_t before = known.changes;
    const std::uint64_t now = changes_of(reply, before, had);
    if (now <= before) {
        return;  // It was asked since that was said.
    }
    known.changes = now;
    note_machine(*region->doorbells, reply.machine);
    // Every second change is one that goes.
    if (now / 2 != before / 2) {
        const bool told = reply.kind == DoorbellReply::Kind::left;
        untold_.push_back({Event::left, region,
                           told ? reply.words : "region " + region->name + ": a machine left"});
    }
    if (reply.machine != Machine::none) {
        const bool told = reply.kind == DoorbellReply::Kind::joined;
        untold_.push_back({Event::joined, region,
                           told ? reply.words : "region " + region->name + ": a machine joined"});
    }
    catch_up_in(0);
}

void DoorbellHolder::hear() {
    for (int count = 0; connection_ && count < kEventsPerTurn; ++count) {
        const auto event = connection_->next_event();
        if (!event.ok()) {
            lose(event.error());
            return;
        }
        if (!event->has_value()) {
            return;
        }
        heard(**event);
    }
    if (connection_) {
        catch_up_in(0);  // There may be more.
    }
}

void DoorbellHolder::heard(const DoorbellReply& event) {
    const auto found = regions_.find(event.region);
    const auto region = found == regions_.end() ? nullptr : found->second.region.lock();
    if (region == nullptr) {
        return;  // Of memory that is nobody's any more.
    }
    if (event.kind == DoorbellReply::Kind::refused) {
        untold_.push_back({Event::refused, region, event.words});
        catch_up_in(0);
        return;
    }
    note(found->second, event);
}

void DoorbellHolder::lose(const Error& why) {
    Log::error("doorbell holder lost", {{"why", to_string(why)}});
    loop_.forget(std::exchange(watch_, 0));
    connection_.reset();
    stuck_ = why.code == Errc::timeout;
    sought_ = true;
    catch_up_in(0);
}

void DoorbellHolder::lose_region(const std::shared_ptr<SharedRegion>& region) {
    note_machine(*region->doorbells, Machine::none);
    untold_.push_back({Event::lost, region,
                       "region " + region->name +
                           ": mrda-doorbell is gone; machines that have it must be started anew"});
    catch_up_in(0);
}

void DoorbellHolder::catch_up_in(std::uint64_t delay_ns) {
    loop_.cancel(timer_);
    timer_ = loop_.after(delay_ns, [this] { catch_up(); });
}

void DoorbellHolder::catch_up() {
    timer_ = 0;
    hear();
    if (sought_ && connection_) {
        find_regions();
    } else if (sought_ && !calling_) {
        call();
    }
    for (const auto& [event, region, words] : std::exchange(untold_, {})) {
        listener_(event, region, words);
    }
}

void DoorbellHolder::call() {
    auto opened = HolderConnection::open(settings_.runtime_dir);
    if (!opened.ok() && opened.error().code == Errc::not_found) {
        stuck_ = false;
        sought_ = false;
        for (const auto& [name, known] : std::exchange(regions_, {})) {
            if (const auto region = known.region.lock()) {
                lose_region(region);
            }
        }
        return;
    }
    const auto told = opened.ok() ? opened->tell(serve_request()) : opened.error();
    const auto watched = told.ok() ? loop_.watch(opened->fd(), [this] { called(); }) : told.error();
    if (!watched.ok()) {
        catch_up_in(kCallAgainNs);
        return;
    }
    watch_ = *watched;
    calling_ = std::move(opened).value();
}

void DoorbellHolder::called() {
    const auto word = calling_->next_event();
    if (word.ok() && !word->has_value()) {
        return;
    }
    loop_.forget(std::exchange(watch_, 0));
    HolderConnection connection = std::move(*calling_);
    calling_.reset();
    catch_up_in(kCallAgainNs);
    if (!word.ok() || (*word)->kind != DoorbellReply::Kind::done) {
        return;
    }
    const auto watched = loop_.watch(connection.fd(), [this] { hear(); });
    if (watched.ok()) {
        look_at_version((*word)->version);
        watch_ = *watched;
        connection_ = std::move(connection);
        stuck_ = false;
        catch_up_in(0);
    }
}

void DoorbellHolder::find_regions() {
    sought_ = false;
    for (const auto& [name, known] : std::map(regions_)) {
        if (known.region.expired()) {
            regions_.erase(name);
            continue;
        }
        if (const auto found = keep(known.device); !found.ok()) {
            Log::warn("device", {{"region", name}, {"why", to_string(found.error())}});
        }
        if (sought_) {
            return;  // It was lost again.
        }
    }
}

}  // namespace mrda::service
