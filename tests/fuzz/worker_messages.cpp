// SPDX-License-Identifier: MIT
// What a worker and the service tell each other: the service must survive a worker that was taken
// over.
#include <drm_fourcc.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "worker_protocol.h"

namespace {

using namespace mrda::service;

template <typename T>
void check_refusal(const mrda::Result<T>& parsed) {
    check(!parsed.error().message.empty());
}

std::string good_job() {
    const auto frame = mrda::FrameLayout::linear(DRM_FORMAT_NV12, 64, 64).value();
    return to_message(WorkerJob{
        .params = {.codec = "avc", .plugin = "vpl"},
        .frame = frame,
        .layout = mrda::ivshmem::SessionLayout::make({2, frame.size_bytes(), 2, 1}).value(),
        .plugin_dirs = {"/a", "/b"}});
}

void check_event(std::string_view text) {
    if (const auto event = parse_event(text); event.ok()) {
        const std::string message = to_message(*event);
        check(parse_event(message).ok());
    } else {
        check_refusal(event);
    }
}

void check_job(std::string_view text) {
    if (const auto job = parse_job(text); job.ok()) {
        const auto again = parse_job(to_message(*job));
        check(again.ok() && again->layout == job->layout && again->frame == job->frame &&
              again->input == job->input && again->output == job->output &&
              again->plugin_dirs == job->plugin_dirs);
    } else {
        check_refusal(job);
    }
}

void check_preparation(std::string_view text) {
    if (const auto preparation = parse_preparation(text); preparation.ok()) {
        check(parse_preparation(to_message(*preparation)).value() == *preparation);
    } else {
        check_refusal(preparation);
    }
}

void check_command(std::string_view text) {
    if (const auto command = parse_command(text); command.ok()) {
        check(parse_command(to_message(*command)).value() == *command);
    } else {
        check_refusal(command);
    }
}

/// `text` in the place of some of a good message's bytes, as its first two bytes say.
std::string spliced(const std::string& good, std::string_view text) {
    if (text.size() < 2) {
        return good;
    }
    const std::size_t at = (static_cast<std::uint8_t>(text[0]) * 8U) % good.size();
    const std::size_t length = static_cast<std::uint8_t>(text[1]) % 32U;
    return std::string(good).replace(at, length, text.substr(2));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string job = good_job();
    static const std::string event = to_message(WorkerEvent{});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_event(text);
    check_job(text);
    check_command(text);
    check_preparation(text);
    check_job(spliced(job, text));
    check_event(spliced(event, text));
    return 0;
}
