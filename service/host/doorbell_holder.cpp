// SPDX-License-Identifier: MIT
#include "doorbell_holder.h"

#include <utility>
#include <vector>

#include "log.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/run_child.h"

namespace mrda::service {

namespace {

constexpr std::uint64_t kStartPatienceNs = 5'000'000'000;
constexpr std::uint64_t kAnswerPatienceNs = 2'000'000'000;

void note_machine(Doorbells& doorbells, Machine machine) {
    doorbells.connected = machine == Machine::doorbell;
    doorbells.claimed = machine == Machine::plain;
}

DoorbellHolder::Event event_of(DoorbellReply::Kind kind) {
    switch (kind) {
        case DoorbellReply::Kind::joined:
            return DoorbellHolder::Event::joined;
        case DoorbellReply::Kind::left:
            return DoorbellHolder::Event::left;
        default:
            return DoorbellHolder::Event::refused;
    }
}

}  // namespace

DoorbellHolder::DoorbellHolder(EventLoop& loop, Settings settings, Listener listener)
    : loop_(loop), settings_(std::move(settings)), listener_(std::move(listener)) {}

DoorbellHolder::~DoorbellHolder() {
    loop_.forget(watch_);
}

Result<std::shared_ptr<SharedRegion>> DoorbellHolder::keep(const Device& device) {
    const DoorbellRequest request{.kind = DoorbellRequest::Kind::keep,
                                  .region = device.name,
                                  .size_bytes = device.size_bytes,
                                  .vectors = device.vectors,
                                  .user = device.user};
    const bool had_one = connection_.has_value();
    auto answer = ask(request);
    if (!answer.ok() && had_one && !connection_) {
        answer = ask(request);  // It had gone before it was asked.
    }
    if (!answer.ok()) {
        return answer.error();
    }
    return share(device, std::move(answer).value());
}

void DoorbellHolder::forget(const std::string& name) {
    regions_.erase(name);
    if (connection_) {
        static_cast<void>(ask({.kind = DoorbellRequest::Kind::forget, .region = name}).ok());
    }
}

void DoorbellHolder::end() {
    if (connection_) {
        static_cast<void>(ask({.kind = DoorbellRequest::Kind::end}).ok());
        loop_.forget(std::exchange(watch_, 0));  // Whether it goes or stays is nobody's loss.
        connection_.reset();
    }
}

Result<HolderConnection::Answer> DoorbellHolder::ask(const DoorbellRequest& request) {
    MRDA_TRY(connect());
    auto answer = connection_->ask(request, kAnswerPatienceNs);
    if (connection_->broken()) {
        lose(answer.error());
    } else if (connection_->has_read_events()) {
        loop_.post([this] { hear(); });
    }
    return answer;
}

Result<void> DoorbellHolder::connect() {
    if (connection_) {
        return {};
    }
    auto opened = HolderConnection::open(settings_.runtime_dir);
    if (!opened.ok() && opened.error().code == Errc::not_found) {
        MRDA_TRY(start());
        opened = HolderConnection::open(settings_.runtime_dir);
    }
    MRDA_ASSIGN(HolderConnection connection, std::move(opened));
    MRDA_TRY(connection.ask({.kind = DoorbellRequest::Kind::serve}, kAnswerPatienceNs));
    MRDA_ASSIGN(watch_, loop_.watch(connection.fd(), [this] { hear(); }));
    connection_ = std::move(connection);
    return {};
}

Result<void> DoorbellHolder::start() const {
    const auto outcome =
        run_child({settings_.program, "--background", "--runtime-dir", settings_.runtime_dir,
                   "--log-format", settings_.json_log ? "json" : "text"},
                  kStartPatienceNs);
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
                              std::to_string(outcome->exit_code) + "; its words are above");
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
    auto known = regions_[device.name].lock();
    if (known == nullptr || known->region.identity() != region.identity()) {
        MRDA_ASSIGN(known, SharedRegion::make(std::move(region), "", device.vm, device.name));
        known->doorbells = std::make_shared<Doorbells>();
        Doorbells& doorbells = *known->doorbells;
        doorbells.socket_path = answer.reply.socket_path;
        doorbells.used.resize(device.vectors);
        const auto guests = descriptors.begin() + 1 + device.vectors;
        std::move(descriptors.begin() + 1, guests, std::back_inserter(doorbells.host));
        std::move(guests, descriptors.end(), std::back_inserter(doorbells.guest));
        regions_[device.name] = known;
    }
    note_machine(*known->doorbells, answer.reply.machine);
    return known;
}

void DoorbellHolder::hear() {
    while (connection_) {
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
}

void DoorbellHolder::heard(const DoorbellReply& event) {
    const auto region = regions_[event.region].lock();
    if (region == nullptr) {
        regions_.erase(event.region);  // Of memory that is nobody's any more.
        return;
    }
    note_machine(*region->doorbells, event.machine);
    listener_(event_of(event.kind), region, event.words);
}

void DoorbellHolder::lose(const Error& why) {
    Log::error("doorbell holder lost", {{"why", to_string(why)}});
    loop_.forget(std::exchange(watch_, 0));
    connection_.reset();
    for (const auto& [name, weak] : std::exchange(regions_, {})) {
        if (const auto region = weak.lock()) {
            note_machine(*region->doorbells, Machine::none);
            loop_.post([this, region] {
                listener_(
                    Event::lost, region,
                    "region " + region->name +
                        ": mrda-doorbell is gone; machines that have it must be started anew");
            });
        }
    }
}

}  // namespace mrda::service
