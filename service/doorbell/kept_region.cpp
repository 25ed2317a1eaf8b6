// SPDX-License-Identifier: MIT
#include "kept_region.h"

#include <algorithm>
#include <utility>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

namespace {

constexpr std::uint64_t kBetweenRefusalsNs = 1'000'000'000;
constexpr std::uint64_t kBetweenLinesNs = 1'000'000'000;
constexpr std::uint64_t kLinesAtOnce = 8;

}  // namespace

Result<std::shared_ptr<KeptRegion>> KeptRegion::make(EventLoop& loop,
                                                     ivshmem::DoorbellServer::Settings settings,
                                                     std::uint64_t size_bytes, Listener listener) {
    MRDA_ASSIGN(ivshmem::Region region,
                ivshmem::Region::create_memfd("mrda-" + settings.name, size_bytes));
    MRDA_ASSIGN(Fd memory, duplicate_fd(region.fd()));
    const std::shared_ptr<KeptRegion> made(
        new KeptRegion(loop, std::move(region), std::move(listener)));
    KeptRegion* const self = made.get();
    MRDA_ASSIGN(made->server_,
                ivshmem::DoorbellServer::listen(
                    std::move(memory), std::move(settings),
                    [self](Event event, const std::string& words) { self->heard(event, words); }));
    MRDA_ASSIGN(made->watch_, loop.watch(made->server_->fd(), [self] { self->server_->serve(); }));
    return made;
}

KeptRegion::~KeptRegion() {
    loop_.forget(watch_);
}

bool KeptRegion::is(const DoorbellRequest& request) const {
    const auto& settings = server_->settings();
    return request.region == settings.name && request.size_bytes == region_.size_bytes() &&
           request.vectors == settings.vectors && request.user == settings.user;
}

Machine KeptRegion::machine() const {
    if (!claimed_by_.empty()) {
        return Machine::plain;
    }
    return server_->connected() ? Machine::doorbell : Machine::none;
}

DoorbellReply KeptRegion::describe() const {
    return {.kind = DoorbellReply::Kind::kept,
            .region = name(),
            .machine = machine(),
            .changes = changes_,
            .socket_path = server_->settings().socket_path,
            .vectors = server_->settings().vectors};
}

std::vector<int> KeptRegion::descriptors() const {
    std::vector<int> all{memory()};
    for (const auto& side : {server_->host_doorbells(), server_->guest_doorbells()}) {
        for (const Fd& doorbell : side) {
            all.push_back(doorbell.get());
        }
    }
    return all;
}

Result<void> KeptRegion::claim(const std::string& whom) {
    MRDA_TRY(server_->reserve(whom));
    claimed_by_ = whom;
    changed(Event::joined, "region " + name() + ": " + whom + " joined, without doorbells");
    return {};
}

void KeptRegion::end_claim(const std::string& why) {
    const std::string whom = std::exchange(claimed_by_, {});
    server_->release();
    changed(Event::left, "region " + name() + ": " + whom + " left: " + why);
}

void KeptRegion::retire() {
    server_->close_socket();
    retired_ = true;
}

Result<void> KeptRegion::take_back() {
    if (retired_) {
        MRDA_TRY(server_->open_socket());
        retired_ = false;
    }
    return {};
}

void KeptRegion::changed(Event event, const std::string& words) {
    ++changes_;
    listener_(*this, event, words);
}

std::optional<std::uint64_t> KeptRegion::take_line() {
    const std::uint64_t now = ivshmem::now_ns();
    // What time has given back, as long as some are taken.
    const std::uint64_t back = std::min((now - lines_since_ns_) / kBetweenLinesNs, lines_);
    lines_ -= back;
    lines_since_ns_ = lines_ == 0 ? now : lines_since_ns_ + back * kBetweenLinesNs;
    if (lines_ == kLinesAtOnce) {
        ++lines_left_out_;
        return std::nullopt;
    }
    ++lines_;
    return std::exchange(lines_left_out_, 0);
}

void KeptRegion::heard(Event event, const std::string& words) {
    if (event != Event::refused) {
        changed(event, words);
        return;
    }
    const std::uint64_t now = ivshmem::now_ns();
    if (refusal_told_ns_ != 0 && now - refusal_told_ns_ < kBetweenRefusalsNs) {
        ++refusals_untold_;
        return;
    }
    refusal_told_ns_ = now;
    const std::uint64_t others = std::exchange(refusals_untold_, 0);
    listener_(
        *this, event,
        others == 0 ? words : words + " (and " + std::to_string(others) + " more times before)");
}

}  // namespace mrda::service
