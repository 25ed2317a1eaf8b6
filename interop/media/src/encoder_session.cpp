// SPDX-License-Identifier: MIT
#include "mrda/media/encoder_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mrda::media {

namespace {

/// The plugin's status as an Error. A plugin may return nonsense: that is its bug, named.
Error error_of(const Plugin& plugin, const char* call, int status, const mrda_media_error& error) {
    const std::size_t length = ::strnlen(error.message, sizeof error.message);
    std::string message(error.message, length);
    if (status >= 0 || status < -1 - static_cast<int>(Errc::internal)) {
        return make_error(Errc::internal, std::string("plugin ") + plugin.table().name + ": " +
                                              call + " returned " + std::to_string(status));
    }
    if (message.empty()) {
        message = std::string("plugin ") + plugin.table().name + ": " + call + " failed";
    }
    return make_error(static_cast<Errc>(-1 - status), std::move(message));
}

}  // namespace

Result<EncoderSession> EncoderSession::open(std::shared_ptr<const Plugin> plugin,
                                            const mrda_encoder_config& config) {
    const mrda_encoder_plugin& table = plugin->table();
    const std::string codec(config.codec, ::strnlen(config.codec, sizeof config.codec));
    bool listed = false;
    std::string all;
    for (const char* const* known = table.codecs; *known != nullptr; ++known) {
        listed = listed || codec == *known;
        all += std::string(all.empty() ? "" : ", ") + *known;
    }
    if (!listed) {
        return make_error(Errc::unsupported, "codec \"" + codec + "\" asked of plugin " +
                                                 table.name + ", which has " + all);
    }
    mrda_encoder* encoder = nullptr;
    mrda_media_error error{};
    const int status = table.open(&config, &encoder, &error);
    if (status != MRDA_MEDIA_OK || encoder == nullptr) {
        return error_of(*plugin, "open", status, error);
    }
    return EncoderSession(std::move(plugin), encoder);
}

EncoderSession::EncoderSession(EncoderSession&& other) noexcept
    : plugin_(std::move(other.plugin_)), encoder_(std::exchange(other.encoder_, nullptr)) {}

EncoderSession::~EncoderSession() {
    if (encoder_ != nullptr) {
        plugin_->table().close(encoder_);
    }
}

Result<bool> EncoderSession::send(std::uint32_t slot, std::int64_t pts, bool key_frame) {
    mrda_media_error error{};
    const int status = plugin_->table().send(
        encoder_, slot, pts, key_frame ? std::uint32_t{MRDA_FRAME_KEY} : 0U, &error);
    if (status == MRDA_MEDIA_OK || status == MRDA_MEDIA_TRY_AGAIN) {
        return status == MRDA_MEDIA_OK;
    }
    return error_of(*plugin_, "send", status, error);
}

Result<Received> EncoderSession::receive(std::uint64_t timeout_ns) {
    mrda_media_error error{};
    Received received;
    const int status = plugin_->table().receive(encoder_, timeout_ns, &received.packet, &error);
    switch (status) {
        case MRDA_MEDIA_OK:
            received.status = Received::Status::packet;
            return received;
        case MRDA_MEDIA_SEND_MORE:
            return received;
        case MRDA_MEDIA_TRY_AGAIN:
            received.status = Received::Status::try_again;
            return received;
        case MRDA_MEDIA_END:
            received.status = Received::Status::end_of_stream;
            return received;
        default:
            return error_of(*plugin_, "receive", status, error);
    }
}

std::optional<std::uint32_t> EncoderSession::take_done() {
    std::uint32_t slot = 0;
    if (plugin_->table().take_done(encoder_, &slot) != 1) {
        return std::nullopt;
    }
    return slot;
}

Result<void> EncoderSession::drain() {
    mrda_media_error error{};
    const int status = plugin_->table().drain(encoder_, &error);
    if (status != MRDA_MEDIA_OK) {
        return error_of(*plugin_, "drain", status, error);
    }
    return {};
}

Result<void> EncoderSession::reset() {
    mrda_media_error error{};
    const int status = plugin_->table().reset(encoder_, &error);
    if (status != MRDA_MEDIA_OK) {
        return error_of(*plugin_, "reset", status, error);
    }
    return {};
}

mrda_media_report EncoderSession::report() const {
    mrda_media_report report{};
    plugin_->table().report(encoder_, &report);
    // Whatever the plugin wrote, these are strings.
    report.implementation[sizeof report.implementation - 1] = '\0';
    report.path[sizeof report.path - 1] = '\0';
    report.path_reason[sizeof report.path_reason - 1] = '\0';
    return report;
}

int fail(const Error& error, mrda_media_error* out) {
    copy_text(out->message, to_string(error));
    return -1 - static_cast<int>(error.code);
}

void copy_text(std::span<char> out, std::string_view text) {
    const std::size_t length = std::min(text.size(), out.size() - 1);
    std::copy_n(text.begin(), length, out.begin());
    out[length] = '\0';
}

}  // namespace mrda::media
