// SPDX-License-Identifier: MIT
// mrda-worker: one session's codec, in a process of its own. mrda-service starts it with a control
// socket, and sends the regions with the job; it is no program for people.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "mrda/interop/exit_code.h"
#include "mrda/interop/platform.h"
#include "mrda/media/loaded_plugin.h"
#include "pipeline.h"
#include "sandbox.h"

namespace {

using mrda::Error;
using mrda::Fd;
using mrda::Result;
using mrda::service::MessageWithDescriptors;
using mrda::service::Pipeline;
using mrda::service::PipelineDescriptors;
using mrda::service::WorkerCommand;
using mrda::service::WorkerEvent;
using mrda::service::WorkerJob;
using mrda::service::WorkerPreparation;

void send_event(const WorkerEvent& event) {
    // A service that does not read loses the message, not the session.
    static_cast<void>(
        mrda::service::send_message(mrda::service::kControlFd, to_message(event)).ok());
}

int fail(const Error& error) {
    WorkerEvent event;
    event.kind = WorkerEvent::Kind::failed;
    event.code = error.code;
    event.message = to_string(error);
    send_event(event);
    return mrda::exit_code_of(error.code);
}

/// Hears the service's commands until it is gone. Then so are we, at once: whatever the codec does
/// at this moment, nobody is left to want it.
[[noreturn]] void obey(Pipeline& pipeline) {
    for (;;) {
        const auto message = mrda::service::receive_message(mrda::service::kControlFd);
        if (!message.ok() || !message->has_value()) {
            ::_exit(0);
        }
        const auto command = mrda::service::parse_command(**message);
        if (!command.ok()) {
            ::_exit(fail(command.error()));
        }
        pipeline.request(*command);
    }
}

/// Points the loaders at the drivers that the platform wants.
Result<void> choose_drivers(const WorkerPreparation& wanted) {
    mrda::quieten_libva();
    if (wanted.platform != "software") {
        return {};
    }
    // The environment is empty by design: what it would have named comes in a message.
    if (!wanted.driver_dir.empty() &&
        ::setenv("MRDA_DRIVER_DIR", wanted.driver_dir.c_str(), 1) != 0) {
        return mrda::os_error("setenv", errno, "cannot name the driver folder");
    }
    // SVT-AV1 tells its whole configuration to the log of whoever loads it; errors are enough.
    ::setenv("SVT_LOG", "1", 1);
    return mrda::use_software_drivers();
}

/// Loads what a session will need, and keeps it. What fails here fails again with the job, and is
/// told then.
void prepare(const WorkerPreparation& wanted) {
    ::prctl(PR_SET_NAME, "mrda-spare");  // For who looks at processes: it has no session.
    if (!choose_drivers(wanted).ok()) {
        return;
    }
    static std::shared_ptr<const mrda::media::LoadedPlugin> plugin;
    if (auto loaded = mrda::media::LoadedPlugin::load(wanted.plugin_dirs, wanted.plugin);
        loaded.ok()) {
        plugin = std::move(*loaded);
        plugin->prepare(wanted.device);
    }
}

/// The job, after the preparations that may come before it.
Result<MessageWithDescriptors> await_job() {
    for (;;) {
        MRDA_ASSIGN(auto message,
                    mrda::service::receive_with_descriptors(mrda::service::kControlFd));
        const auto preparation = mrda::service::parse_preparation(message.text);
        if (!preparation.ok()) {
            return message;
        }
        prepare(*preparation);
    }
}

Result<PipelineDescriptors> take_descriptors(const WorkerJob& job, std::vector<Fd> came) {
    const bool host = mrda::service::has_event(job.host_woken_by);
    const bool guest = mrda::service::has_event(job.guest_woken_by);
    const std::size_t wanted = 2 + (host ? 1U : 0U) + (guest ? 1U : 0U);
    if (came.size() != wanted) {
        return mrda::make_error(mrda::Errc::corrupt,
                                "this job comes with " + std::to_string(wanted) +
                                    " descriptors, and not with " + std::to_string(came.size()));
    }
    PipelineDescriptors taken{.input = std::move(came[0]), .output = std::move(came[1])};
    if (guest) {
        taken.guest_event = std::move(came.back());
    }
    if (host) {
        taken.host_event = std::move(came[2]);
    }
    return taken;
}

Result<void> run() {
    MRDA_TRY(mrda::service::enter_sandbox());
    MRDA_ASSIGN(auto message, await_job());
    ::prctl(PR_SET_NAME, "mrda-worker");
    MRDA_ASSIGN(auto job, mrda::service::parse_job(message.text));
    MRDA_ASSIGN(auto memory, take_descriptors(job, std::move(message.descriptors)));
    MRDA_TRY(mrda::service::limit_memory(job.memory_bytes));
    MRDA_TRY(choose_drivers(preparation_of(job)));
    MRDA_ASSIGN(auto pipeline, Pipeline::create(std::move(job), std::move(memory), send_event));
    MRDA_TRY(mrda::service::forbid_system_calls());
    send_event(pipeline->running_event());
    std::thread([&pipeline] { obey(*pipeline); }).detach();
    const auto worked = pipeline->run();
    // The failure has been told by the pipeline. No tear-down: the kernel takes back everything at
    // once, and the other thread still uses the pipeline.
    ::_exit(worked.ok() ? 0 : mrda::exit_code_of(worked.error().code));
}

/// Whether the service's end of a control socket is where a worker looks for it.
bool has_control_socket() {
    int type = 0;
    socklen_t length = sizeof type;
    return ::getsockopt(mrda::service::kControlFd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
           type == SOCK_SEQPACKET;
}

}  // namespace

int main(int argc, char** /*argv*/) {
    if (argc > 1 || !has_control_socket()) {
        std::fputs("mrda-worker is started by mrda-service, with its descriptors\n", stderr);
        return mrda::kExitUsage;
    }
    const auto ran = run();
    // As on the good path: drivers that are loaded are not taken down in any order.
    ::_exit(ran.ok() ? 0 : fail(ran.error()));
}
