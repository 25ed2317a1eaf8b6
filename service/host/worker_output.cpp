// SPDX-License-Identifier: MIT
#include "worker_output.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "log.h"

namespace mrda::service {

namespace {

constexpr std::size_t kMaxLineBytes = 512;
/// Of one worker in its life: drivers say a few at their start.
constexpr std::uint64_t kMaxLines = 256;
/// More than a pipe holds.
constexpr int kLastReads = 32;

}  // namespace

Result<std::unique_ptr<WorkerOutput>> WorkerOutput::create(EventLoop& loop, Fd pipe, pid_t worker) {
    std::unique_ptr<WorkerOutput> made(new WorkerOutput(loop, std::move(pipe), worker));
    WorkerOutput* const self = made.get();
    MRDA_ASSIGN(made->watch_, loop.watch(made->pipe_.get(), [self] {
        // Once a turn: a worker that never stops talking must not hold everybody's thread.
        self->read();
    }));
    return made;
}

WorkerOutput::~WorkerOutput() {
    for (int i = 0; i < kLastReads && watch_ != 0 && read(); ++i) {
    }
    loop_.forget(watch_);
    if (!line_.empty()) {
        log_line();
    }
}

bool WorkerOutput::read() {
    std::array<char, 4096> text{};
    const ssize_t count = ::read(pipe_.get(), text.data(), text.size());
    if (count == 0) {
        loop_.forget(std::exchange(watch_, 0));
    } else if (count > 0) {
        take({text.data(), static_cast<std::size_t>(count)});
    }
    return count > 0;
}

void WorkerOutput::take(std::string_view text) {
    for (const char c : text) {
        if (c == '\n') {
            log_line();
        } else if (line_.size() < kMaxLineBytes) {
            line_ += c >= 0 && c < ' ' ? ' ' : c;
        }
    }
}

void WorkerOutput::log_line() {
    const std::string line = std::exchange(line_, {});
    ++lines_;
    if (lines_ > kMaxLines + 1 || line.empty()) {
        return;
    }
    Log::warn("worker", {{"pid", std::to_string(worker_)},
                         {"text", lines_ > kMaxLines ? "prints more than is logged" : line}});
}

}  // namespace mrda::service
