// SPDX-License-Identifier: MIT
#include "worker_pool.h"

#include <utility>

#include "log.h"

namespace mrda::service {

namespace {

/// The session that took the last one starts in this time, and needs the processors itself.
constexpr std::uint64_t kRefillNs = 150'000'000;

}  // namespace

WorkerPool::WorkerPool(EventLoop& loop, std::string worker_program, bool keeps_spare)
    : loop_(loop), worker_program_(std::move(worker_program)), keeps_spare_(keeps_spare) {}

WorkerPool::~WorkerPool() {
    close();
}

void WorkerPool::close() {
    keeps_spare_ = false;
    loop_.cancel(std::exchange(timer_, 0));
    drop_spare();
}

Result<StartedWorker> WorkerPool::take(const WorkerPreparation& preparation) {
    if (spare_ && spare_->process.reap()) {
        drop_spare();
    }
    prepare_later(preparation);
    if (spare_ && preparation_ == preparation) {
        loop_.forget(std::exchange(watch_, 0));
        StartedWorker taken = std::move(*spare_);
        spare_.reset();
        return taken;
    }
    return start();
}

Result<StartedWorker> WorkerPool::start() {
    MRDA_ASSIGN(SocketPair sockets, make_control_sockets());
    MRDA_ASSIGN(auto process, WorkerProcess::start(worker_program_, sockets.theirs.get()));
    return StartedWorker{std::move(process), std::move(sockets.ours)};
}

void WorkerPool::prepare(const WorkerPreparation& preparation) {
    if (!keeps_spare_ || (spare_ && preparation_ == preparation)) {
        return;
    }
    drop_spare();
    auto started = start();
    if (!started.ok() || !send_message(started->control.get(), to_message(preparation)).ok()) {
        return;  // The next session starts its own, and tells what is wrong.
    }
    // One that dies is not replaced until somebody asks: what kills it could kill the next.
    const auto watch = loop_.watch(started->process.pidfd(), [this] {
        Log::warn("a spare worker ended", {{"pid", std::to_string(spare_pid())}});
        drop_spare();
    });
    if (!watch.ok()) {
        return;
    }
    watch_ = *watch;
    spare_.emplace(std::move(*started));
    preparation_ = preparation;
}

void WorkerPool::prepare_later(const WorkerPreparation& preparation) {
    loop_.cancel(timer_);
    timer_ = loop_.after(kRefillNs, [this, preparation] {
        timer_ = 0;
        prepare(preparation);
    });
}

void WorkerPool::drop_spare() {
    loop_.forget(std::exchange(watch_, 0));
    spare_.reset();
}

}  // namespace mrda::service
