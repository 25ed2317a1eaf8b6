// SPDX-License-Identifier: MIT
// Scales, and flips top to bottom, by libyuv.
#include "session.h"
#include "shared/answer.h"

namespace mrda::plugins::yuv {

namespace {

template <Transform transform, std::uint32_t max_outputs>
int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(check_path(*config, "direct"));
        if (config->output_count == 0 || config->output_count > max_outputs) {
            return make_error(Errc::invalid_argument, std::to_string(config->output_count) +
                                                          " outputs, of 1 to " +
                                                          std::to_string(max_outputs));
        }
        static_cast<Data<Session>*>(data)->session = new Session(transform, config->output_count);
        return int{MRDA_MEDIA_OK};
    });
}

int send_frame(void* data, const mrda_frame* frame, mrda_media_error* error) {
    return answer(error, [&] { return session_of<Session>(data).send(frame); });
}

int receive_frame(void* data, std::uint32_t output, std::uint64_t /*timeout_ns*/, mrda_frame* frame,
                  mrda_media_error* error) {
    return answer(error, [&] { return session_of<Session>(data).receive(output, *frame); });
}

int take_done(void* data, std::uint32_t* index) {
    const auto done = session_of<Session>(data).take_done();
    *index = done.value_or(0);
    return done ? 1 : 0;
}

int reset(void* data, mrda_media_error* /*error*/) {
    session_of<Session>(data).reset();
    return MRDA_MEDIA_OK;
}

void report(const void* data, mrda_media_report* report) {
    attempt([&] { static_cast<const Data<Session>*>(data)->session->report(*report); });
}

void close(void* data) {
    delete static_cast<Data<Session>*>(data)->session;
}

template <Transform transform, std::uint32_t max_outputs>
constexpr mrda_session_kind kind_of(mrda_session_type type) {
    return {.size_bytes = sizeof(mrda_session_kind),
            .type = static_cast<std::uint32_t>(type),
            .inputs = kFormats,
            .outputs = kFormats,
            .input_memory = MRDA_MEMORY_PAGES,
            .output_memory = MRDA_MEMORY_PAGES,
            .session_bytes = sizeof(Data<Session>),
            .init = init<transform, max_outputs>,
            .send_frame = send_frame,
            .receive_frame = receive_frame,
            .take_done = take_done,
            .reset = reset,
            .report = report,
            .close = close};
}

constexpr mrda_session_kind kScaler = kind_of<scale, MRDA_MAX_OUTPUTS>(MRDA_SESSION_SCALER);
constexpr mrda_session_kind kFilter = kind_of<flip, 1>(MRDA_SESSION_FILTER);
constexpr const mrda_session_kind* kKinds[] = {&kScaler, &kFilter, nullptr};
constexpr mrda_plugin kPlugin{.size_bytes = sizeof(mrda_plugin),
                              .abi = MRDA_PLUGIN_ABI,
                              .name = "yuv",
                              .version = "1",
                              .kinds = kKinds};

}  // namespace

}  // namespace mrda::plugins::yuv

extern "C" [[gnu::visibility("default")]] const mrda_plugin* mrda_plugin_entry(
    std::uint32_t /*host_abi*/) {
    return &mrda::plugins::yuv::kPlugin;
}
