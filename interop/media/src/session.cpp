// SPDX-License-Identifier: MIT
#include "mrda/media/session.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "call_plugin.h"
#include "mrda/media/layout.h"

namespace mrda::media {

namespace {

bool has_codec(mrda_session_type type) {
    return type == MRDA_SESSION_ENCODER || type == MRDA_SESSION_DECODER;
}

/// Whether the format is one of those.
Result<void> check_format(const FrameLayout& layout, const mrda_format* formats,
                          const char* which) {
    std::string all;
    for (const mrda_format* known = formats; known->drm_fourcc != 0; ++known) {
        if (known->drm_fourcc == layout.format().drm_fourcc) {
            return {};
        }
        all += (all.empty() ? "" : ", ") + fourcc_string(known->drm_fourcc);
    }
    return make_error(Errc::unsupported, std::string(which) + " frames of " +
                                             std::string(layout.format().name) +
                                             " asked of a session that takes " + all);
}

/// Whether a session that works with these formats, and with any of `wanted` memory, can work with
/// a pool. An empty one is no frames.
Result<void> check_pool(const mrda_pool& pool, const mrda_format* formats, std::uint32_t wanted,
                        const char* which) {
    if (pool.buffer_count == 0) {
        return {};
    }
    MRDA_ASSIGN(const FrameLayout layout, from_media(pool.layout));
    MRDA_TRY(check_format(layout, formats, which));
    for (std::uint32_t index = 0; index < pool.buffer_count; ++index) {
        const mrda_buffer& buffer = *pool.buffers[index];
        if ((buffer.memory & wanted) == 0) {
            return make_error(Errc::invalid_argument,
                              std::string(which) + " buffer " + std::to_string(index) +
                                  " offers memory " + std::to_string(buffer.memory) +
                                  ", and the session works with " + std::to_string(wanted) +
                                  " (1 pages, 2 object, 4 device address)");
        }
        MRDA_TRY(layout.check_fits(buffer.length_bytes));
    }
    return {};
}

}  // namespace

void Session::Data::Free::operator()(void* bytes) const {
    std::free(bytes);
}

Session::Data::Data(std::shared_ptr<const LoadedPlugin> plugin, const mrda_session_kind* kind)
    : plugin_(std::move(plugin)),
      kind_(kind),
      // Zeroed, and null where there is no memory: no exception leaves this module.
      bytes_(std::calloc(1, std::max<std::size_t>(kind->session_bytes, 1))) {}

Session::Data::~Data() {
    if (bytes_ != nullptr && open_) {
        kind_->close(bytes_.get());
    }
}

Session::Session(std::shared_ptr<const LoadedPlugin> plugin, const mrda_session_kind* kind)
    : plugin_(plugin), kind_(kind), data_(std::move(plugin), kind) {}

Session::Frames Session::frames_of(const mrda_pool& pool) {
    Frames made{{pool.buffers, pool.buffers + pool.buffer_count},
                std::make_unique<mrda_media_layout>(pool.layout),
                {}};
    for (std::uint32_t index = 0; index < pool.buffer_count; ++index) {
        made.frames.push_back({.size_bytes = sizeof(mrda_frame),
                               .flags = 0,
                               .buffer = made.buffers[index],
                               .layout = made.layout.get(),
                               .pts = 0,
                               .index = index,
                               .side_data_count = 0,
                               .side_data = nullptr});
    }
    return made;
}

Result<Session> Session::open(std::shared_ptr<const LoadedPlugin> plugin, mrda_session_type type,
                              const mrda_session_config& config) {
    const std::string codec = has_codec(type) ? text_of(config.codec.codec) : std::string();
    MRDA_ASSIGN(const mrda_session_kind* const kind, plugin->find(type, codec));
    if (config.output_count > MRDA_MAX_OUTPUTS) {
        return make_error(Errc::invalid_argument, std::to_string(config.output_count) +
                                                      " outputs, of at most " +
                                                      std::to_string(MRDA_MAX_OUTPUTS));
    }
    MRDA_TRY(check_pool(config.input, kind->inputs, kind->input_memory, "input"));
    for (std::uint32_t output = 0; output < config.output_count; ++output) {
        MRDA_TRY(check_pool(config.outputs[output], kind->outputs, kind->output_memory, "output"));
    }
    Session session(std::move(plugin), kind);
    if (session.data_.get() == nullptr) {
        return make_error(Errc::out_of_memory,
                          "no memory for a session of " + std::to_string(kind->session_bytes));
    }
    session.input_ = frames_of(config.input);
    for (std::uint32_t output = 0; output < config.output_count; ++output) {
        const mrda_pool& pool = config.outputs[output];
        session.outputs_.emplace_back(pool.buffers, pool.buffers + pool.buffer_count);
    }
    MRDA_TRY(session.init(config));
    return session;
}

Result<void> Session::init(const mrda_session_config& config) {
    // Pools that live as long as the session, whatever becomes of the caller's lists.
    mrda_session_config own = config;
    own.size_bytes = sizeof own;
    own.input.buffers = input_.buffers.data();
    for (std::size_t output = 0; output < outputs_.size(); ++output) {
        own.outputs[output].buffers = outputs_[output].data();
    }
    mrda_media_error error{};
    const int status = kind_->init(data_.get(), &own, &error);
    if (status != MRDA_MEDIA_OK) {
        return error_of("init", status, error);
    }
    data_.opened();
    return {};
}

Error Session::error_of(const char* call, int status, const mrda_media_error& error) const {
    return media::error_of(*plugin_, call, status, error);
}

Result<bool> Session::not_sent(int status, const mrda_media_error& error) const {
    return error_of("send", status, error);
}

inline Result<bool> Session::sent(int status, const mrda_media_error& error) const {
    if (status == MRDA_MEDIA_OK || status == MRDA_MEDIA_TRY_AGAIN) {
        return status == MRDA_MEDIA_OK;
    }
    return not_sent(status, error);
}

// Always inline: the one function that a worker calls for each frame.
[[gnu::always_inline]] inline Result<bool> Session::send_at(std::uint32_t index, std::int64_t pts,
                                                            bool key_frame,
                                                            const mrda_side_data* side_data,
                                                            std::size_t side_data_count) {
    if (index >= input_.buffers.size()) {
        return make_error(Errc::invalid_argument, "frame " + std::to_string(index) + " sent of " +
                                                      std::to_string(input_.buffers.size()));
    }
    mrda_frame& frame = input_.frames[index];
    frame.pts = pts;
    frame.flags = key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U;
    frame.side_data = side_data;
    frame.side_data_count = static_cast<std::uint32_t>(side_data_count);
    mrda_media_error error;
    error.message[0] = '\0';
    const int status = kind_->send_frame(data_.get(), &frame, &error);
    if (status == MRDA_MEDIA_OK && kind_->take_done == nullptr) {
        read_.push_back(index);
    }
    return sent(status, error);
}

Result<bool> Session::send(std::uint32_t index, std::int64_t pts, bool key_frame) {
    return send_at(index, pts, key_frame, nullptr, 0);
}

Result<bool> Session::send(std::uint32_t index, std::int64_t pts, bool key_frame,
                           std::span<const mrda_side_data> side_data) {
    return send_at(index, pts, key_frame, side_data.data(), side_data.size());
}

Result<bool> Session::send(const mrda_media_packet& packet) {
    mrda_media_error error;
    error.message[0] = '\0';
    return sent(kind_->send_packet(data_.get(), &packet, &error), error);
}

Result<void> Session::drain() {
    mrda_media_error error{};
    const int status = kind_->send_frame != nullptr
                           ? kind_->send_frame(data_.get(), nullptr, &error)
                           : kind_->send_packet(data_.get(), nullptr, &error);
    if (status != MRDA_MEDIA_OK) {
        return error_of("the end of the stream", status, error);
    }
    return {};
}

Result<ReceivedPacket> Session::receive(std::uint64_t timeout_ns) {
    mrda_media_error error;
    error.message[0] = '\0';
    ReceivedPacket received;
    const int status = kind_->receive_packet(data_.get(), timeout_ns, &received.packet, &error);
    if (status < MRDA_MEDIA_OK || status > MRDA_MEDIA_END) {
        return error_of("receive", status, error);
    }
    received.status = static_cast<Status>(status);
    return received;
}

Result<Status> Session::receive(std::uint32_t output, std::uint64_t timeout_ns, mrda_frame& frame) {
    if (output >= std::max<std::size_t>(outputs_.size(), 1)) {
        return make_error(Errc::invalid_argument, "output " + std::to_string(output) + " of " +
                                                      std::to_string(outputs_.size()));
    }
    mrda_media_error error;
    error.message[0] = '\0';
    const int status = kind_->receive_frame(data_.get(), output, timeout_ns, &frame, &error);
    if (status < MRDA_MEDIA_OK || status > MRDA_MEDIA_END) {
        return error_of("receive", status, error);
    }
    return static_cast<Status>(status);
}

Result<std::optional<mrda_media_layout>> Session::describe() {
    mrda_media_error error;
    error.message[0] = '\0';
    mrda_media_layout layout{};
    const int status = kind_->describe(data_.get(), &layout, &error);
    if (status == MRDA_MEDIA_TRY_AGAIN) {
        return std::optional<mrda_media_layout>();
    }
    if (status != MRDA_MEDIA_OK) {
        return error_of("describe", status, error);
    }
    return std::optional(layout);
}

std::optional<std::uint32_t> Session::take_done() {
    std::uint32_t index = 0;
    if (kind_->take_done != nullptr) {
        return kind_->take_done(data_.get(), &index) == 1 ? std::optional(index) : std::nullopt;
    }
    if (read_.empty()) {
        return std::nullopt;
    }
    index = read_.front();
    read_.erase(read_.begin());
    return index;
}

Result<bool> Session::write(std::span<const mrda_parameter> parameters) {
    mrda_media_error error;
    error.message[0] = '\0';
    return sent(kind_->write(data_.get(), parameters.data(),
                             static_cast<std::uint32_t>(parameters.size()), &error),
                error);
}

Result<Status> Session::read(std::uint64_t timeout_ns, std::span<mrda_parameter> parameters) {
    mrda_media_error error;
    error.message[0] = '\0';
    const int status = kind_->read(data_.get(), timeout_ns, parameters.data(),
                                   static_cast<std::uint32_t>(parameters.size()), &error);
    if (status < MRDA_MEDIA_OK || status > MRDA_MEDIA_END) {
        return error_of("read", status, error);
    }
    return static_cast<Status>(status);
}

Result<void> Session::reset() {
    if (kind_->reset == nullptr) {
        return make_error(Errc::unsupported, std::string("plugin ") + plugin_->table().name +
                                                 " has no reset; open another session");
    }
    mrda_media_error error{};
    const int status = kind_->reset(data_.get(), &error);
    if (status != MRDA_MEDIA_OK) {
        return error_of("reset", status, error);
    }
    read_.clear();
    return {};
}

mrda_media_report Session::report() const {
    mrda_media_report report{};
    if (kind_->report != nullptr) {
        kind_->report(data_.get(), &report);
    }
    // Whatever the plugin wrote, these are strings.
    report.implementation[sizeof report.implementation - 1] = '\0';
    report.path[sizeof report.path - 1] = '\0';
    report.path_reason[sizeof report.path_reason - 1] = '\0';
    return report;
}

}  // namespace mrda::media
