// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::media {

enum class Status : std::uint8_t { ok, send_more, try_again, end_of_stream };

/// What receive() found. `packet.data` is the plugin's, until the next call.
struct ReceivedPacket {
    Status status = Status::send_more;
    mrda_media_packet packet{};
};

/// One session of a plugin; calls return what the functions of mrda_session_kind say. For one
/// thread at a time. The buffers of its configuration's pools must outlive it.
class Session {
  public:
    /// Errors: what the plugin says; unsupported (a type or codec that it has not);
    /// invalid_argument (a pool whose buffers the plugin cannot reach, or that are too small).
    static Result<Session> open(std::shared_ptr<const LoadedPlugin> plugin, mrda_session_type type,
                                const mrda_session_config& config);
    Session(Session&&) noexcept = default;
    Session& operator=(Session&&) = delete;
    ~Session() = default;

    /// The frame in buffer `index` of the input pool. False: full, receive first.
    [[nodiscard]] Result<bool> send(std::uint32_t index, std::int64_t pts, bool key_frame);
    /// With what goes beside its pixels, which must live until the frame is done.
    [[nodiscard]] Result<bool> send(std::uint32_t index, std::int64_t pts, bool key_frame,
                                    std::span<const mrda_side_data> side_data);
    /// Decoders. False: full, receive first.
    [[nodiscard]] Result<bool> send(const mrda_media_packet& packet);
    /// No more: receive gives what is inside, then end_of_stream.
    [[nodiscard]] Result<void> drain();

    [[nodiscard]] Result<ReceivedPacket> receive(std::uint64_t timeout_ns);
    /// The next frame of `output`, into `frame`, whose buffer and layout the caller has set, as one
    /// of that output's pool or, where it has none, as describe() says: sets pts and flags.
    [[nodiscard]] Result<Status> receive(std::uint32_t output, std::uint64_t timeout_ns,
                                         mrda_frame& frame);
    /// Decoders: how the stream's frames lie. Nothing: not known yet, send more.
    [[nodiscard]] Result<std::optional<mrda_media_layout>> describe();
    /// The index of an input frame that the session no longer reads.
    [[nodiscard]] std::optional<std::uint32_t> take_done();
    /// Kernels. False: full, read first. Buffers are borrowed until their work's results were read.
    [[nodiscard]] Result<bool> write(std::span<const mrda_parameter> parameters);
    /// Kernels: the results of the oldest work, by the names and types that are set.
    [[nodiscard]] Result<Status> read(std::uint64_t timeout_ns,
                                      std::span<mrda_parameter> parameters);
    /// Drops what is inside, also after drain(): every buffer is free, the next frame a key frame.
    [[nodiscard]] Result<void> reset();
    [[nodiscard]] mrda_media_report report() const;
    [[nodiscard]] const mrda_session_kind& kind() const { return *kind_; }

  private:
    /// The plugin's own data, zeroed; closed with it.
    class Data {
      public:
        Data(std::shared_ptr<const LoadedPlugin> plugin, const mrda_session_kind* kind);
        Data(Data&&) noexcept = default;
        Data& operator=(Data&&) = delete;
        ~Data();

        /// From here on it is closed, too.
        void opened() { open_ = true; }
        [[nodiscard]] void* get() const { return bytes_.get(); }

      private:
        struct Free {
            void operator()(void* bytes) const;
        };

        std::shared_ptr<const LoadedPlugin> plugin_;
        const mrda_session_kind* kind_;
        std::unique_ptr<void, Free> bytes_;
        bool open_ = false;
    };
    /// A pool, and its frames as plugins see them.
    struct Frames {
        std::vector<const mrda_buffer*> buffers;
        std::unique_ptr<mrda_media_layout> layout;
        std::vector<mrda_frame> frames;
    };

    Session(std::shared_ptr<const LoadedPlugin> plugin, const mrda_session_kind* kind);
    static Frames frames_of(const mrda_pool& pool);
    Result<void> init(const mrda_session_config& config);
    Result<bool> send_at(std::uint32_t index, std::int64_t pts, bool key_frame,
                         const mrda_side_data* side_data, std::size_t side_data_count);
    Result<bool> sent(int status, const mrda_media_error& error) const;
    [[gnu::cold]] Result<bool> not_sent(int status, const mrda_media_error& error) const;
    [[nodiscard]] Error error_of(const char* call, int status, const mrda_media_error& error) const;

    std::shared_ptr<const LoadedPlugin> plugin_;
    const mrda_session_kind* kind_;
    Frames input_;
    std::vector<std::vector<const mrda_buffer*>> outputs_;
    std::vector<std::uint32_t> read_;  // Sent, where the plugin has no take_done: done already.
    Data data_;                        // Borrows what stands above.
};

}  // namespace mrda::media
