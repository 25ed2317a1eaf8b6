// SPDX-License-Identifier: MIT
#include "worker.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "driver.h"

namespace mrda::ze_soft {

namespace {

/// Whether the command ran; it does not if `stop` came while it waited.
bool run_command(const Command& command, const std::stop_token& stop) {
    const bool ready = std::all_of(command.wait_for.begin(), command.wait_for.end(),
                                   [&](const auto& event) { return event->signal().wait(stop); });
    if (!ready) {
        return false;
    }
    const uint64_t start_ns = timestamp_ns();
    if (command.act) {
        command.act();
    }
    if (command.signal != nullptr) {
        command.signal->complete(start_ns, timestamp_ns());
    }
    return true;
}

bool run_submission(const Submission& submission, const std::stop_token& stop) {
    for (const auto& list : submission.lists) {
        for (const Command& command : *list) {
            if (!run_command(command, stop)) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace

Worker::Worker() : thread_([this](const std::stop_token& stop) { run(stop); }) {
    ::pthread_setname_np(thread_.native_handle(), "mrda-ze-queue");
}

void Worker::submit(Submission submission) {
    if (submission.fence != nullptr) {
        submission.fence->signal().reset();
    }
    const std::lock_guard lock(mutex_);
    queued_.push_back(std::move(submission));
    ++submitted_;
    work_.notify_one();
}

bool Worker::wait(uint64_t timeout_ns, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto done = [this, last = submitted_] { return completed_ >= last; };
    if (const auto until = deadline(timeout_ns)) {
        return done_.wait_until(lock, stop, *until, done);
    }
    return done_.wait(lock, stop, done);
}

void Worker::run(const std::stop_token& stop) {
    for (;;) {
        Submission next;
        {
            std::unique_lock lock(mutex_);
            if (!work_.wait(lock, stop, [this] { return !queued_.empty(); })) {
                return;
            }
            next = std::move(queued_.front());
            queued_.pop_front();
        }
        if (!run_submission(next, stop)) {
            return;
        }
        // Let go of everything before anyone hears that it is done: who waited may then destroy it.
        const auto fence = std::move(next.fence);
        next = {};
        // As one, so that whoever saw the fence finds the queue idle, and the other way round.
        const std::lock_guard lock(mutex_);
        ++completed_;
        if (fence != nullptr) {
            fence->signal().set();
        }
        done_.notify_all();
    }
}

}  // namespace mrda::ze_soft
