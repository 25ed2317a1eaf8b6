// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "mrda/guest/guest.h"
#include "mrda/interop/pixel_format.h"
#include "request.h"
#include "session.h"

struct mrda_guest_session {
    std::unique_ptr<mrda::guest::core::Session> core;
};

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

void tell(std::string_view words, char* message, size_t message_bytes) {
    if (message == nullptr || message_bytes == 0) {
        return;
    }
    const std::size_t count = std::min(words.size(), message_bytes - 1);
    std::memcpy(message, words.data(), count);
    message[count] = '\0';
}

/// No exception leaves the library: its callers may be C.
template <typename Call>
mrda_guest_status on(mrda_guest_session* session, const void* argument, const char* name,
                     Call call) {
    if (session == nullptr) {
        return MRDA_GUEST_BAD_ARGUMENT;
    }
    try {
        if (argument == nullptr) {
            return session->core->fail(MRDA_GUEST_BAD_ARGUMENT,
                                       std::string(name) + " must not be NULL");
        }
        return call(*session->core);
    } catch (const std::exception& thrown) {
        return session->core->fail(MRDA_GUEST_FAILED, thrown.what());
    }
}

mrda::Result<std::unique_ptr<mrda_guest_session>> make(const mrda_guest_config& config) {
    MRDA_ASSIGN(auto parameters, mrda::guest::core::parameters_of(config));
    MRDA_ASSIGN(auto core, mrda::guest::core::Session::create(std::move(parameters)));
    return std::make_unique<mrda_guest_session>(mrda_guest_session{std::move(core)});
}

}  // namespace

void mrda_guest_config_init(mrda_guest_config* config) {
    if (config == nullptr) {
        return;
    }
    *config = {};
    config->size_bytes = sizeof *config;
    config->codec = MRDA_GUEST_AVC;
    config->drm_fourcc = mrda::find_pixel_format("NV12").value()->drm_fourcc;
    config->fps_num = 30;
    config->fps_den = 1;
    config->qp = 22;
    config->gop_size = 60;
    config->gop_ref_dist = 1;
    config->num_ref_frames = 1;
    config->target_usage = 4;
    config->async_depth = 4;
    config->connect_timeout_ns = 25 * kNsPerSecond;
    config->reattach_timeout_ns = 10 * kNsPerSecond;
}

mrda_guest_status mrda_guest_create(const mrda_guest_config* config, mrda_guest_session** session,
                                    char* message, size_t message_bytes) {
    tell("", message, message_bytes);
    if (session == nullptr || config == nullptr) {
        tell("config and session must not be NULL", message, message_bytes);
        return MRDA_GUEST_BAD_ARGUMENT;
    }
    *session = nullptr;
    try {
        auto made = make(*config);
        if (!made.ok()) {
            tell(to_string(made.error()), message, message_bytes);
            return mrda::guest::core::status_of(made.error().code);
        }
        *session = std::move(*made).release();
        return MRDA_GUEST_OK;
    } catch (const std::exception& thrown) {
        tell(thrown.what(), message, message_bytes);
        return MRDA_GUEST_FAILED;
    }
}

mrda_guest_status mrda_guest_get_buffer(mrda_guest_session* session, mrda_guest_buffer* buffer,
                                        uint64_t timeout_ns) {
    return on(session, buffer, "buffer",
              [&](auto& core) { return core.get_buffer(*buffer, timeout_ns); });
}

mrda_guest_status mrda_guest_return_buffer(mrda_guest_session* session,
                                           const mrda_guest_buffer* buffer) {
    return on(session, buffer, "buffer", [&](auto& core) { return core.return_buffer(*buffer); });
}

mrda_guest_status mrda_guest_send_frame(mrda_guest_session* session,
                                        const mrda_guest_buffer* buffer, int64_t pts,
                                        uint32_t flags) {
    return on(session, session, "session", [&](auto& core) {
        return buffer == nullptr ? core.send_end() : core.send_frame(*buffer, pts, flags);
    });
}

mrda_guest_status mrda_guest_receive(mrda_guest_session* session, mrda_guest_packet* packet,
                                     uint64_t timeout_ns) {
    return on(session, packet, "packet",
              [&](auto& core) { return core.receive(*packet, timeout_ns); });
}

mrda_guest_status mrda_guest_release(mrda_guest_session* session, const mrda_guest_packet* packet) {
    return on(session, packet, "packet", [&](auto& core) { return core.release(*packet); });
}

mrda_guest_status mrda_guest_reset(mrda_guest_session* session, uint64_t timeout_ns) {
    return on(session, session, "session", [&](auto& core) { return core.reset(timeout_ns); });
}

mrda_guest_status mrda_guest_stop(mrda_guest_session* session) {
    if (session == nullptr) {
        return MRDA_GUEST_BAD_ARGUMENT;
    }
    try {
        return session->core->stop();
    } catch (const std::exception&) {
        return MRDA_GUEST_FAILED;
    }
}

void mrda_guest_destroy(mrda_guest_session* session) {
    delete session;
}

void mrda_guest_get_info(const mrda_guest_session* session, mrda_guest_info* info) {
    if (session != nullptr && info != nullptr) {
        session->core->get_info(*info);
    }
}

const char* mrda_guest_last_error(const mrda_guest_session* session) {
    return session == nullptr ? "session must not be NULL" : session->core->last_error();
}
