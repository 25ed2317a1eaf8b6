// SPDX-License-Identifier: MIT
#include "worker_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "log.h"

namespace mrda::service {

namespace {

/// The session that took the last one starts in this time, and needs the processors itself.
constexpr std::uint64_t kRefillNs = 150'000'000;

}  // namespace

WorkerPool::WorkerPool(EventLoop& loop, std::string worker_program, Foresight foresight)
    : loop_(loop), worker_program_(std::move(worker_program)), foresight_(std::move(foresight)) {}

WorkerPool::~WorkerPool() {
    close();
    for (const auto& [pid, watch] : watches_) {
        loop_.forget(watch);
    }
}

void WorkerPool::close() {
    foresight_ = nullptr;
    loop_.cancel(std::exchange(timer_, 0));
    drop_spare();
}

Result<StartedWorker> WorkerPool::take(const WorkerPreparation& preparation) {
    if (timer_ == 0) {
        timer_ = loop_.after(kRefillNs, [this] {
            timer_ = 0;
            prepare();
        });
    }
    if (!spare_ || preparation_ != preparation) {
        return start();
    }
    loop_.forget(std::exchange(watches_[spare_pid()], 0));
    watches_.erase(spare_pid());
    StartedWorker taken = std::move(*spare_);
    spare_.reset();
    // It may have died unseen: the turn of the loop in which its end is told has not come.
    return taken.process.reap() ? start() : std::move(taken);
}

Result<StartedWorker> WorkerPool::start() {
    MRDA_ASSIGN(SocketPair sockets, make_control_sockets());
    std::array<int, 2> ends{};
    // Full, it loses what a worker prints, and does not hold it.
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return os_error("pipe2", errno, "no pipe for a worker's output");
    }
    Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    MRDA_ASSIGN(auto process,
                WorkerProcess::start(worker_program_, sockets.theirs.get(), theirs.get()));
    MRDA_ASSIGN(auto output, WorkerOutput::create(loop_, std::move(ours), process.pid()));
    return StartedWorker{std::move(output), std::move(process), std::move(sockets.ours)};
}

void WorkerPool::prepare() {
    const auto wanted = foresight_ ? foresight_() : std::nullopt;
    if (!wanted || (spare_ && preparation_ == *wanted)) {
        return;
    }
    drop_spare();
    auto started = start();
    if (!started.ok()) {
        return;  // The next session starts its own, and tells what is wrong.
    }
    const pid_t pid = started->process.pid();
    // One that dies is not replaced until somebody asks: what kills it could kill the next.
    const auto watch = loop_.watch(started->process.pidfd(), [this, pid] { reap(pid); });
    if (!watch.ok()) {
        return;
    }
    watches_[pid] = *watch;
    spare_.emplace(std::move(*started));
    preparation_ = *wanted;
    if (!send_message(spare_->control.get(), to_message(preparation_)).ok()) {
        drop_spare();
    }
}

void WorkerPool::drop_spare() {
    if (spare_) {
        spare_->process.kill();
        ending_.emplace(spare_pid(), std::move(spare_->process));
        spare_.reset();
    }
}

void WorkerPool::reap(pid_t pid) {
    if (pid == spare_pid()) {
        Log::warn("a spare worker ended", {{"pid", std::to_string(pid)}});
        drop_spare();
    }
    loop_.forget(watches_.at(pid));
    watches_.erase(pid);
    ending_.erase(pid);
}

}  // namespace mrda::service
