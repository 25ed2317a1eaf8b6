// SPDX-License-Identifier: MIT
#include "session.h"

#include <fcntl.h>

#include <cstring>
#include <utility>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

namespace {

constexpr int kMessagesPerTurn = 64;
constexpr std::uint64_t kCountsPatienceNs = 1'000'000'000;

}  // namespace

Session::Session(EventLoop& loop, const SessionSettings& settings, WorkerPool& workers,
                 std::uint64_t id, std::shared_ptr<Vm> vm, SessionPlan plan, Placement placement,
                 SessionMemory memory, SessionWake wake, Changed changed)
    : loop_(loop),
      settings_(settings),
      workers_(workers),
      id_(id),
      vm_(std::move(vm)),
      plan_(std::move(plan)),
      placement_(std::move(placement)),
      memory_(std::move(memory)),
      wake_(std::move(wake)),
      guest_woken_by_(wake_->guest()),
      host_woken_by_(wake_->host()),
      changed_(std::move(changed)) {
    ++vm_->sessions;
    vm_->pixels_per_second += plan_.pixels_per_second();
}

Session::~Session() {
    loop_.forget(std::exchange(worker_watch_, 0));
    worker_.reset();  // Reaped before its memory is anybody else's.
    release();
}

Result<void> Session::start() {
    const WorkerJob job{.session_id = id_,
                        .epoch = settings_.epoch,
                        .params = plan_.params,
                        .frame = plan_.frame,
                        .layout = plan_.layout,
                        .input = memory_->input(),
                        .output = memory_->output(),
                        .platform = placement_.on_gpu() ? "gpu" : "software",
                        .device = placement_.pci_address,
                        .plugin_dirs = settings_.plugin_dirs,
                        .driver_dir = settings_.driver_dir,
                        .memory_bytes = settings_.worker_memory_bytes,
                        .host_woken_by = wake_->host(),
                        .guest_woken_by = wake_->guest()};
    MRDA_ASSIGN(StartedWorker started, workers_.take(preparation_of(job)));
    output_ = std::move(started.output);
    worker_.emplace(std::move(started.process));
    control_ = std::move(started.control);
    const int flags = ::fcntl(control_.get(), F_GETFL);
    ::fcntl(control_.get(), F_SETFL, flags | O_NONBLOCK);
    std::vector<int> with{memory_->input_region().region.fd(),
                          memory_->output_region().region.fd()};
    for (const int event : {wake_->host_event(), wake_->guest_event()}) {
        if (event >= 0) {
            with.push_back(event);
        }
    }
    MRDA_TRY(send_message(control_.get(), to_message(job), with));
    MRDA_ASSIGN(control_watch_, loop_.watch(control_.get(), [this] { hear(); }));
    MRDA_ASSIGN(worker_watch_, loop_.watch(worker_->pidfd(), [this] { reaped(); }));
    timer_ = loop_.after(settings_.start_timeout_ns, [this] {
        fail(make_error(Errc::timeout, "the session's worker was not ready in " +
                                           std::to_string(settings_.start_timeout_ns / 1'000'000) +
                                           " ms"));
    });
    return {};
}

Result<void> Session::command(WorkerCommand command) const {
    return send_message(control_.get(), to_message(command));
}

Result<void> Session::tell(WorkerCommand told) {
    const auto sent = command(told);
    if (!sent.ok()) {
        fail(sent.error());  // Its state has moved, and nobody would move it back.
        return sent;
    }
    changed_(*this);
    return {};
}

Result<void> Session::drain() {
    if (!move(SessionEvent::drain_asked)) {
        return make_error(Errc::busy,
                          "drain asked of a session that is " + std::string(to_string(state_)));
    }
    return tell(WorkerCommand::drain);
}

Result<void> Session::reset() {
    if (!move(SessionEvent::reset_asked)) {
        return make_error(Errc::busy,
                          "reset asked of a session that is " + std::string(to_string(state_)));
    }
    return tell(WorkerCommand::reset);
}

void Session::stop(bool now) {
    const bool was_last = is_last(state_);
    static_cast<void>(move(SessionEvent::stop_asked));
    if (worker_) {
        if (now || !command(WorkerCommand::stop).ok()) {
            worker_->kill();
        } else if (!was_last) {  // Asked again, it is not given more time.
            loop_.cancel(timer_);
            timer_ = loop_.after(settings_.stop_timeout_ns, [this] { worker_->kill(); });
        }
    } else {
        release();
    }
    if (!was_last) {
        changed_(*this);
    }
}

void Session::refresh() {
    const std::uint64_t now = ivshmem::now_ns();
    // A worker may lose its answer where nobody has read for long.
    const bool asked = counts_asked_ns_ != 0 && now - counts_asked_ns_ < kCountsPatienceNs;
    // One that still starts reads no commands.
    if (worker_ && !is_last(state_) && state_ != SessionState::initialised && !asked) {
        counts_asked_ns_ = command(WorkerCommand::stats).ok() ? now : 0;
    }
}

void Session::hear() {
    // A few at a time: a worker that never stops talking must not hold everybody's thread.
    for (int count = 0; count < kMessagesPerTurn; ++count) {
        const auto message = receive_message(control_.get());
        if (!message.ok()) {
            // The worker ended, or will: its pidfd tells how.
            loop_.forget(std::exchange(control_watch_, 0));
            if (message.error().code != Errc::end_of_stream) {
                fail(message.error());
            }
            return;
        }
        if (!message->has_value()) {
            return;
        }
        const auto event = parse_event(**message);
        if (!event.ok()) {
            fail(event.error());
            return;
        }
        heard(*event);
    }
}

void Session::heard(const WorkerEvent& event) {
    counts_ = event;
    switch (event.kind) {
        case WorkerEvent::Kind::running:
            if (move(SessionEvent::worker_ready)) {
                running_ = event;
                loop_.cancel(timer_);
                changed_(*this);
            }
            break;
        case WorkerEvent::Kind::drained:
            if (move(SessionEvent::drain_asked)) {
                changed_(*this);
            }
            break;
        case WorkerEvent::Kind::reset:
            if (move(SessionEvent::reset_done)) {
                changed_(*this);
            }
            break;
        case WorkerEvent::Kind::failed:
            fail(make_error(event.code, event.message));
            break;
        case WorkerEvent::Kind::stats:
            counts_asked_ns_ = 0;
            break;
    }
}

void Session::fail(Error error) {
    const bool was_last = is_last(state_);
    static_cast<void>(move(SessionEvent::error));
    if (worker_) {
        worker_->kill();
    }
    if (!was_last) {
        failure_ = std::move(error);
        changed_(*this);
    }
}

void Session::reaped() {
    if (control_watch_ != 0) {
        hear();  // Its last words say more than its exit.
    }
    loop_.forget(std::exchange(worker_watch_, 0));  // It would close with the worker.
    const auto exit = worker_->reap();
    if (!exit) {
        return;
    }
    const pid_t pid = worker_->pid();
    worker_.reset();
    if (!is_last(state_)) {
        const std::string how = exit->signal != 0 ? "by signal " + std::to_string(exit->signal) +
                                                        " (" + ::strsignal(exit->signal) + ")"
                                                  : "with exit code " + std::to_string(exit->code);
        fail(make_error(Errc::device_lost,
                        "the session's worker, process " + std::to_string(pid) + ", ended " + how));
    }
    release();
    changed_(*this);
}

bool Session::move(SessionEvent event) {
    const Transition transition = follow(state_, event);
    if (transition.allowed) {
        state_ = transition.next;
    }
    return transition.allowed;
}

void Session::release() {
    loop_.cancel(timer_);
    loop_.forget(std::exchange(control_watch_, 0));
    loop_.forget(std::exchange(worker_watch_, 0));
    control_.reset();
    output_.reset();
    wake_.reset();
    if (memory_) {
        memory_.reset();
        --vm_->sessions;
        vm_->pixels_per_second -= plan_.pixels_per_second();
    }
}

v1::SessionStatus Session::status() const {
    v1::SessionStatus status;
    status.set_session_id(id_);
    status.set_state(static_cast<v1::SessionState>(static_cast<int>(state_) + 1));
    status.set_vm(vm_->config.name);
    status.set_codec(plan_.params.codec);
    status.set_path(running_.path);
    status.set_path_reason(running_.message);
    status.set_implementation(running_.implementation);
    if (failure_) {
        status.set_failure_code(std::string(to_string(failure_->code)));
        status.set_failure(to_string(*failure_));
    }
    status.set_frames(counts_.frames);
    status.set_packets(counts_.packets);
    status.set_bitstream_bytes(counts_.bytes);
    status.set_cpu_copied_bytes(counts_.cpu_copied_bytes);
    status.set_codec_copied_bytes(counts_.codec_copied_bytes);
    status.set_width_px(plan_.params.width_px);
    status.set_height_px(plan_.params.height_px);
    status.set_guest_woken_by(std::string(ivshmem::to_string(guest_woken_by_)));
    status.set_host_woken_by(std::string(ivshmem::to_string(host_woken_by_)));
    return status;
}

}  // namespace mrda::service
