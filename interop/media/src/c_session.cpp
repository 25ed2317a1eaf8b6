// SPDX-License-Identifier: MIT
// mrda/media/media.h: sessions.
#include <cstddef>

#include "c_answer.h"
#include "mrda/media/layout.h"

namespace mrda::media {

namespace {

/// Buffers are named by their handles here.
Result<std::vector<Parameter>> parameters_of(const mrda_parameter* given, std::uint32_t count) {
    std::vector<Parameter> parameters;
    if (count > 0) {
        MRDA_TRY(check_given(given, "parameters"));
    }
    for (std::uint32_t index = 0; index < count; ++index) {
        if (given[index].type == MRDA_PARAMETER_BUFFER && given[index].name != nullptr) {
            MRDA_ASSIGN(auto buffer, handles().find_as<const Buffer>(given[index].value.handle));
            parameters.push_back({given[index].name, std::move(buffer)});
        } else {
            MRDA_ASSIGN(auto parameter, from_media(given[index]));
            parameters.push_back(std::move(parameter));
        }
    }
    return parameters;
}

Result<std::shared_ptr<const Reservation>> reservation_of(std::uint64_t handle) {
    return handle == 0 ? Result<std::shared_ptr<const Reservation>>(nullptr)
                       : handles().find_as<const Reservation>(handle);
}

Result<Handled> open_kernel(Context& context, const mrda_media_properties& given) {
    KernelProperties properties;
    properties.plugin = text(given.plugin);
    properties.device = given.device;
    properties.unit = given.unit;
    properties.unit_name = text(given.unit_name);
    properties.bank = given.bank;
    properties.channel = given.channel;
    MRDA_ASSIGN(properties.reservation, reservation_of(given.reservation));
    MRDA_ASSIGN(properties.parameters, parameters_of(given.parameters, given.parameter_count));
    MRDA_ASSIGN(auto kernel, Kernel::open(context, properties));
    return Handled(std::shared_ptr<Kernel>(std::move(kernel)));
}

Result<Handled> open_stage(Context& context, const mrda_media_properties& given) {
    StageProperties properties;
    properties.type = static_cast<mrda_session_type>(given.type);
    properties.plugin = text(given.plugin);
    properties.codec = given.codec;
    if (given.input.drm_fourcc != 0) {
        MRDA_ASSIGN(properties.input, from_media(given.input));
    }
    for (std::uint32_t output = 0; output < given.output_count; ++output) {
        MRDA_ASSIGN(const auto layout, from_media(given.outputs[output]));
        properties.outputs.push_back(layout);
    }
    properties.frames = given.frames == 0 ? properties.frames : given.frames;
    properties.path = text(given.path);
    MRDA_ASSIGN(properties.parameters, parameters_of(given.parameters, given.parameter_count));
    properties.device = given.device;
    properties.bank = given.bank;
    properties.unit = given.unit;
    properties.unit_name = text(given.unit_name);
    properties.channel = given.channel;
    MRDA_ASSIGN(properties.reservation, reservation_of(given.reservation));
    if (given.upstream != 0) {
        MRDA_ASSIGN(properties.upstream, handles().find_as<Stage>(given.upstream));
        properties.upstream_output = given.upstream_output;
    }
    MRDA_ASSIGN(auto stage, Stage::open(context, properties));
    return Handled(std::move(stage));
}

mrda_media_session_report report_of(const Stage& stage) {
    const StageReport report = stage.report();
    mrda_media_session_report told{};
    told.in_place = report.hand_over.in_place ? 1 : 0;
    told.plugin = report.session;
    copy_text(told.copy_reason, report.hand_over.reason);
    told.copied_bytes = report.copied_bytes;
    told.sent = report.frames_sent;
    told.received = report.received;
    told.busy_ns = report.busy_ns;
    told.device = stage.device().index();
    told.bank = stage.bank();
    told.unit = stage.unit() == nullptr ? -1 : static_cast<std::int32_t>(stage.unit()->index());
    return told;
}

mrda_media_session_report report_of(const Kernel& kernel) {
    mrda_media_session_report told{};
    told.device = kernel.unit().device()->index();
    told.unit = static_cast<std::int32_t>(kernel.unit().index());
    return told;
}

constexpr std::size_t kLeastPropertiesBytes =
    offsetof(mrda_media_properties, reservation) + sizeof(mrda_media_properties::reservation);

}  // namespace

}  // namespace mrda::media

using mrda::Errc;
using mrda::Result;
using namespace mrda::media;

void mrda_media_properties_init(mrda_media_properties* properties, uint32_t type,
                                const char* plugin) {
    *properties = {};
    properties->size_bytes = sizeof *properties;
    properties->type = type;
    properties->plugin = plugin;
    properties->device = properties->bank = properties->unit = -1;
}

int mrda_media_create(mrda_media_context context, const mrda_media_properties* properties,
                      mrda_media_session* session, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto known, as_known(properties, kLeastPropertiesBytes, "properties"));
        MRDA_TRY(check_given(session, "session"));
        if (known.output_count > MRDA_MAX_OUTPUTS) {
            return mrda::make_error(Errc::invalid_argument, std::to_string(known.output_count) +
                                                                " outputs, of at most " +
                                                                std::to_string(MRDA_MAX_OUTPUTS));
        }
        MRDA_ASSIGN(const auto in, handles().find_as<Context>(context));
        MRDA_ASSIGN(auto made, known.type == MRDA_SESSION_KERNEL ? open_kernel(*in, known)
                                                                 : open_stage(*in, known));
        *session = handles().add(std::move(made));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_input_frame(mrda_media_session session, mrda_media_frame* frame,
                           mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(frame, "frame"));
        MRDA_ASSIGN(const auto stage, handles().find_as<Stage>(session));
        auto free = stage->input_frame();
        if (!free) {
            return int{MRDA_MEDIA_TRY_AGAIN};
        }
        *frame = handles().add(std::make_shared<Guarded<Frame>>(std::move(*free)));
        return int{MRDA_MEDIA_OK};
    });
}

int mrda_media_send_frame(mrda_media_session session, mrda_media_frame frame,
                          mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto stage, handles().find_as<Stage>(session));
        if (frame == 0) {
            MRDA_TRY(stage->drain());
            return int{MRDA_MEDIA_OK};
        }
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Frame>>(frame));
        MRDA_ASSIGN(const bool taken, stage->send(found->get()));
        return taken ? int{MRDA_MEDIA_OK} : int{MRDA_MEDIA_TRY_AGAIN};
    });
}

int mrda_media_send_data(mrda_media_session session, mrda_media_data data,
                         mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto stage, handles().find_as<Stage>(session));
        if (data == 0) {
            MRDA_TRY(stage->drain());
            return int{MRDA_MEDIA_OK};
        }
        MRDA_ASSIGN(const auto found, handles().find_as<Guarded<Data>>(data));
        MRDA_ASSIGN(const bool taken, stage->send(found->get()));
        return taken ? int{MRDA_MEDIA_OK} : int{MRDA_MEDIA_TRY_AGAIN};
    });
}

int mrda_media_receive_frame(mrda_media_session session, uint32_t output, uint64_t timeout_ns,
                             mrda_media_frame* frame, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(frame, "frame"));
        MRDA_ASSIGN(const auto stage, handles().find_as<Stage>(session));
        MRDA_ASSIGN(auto received, stage->receive_frame(output, timeout_ns));
        if (received.status == Status::ok) {
            *frame = handles().add(std::make_shared<Guarded<Frame>>(std::move(received.frame)));
        }
        return static_cast<int>(received.status);
    });
}

int mrda_media_receive_data(mrda_media_session session, uint64_t timeout_ns, mrda_media_data* data,
                            mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_TRY(check_given(data, "data"));
        MRDA_ASSIGN(const auto stage, handles().find_as<Stage>(session));
        MRDA_ASSIGN(auto received, stage->receive_data(timeout_ns));
        if (received.status == Status::ok) {
            *data = handles().add(std::make_shared<Guarded<Data>>(std::move(received.data)));
        }
        return static_cast<int>(received.status);
    });
}

int mrda_media_write(mrda_media_session session, const mrda_parameter* parameters, uint32_t count,
                     mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto kernel, handles().find_as<Kernel>(session));
        MRDA_ASSIGN(const auto told, parameters_of(parameters, count));
        MRDA_ASSIGN(const bool taken, kernel->write(told));
        return taken ? int{MRDA_MEDIA_OK} : int{MRDA_MEDIA_TRY_AGAIN};
    });
}

int mrda_media_read(mrda_media_session session, uint64_t timeout_ns, mrda_parameter* parameters,
                    uint32_t count, mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const auto kernel, handles().find_as<Kernel>(session));
        if (count > 0) {
            MRDA_TRY(check_given(parameters, "parameters"));
        }
        MRDA_ASSIGN(const Status status, kernel->read(timeout_ns, {parameters, count}));
        return static_cast<int>(status);
    });
}

int mrda_media_about(mrda_media_session session, mrda_media_session_report* report,
                     mrda_media_error* error) {
    return answer_if_asked(error, [&]() -> Result<int> {
        MRDA_ASSIGN(const Handled object, handles().find(session));
        if (const auto* const kernel = std::get_if<std::shared_ptr<Kernel>>(&object)) {
            MRDA_TRY(tell_as_known(report_of(**kernel), report, "report"));
            return int{MRDA_MEDIA_OK};
        }
        MRDA_ASSIGN(const auto stage, handles().find_as<Stage>(session));
        MRDA_TRY(tell_as_known(report_of(*stage), report, "report"));
        return int{MRDA_MEDIA_OK};
    });
}
