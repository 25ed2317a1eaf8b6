// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::media {

/// A loaded plugin. Sessions keep it loaded.
class Plugin {
  public:
    /// Loads DIR/libmrda_NAME.so. `name` must match [a-z0-9_-]+, and neither the file nor its
    /// folder may be writable by anybody but root, this process's user and its group. Errors:
    /// invalid_argument (the name), not_found, permission_denied, unsupported (no plugin, another
    /// ABI: both named, a missing function), with what the dynamic loader said.
    static Result<std::shared_ptr<const Plugin>> load(const std::string& directory,
                                                      const std::string& name);
    ~Plugin();
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    [[nodiscard]] const mrda_encoder_plugin& table() const { return *table_; }
    /// Lets it load what a session on `device` will need, where it can: see plugin.h.
    void prepare(const std::string& device) const;

  private:
    Plugin() = default;

    void* library_ = nullptr;
    const mrda_encoder_plugin* table_ = nullptr;
};

/// What receive() found. `packet.data` is the plugin's, until the next call.
struct Received {
    enum class Status : std::uint8_t { packet, send_more, try_again, end_of_stream };
    Status status = Status::send_more;
    mrda_media_packet packet{};
};

/// One encoder session of a plugin; calls return what the functions of mrda_encoder_plugin say.
/// For one thread at a time. The slots of its configuration must outlive it.
class EncoderSession {
  public:
    /// Errors: what the plugin says; unsupported (a codec that it does not list).
    static Result<EncoderSession> open(std::shared_ptr<const Plugin> plugin,
                                       const mrda_encoder_config& config);
    EncoderSession(EncoderSession&& other) noexcept;
    EncoderSession& operator=(EncoderSession&&) = delete;
    ~EncoderSession();

    /// False: full, receive() first.
    [[nodiscard]] Result<bool> send(std::uint32_t slot, std::int64_t pts, bool key_frame);
    [[nodiscard]] Result<Received> receive(std::uint64_t timeout_ns);
    [[nodiscard]] std::optional<std::uint32_t> take_done();
    [[nodiscard]] Result<void> drain();
    [[nodiscard]] Result<void> reset();
    [[nodiscard]] mrda_media_report report() const;

  private:
    EncoderSession(std::shared_ptr<const Plugin> plugin, mrda_encoder* encoder)
        : plugin_(std::move(plugin)), encoder_(encoder) {}

    std::shared_ptr<const Plugin> plugin_;
    mrda_encoder* encoder_;
};

/// For plugins in C++: fills the C side's error and gives the status to return.
int fail(const Error& error, mrda_media_error* out);
/// Copies `text` into a C array, cut where it does not fit.
void copy_text(std::span<char> out, std::string_view text);

}  // namespace mrda::media
