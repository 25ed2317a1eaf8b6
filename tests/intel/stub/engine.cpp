// SPDX-License-Identifier: MIT
#include "engine.h"

#include <time.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "fault.h"
#include "settings.h"

namespace mrda::stub {

namespace {

constexpr long kPollNs = 200'000;

void pause() {
    const timespec time{0, kPollNs};
    ::nanosleep(&time, nullptr);
}

AddressSpace* find_space(Node& node, std::uint32_t id) {
    if (id == 0) {
        return &node.i915_space;
    }
    const auto found = node.address_spaces.find(id);
    return found == node.address_spaces.end() ? nullptr : found->second.get();
}

/// From where it is to where it waits next, or to its end.
StreamResult walk(Node& node, Submission& submission) {
    AddressSpace* const space = find_space(node, submission.space);
    StreamResult result;
    if (space != nullptr) {
        result = run_stream(*space, *node.device->kind, settings().frame_bytes, submission.address,
                            submission.callers);
    }
    if (result.end == StreamEnd::waiting) {
        submission.address = result.address;
        submission.callers = result.callers;
    } else if (submission.done) {
        submission.done();
    }
    return result;
}

void walk_on(Node& node) {
    if (is_stopped()) {
        node.waiting.clear();  // The kernel resets the engine, and none of them is gone on with.
    }
    std::set<std::uint64_t> held;  // Queues whose first stream still waits.
    std::erase_if(node.waiting, [&](const std::shared_ptr<Submission>& submission) {
        if (held.contains(submission->queue) || walk(node, *submission).end == StreamEnd::waiting) {
            held.insert(submission->queue);
            return false;
        }
        return true;
    });
}

bool running = false;  // The thread; under kernel_mutex().

void run_engines() {
    while (true) {
        pause();
        const std::scoped_lock lock(kernel_mutex());
        bool waiting = false;
        for_each_node([&](Node& node) {
            walk_on(node);
            waiting = waiting || !node.waiting.empty();
        });
        if (!waiting) {
            running = false;
            return;
        }
    }
}

}  // namespace

StreamResult submit(Node& node, Submission submission) {
    const bool held = std::any_of(node.waiting.begin(), node.waiting.end(), [&](const auto& other) {
        return other->queue == submission.queue;
    });
    StreamResult result;
    result.end = StreamEnd::waiting;
    if (!held) {
        result = walk(node, submission);
    }
    if (result.end == StreamEnd::waiting) {
        node.waiting.push_back(std::make_shared<Submission>(std::move(submission)));
        if (!std::exchange(running, true)) {
            std::thread(run_engines).detach();
        }
    }
    return result;
}

bool wait_until_idle(const Call& call, std::int64_t timeout_ns) {
    for (std::int64_t waited_ns = 0; !call.node.waiting.empty(); waited_ns += kPollNs) {
        if (timeout_ns >= 0 && waited_ns >= timeout_ns) {
            return false;
        }
        call.lock.unlock();
        pause();
        call.lock.lock();
    }
    return true;
}

}  // namespace mrda::stub
