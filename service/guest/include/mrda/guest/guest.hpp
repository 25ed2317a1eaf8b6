// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "mrda/guest/guest.h"
#include "mrda/interop/result.h"

/// The C++ face of guest.h, which says what the calls do and wait for. Threads are as there.
namespace mrda::guest {

/// What a status that tells an error is among MRDA's.
inline Errc errc_of(mrda_guest_status status) {
    switch (status) {
        case MRDA_GUEST_BAD_ARGUMENT:
            return Errc::invalid_argument;
        case MRDA_GUEST_EXHAUSTED:
            return Errc::exhausted;
        case MRDA_GUEST_SERVICE_GONE:
        case MRDA_GUEST_DEVICE_GONE:
            return Errc::device_lost;
        case MRDA_GUEST_NOT_FOUND:
            return Errc::not_found;
        case MRDA_GUEST_DENIED:
            return Errc::permission_denied;
        case MRDA_GUEST_UNSUPPORTED:
            return Errc::unsupported;
        case MRDA_GUEST_STOPPED:
            return Errc::end_of_stream;
        default:
            return Errc::io;
    }
}

inline mrda_guest_config default_config() {
    mrda_guest_config config;
    mrda_guest_config_init(&config);
    return config;
}

/// An input buffer; given back unsent if it was not sent. Move-only; must not outlive its session.
class Buffer {
  public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Buffer() {
        if (session_ != nullptr) {
            mrda_guest_return_buffer(session_, &buffer_);
        }
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    [[nodiscard]] bool valid() const { return session_ != nullptr; }
    /// Where plane `index` lies, for writing.
    [[nodiscard]] std::uint8_t* plane(std::size_t index) const { return buffer_.planes[index]; }
    [[nodiscard]] std::uint32_t pitch_bytes(std::size_t index) const {
        return buffer_.pitch_bytes[index];
    }
    [[nodiscard]] std::uint32_t plane_count() const { return buffer_.plane_count; }

  private:
    friend class Session;
    void swap(Buffer& other) noexcept {
        std::swap(session_, other.session_);
        std::swap(buffer_, other.buffer_);
    }

    mrda_guest_session* session_ = nullptr;
    mrda_guest_buffer buffer_{};
};

/// A packet; released when it goes. Move-only; must not outlive its session.
class Packet {
  public:
    Packet() = default;
    Packet(Packet&& other) noexcept { swap(other); }
    Packet& operator=(Packet&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Packet() {
        if (session_ != nullptr) {
            mrda_guest_release(session_, &packet_);
        }
    }
    Packet(const Packet&) = delete;
    Packet& operator=(const Packet&) = delete;

    [[nodiscard]] std::span<const std::uint8_t> data() const {
        return {packet_.data, static_cast<std::size_t>(packet_.size_bytes)};
    }
    [[nodiscard]] std::int64_t pts() const { return packet_.pts; }
    [[nodiscard]] std::int64_t dts() const { return packet_.dts; }
    [[nodiscard]] bool is_key_frame() const { return (packet_.flags & MRDA_GUEST_KEY_FRAME) != 0; }
    /// From its frame's sending to its receiving; 0: not known.
    [[nodiscard]] std::uint64_t latency_ns() const { return packet_.latency_ns; }

  private:
    friend class Session;
    void swap(Packet& other) noexcept {
        std::swap(session_, other.session_);
        std::swap(packet_, other.packet_);
    }

    mrda_guest_session* session_ = nullptr;
    mrda_guest_packet packet_{};
};

struct Received {
    enum class Status : std::uint8_t { packet, try_again, end_of_stream };
    Status status = Status::try_again;
    Packet packet;  ///< Of Status::packet.
};

/// One session. Errors have the code of errc_of() and the words of mrda_guest_last_error().
class Session {
  public:
    static Result<Session> create(const mrda_guest_config& config) {
        std::array<char, 1024> words{};
        mrda_guest_session* session = nullptr;
        const auto status = mrda_guest_create(&config, &session, words.data(), words.size());
        if (status != MRDA_GUEST_OK) {
            return make_error(errc_of(status), words.data());
        }
        return Session(session);
    }

    /// One that is not valid(): none was free in time.
    Result<Buffer> get_buffer(std::uint64_t timeout_ns) {
        Buffer buffer;
        const auto status = mrda_guest_get_buffer(session_.get(), &buffer.buffer_, timeout_ns);
        if (status == MRDA_GUEST_OK) {
            buffer.session_ = session_.get();
        } else if (status != MRDA_GUEST_TRY_AGAIN) {
            return error(status);
        }
        return buffer;
    }
    /// Takes the buffer; if that fails, it is the caller's still.
    Result<void> send_frame(Buffer& buffer, std::int64_t pts, bool key_frame = false) {
        const auto status =
            mrda_guest_send_frame(session_.get(), &buffer.buffer_, pts,
                                  key_frame ? std::uint32_t{MRDA_GUEST_KEY_FRAME} : 0);
        if (status != MRDA_GUEST_OK) {
            return error(status);
        }
        buffer.session_ = nullptr;
        return {};
    }
    Result<void> send_end() { return result(mrda_guest_send_frame(session_.get(), nullptr, 0, 0)); }
    Result<Received> receive(std::uint64_t timeout_ns) {
        Received received;
        const auto status =
            mrda_guest_receive(session_.get(), &received.packet.packet_, timeout_ns);
        if (status < 0) {
            return error(status);
        }
        if (status == MRDA_GUEST_OK) {
            received.status = Received::Status::packet;
            received.packet.session_ = session_.get();
        } else if (status == MRDA_GUEST_END) {
            received.status = Received::Status::end_of_stream;
        }
        return received;
    }
    /// False: under way; call it again.
    Result<bool> reset(std::uint64_t timeout_ns) {
        const auto status = mrda_guest_reset(session_.get(), timeout_ns);
        if (status < 0) {
            return error(status);
        }
        return status == MRDA_GUEST_OK;
    }
    /// Any thread. False: the service could not be told; the session's lease ends it.
    bool stop() { return mrda_guest_stop(session_.get()) == MRDA_GUEST_OK; }

    [[nodiscard]] mrda_guest_info info() const {
        mrda_guest_info info{};
        mrda_guest_get_info(session_.get(), &info);
        return info;
    }

  private:
    struct Destroy {
        void operator()(mrda_guest_session* session) const { mrda_guest_destroy(session); }
    };

    explicit Session(mrda_guest_session* session) : session_(session) {}
    [[nodiscard]] Error error(mrda_guest_status status) const {
        return make_error(errc_of(status), mrda_guest_last_error(session_.get()));
    }
    [[nodiscard]] Result<void> result(mrda_guest_status status) const {
        return status == MRDA_GUEST_OK ? Result<void>() : error(status);
    }

    std::unique_ptr<mrda_guest_session, Destroy> session_;
};

}  // namespace mrda::guest
