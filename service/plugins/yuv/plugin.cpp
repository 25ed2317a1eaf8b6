// SPDX-License-Identifier: MIT
// Scales, and turns and mirrors, by libyuv.
#include "session.h"
#include "shared/answer.h"

namespace mrda::plugins::yuv {

namespace {

using MakeTransform = Result<Transform> (*)(const mrda_session_config& config);

Result<Transform> make_scaler(const mrda_session_config& config) {
    MRDA_TRY(media::check_parameters(config, {}));
    return Transform(scale);
}

Result<Transform> make_filter(const mrda_session_config& config) {
    MRDA_TRY(media::check_parameters(config, {"mirror", "rotation"}));
    MRDA_ASSIGN(const auto mirror,
                media::text_choice(config, "mirror", {"none", "horizontal", "vertical"}));
    MRDA_ASSIGN(const auto quarters, media::integer_choice(config, "rotation", {0, 90, 180, 270}));
    Orientation orientation;
    orientation.degrees = 90 * static_cast<int>(quarters.value_or(0));
    orientation.mirror = static_cast<Mirror>(mirror.value_or(0));
    if (!mirror && !quarters) {
        orientation.mirror = Mirror::vertical;  // As pictures come from OpenGL.
    }
    return Transform([orientation](const ConstPlanes& from, const Planes& to,
                                   std::vector<std::uint8_t>& scratch) {
        return orient(from, to, orientation, scratch);
    });
}

template <MakeTransform make, std::uint32_t max_outputs>
int init(void* data, const mrda_session_config* config, mrda_media_error* error) {
    return answer(error, [&]() -> Result<int> {
        MRDA_TRY(check_path(*config, "direct"));
        if (config->output_count == 0 || config->output_count > max_outputs) {
            return make_error(Errc::invalid_argument, std::to_string(config->output_count) +
                                                          " outputs, of 1 to " +
                                                          std::to_string(max_outputs));
        }
        MRDA_ASSIGN(Transform transform, make(*config));
        static_cast<Data<Session>*>(data)->session =
            new Session(std::move(transform), config->output_count);
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

template <MakeTransform make, std::uint32_t max_outputs>
constexpr mrda_session_kind kind_of(mrda_session_type type) {
    return {.size_bytes = sizeof(mrda_session_kind),
            .type = static_cast<std::uint32_t>(type),
            .inputs = kFormats,
            .outputs = kFormats,
            .input_memory = MRDA_MEMORY_PAGES,
            .output_memory = MRDA_MEMORY_PAGES,
            .session_bytes = sizeof(Data<Session>),
            .init = init<make, max_outputs>,
            .send_frame = send_frame,
            .receive_frame = receive_frame,
            .take_done = take_done,
            .reset = reset,
            .report = report,
            .close = close};
}

constexpr mrda_session_kind kScaler = kind_of<make_scaler, MRDA_MAX_OUTPUTS>(MRDA_SESSION_SCALER);
constexpr mrda_session_kind kFilter = kind_of<make_filter, 1>(MRDA_SESSION_FILTER);
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
