// SPDX-License-Identifier: MIT
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "fake_service.h"
#include "interop/temp_files.h"
#include "mrda/guest/guest.h"

namespace mrda::guest::test {

inline constexpr std::uint64_t kMs = 1'000'000;
/// For what comes at once, on a machine that has other work.
inline constexpr std::uint64_t kSoon = 5 * kSecond;

struct Destroy {
    void operator()(mrda_guest_session* session) const { mrda_guest_destroy(session); }
};
using SessionPtr = std::unique_ptr<mrda_guest_session, Destroy>;

/// An application, and the service that it finds at its default address.
class Guest : public testing::Test {
  protected:
    Guest() {
        ::setenv("MRDA_RUNTIME_DIR", dir_.path().c_str(), 1);
        ::unsetenv("MRDA_ADDRESS");
        ::unsetenv("MRDA_TOKEN");
        ::unsetenv("MRDA_TOKEN_FILE");
        mrda_guest_config_init(&config_);
        config_.codec = MRDA_GUEST_COPY;
        config_.width_px = 64;
        config_.height_px = 16;
        config_.reattach_timeout_ns = kSoon;
    }

    void serve(Manners manners = {}) {
        service_.reset();
        service_ = std::make_unique<FakeService>(dir_.path(), std::move(manners));
    }
    /// A service in which the test is the host.
    void serve_scripted(std::uint32_t epoch = 1) {
        Manners manners;
        manners.scripted = true;
        manners.epoch = epoch;
        serve(manners);
    }
    /// Of a service whose memory is the file `path`, as it was when the session began. Its host is
    /// elsewhere, so nobody answers.
    static Manners in_a_file(const std::string& path) {
        Manners manners;
        manners.forge = [path](v1::CreateReply& reply, FakeHost& host) {
            std::filesystem::copy_file("/proc/self/fd/" + std::to_string(host.region_fd()), path);
            for (v1::Region* const region :
                 {reply.mutable_in_region(), reply.mutable_out_region()}) {
                region->clear_socket_path();
                region->clear_attach_token();
                region->set_path(path);
            }
        };
        return manners;
    }
    FakeHost& host() { return service_->host(); }

    SessionPtr create() {
        mrda_guest_session* session = nullptr;
        status_ = mrda_guest_create(&config_, &session, words_.data(), words_.size());
        return SessionPtr(session);
    }
    SessionPtr create_ok() {
        auto session = create();
        EXPECT_EQ(status_, MRDA_GUEST_OK) << words_.c_str();
        return session;
    }
    [[nodiscard]] std::string words() const { return words_.c_str(); }

    static mrda_guest_info info(const SessionPtr& session) {
        mrda_guest_info info{};
        mrda_guest_get_info(session.get(), &info);
        return info;
    }
    static mrda_guest_buffer get_buffer(const SessionPtr& session) {
        mrda_guest_buffer buffer{};
        EXPECT_EQ(mrda_guest_get_buffer(session.get(), &buffer, kSoon), MRDA_GUEST_OK)
            << mrda_guest_last_error(session.get());
        return buffer;
    }
    /// Sends a frame that begins with `value`.
    static void send(const SessionPtr& session, std::uint64_t value) {
        const mrda_guest_buffer buffer = get_buffer(session);
        *reinterpret_cast<std::uint64_t*>(buffer.planes[0]) = value;
        EXPECT_EQ(mrda_guest_send_frame(session.get(), &buffer,
                                        static_cast<std::int64_t>(value) * 3000, 0),
                  MRDA_GUEST_OK)
            << mrda_guest_last_error(session.get());
    }
    static mrda_guest_packet receive(const SessionPtr& session) {
        mrda_guest_packet packet{};
        EXPECT_EQ(mrda_guest_receive(session.get(), &packet, kSoon), MRDA_GUEST_OK)
            << mrda_guest_last_error(session.get());
        return packet;
    }
    static std::string text(const mrda_guest_packet& packet) {
        return {reinterpret_cast<const char*>(packet.data),
                static_cast<std::size_t>(packet.size_bytes)};
    }
    /// The frame's value, in the packet that the `copy` codec makes of it.
    static std::uint64_t value(const mrda_guest_packet& packet) {
        EXPECT_EQ(packet.size_bytes, 16U);
        return reinterpret_cast<const std::uint64_t*>(packet.data)[1];
    }
    static std::uint64_t receive_value(const SessionPtr& session) {
        const mrda_guest_packet packet = receive(session);
        const std::uint64_t got = packet.data == nullptr ? 0 : value(packet);
        EXPECT_EQ(mrda_guest_release(session.get(), &packet), MRDA_GUEST_OK);
        return got;
    }
    static void send_end(const SessionPtr& session) {
        EXPECT_EQ(mrda_guest_send_frame(session.get(), nullptr, 0, 0), MRDA_GUEST_OK);
    }
    /// What receive() says when it gives no packet.
    static mrda_guest_status receive_nothing(const SessionPtr& session,
                                             std::uint64_t timeout_ns = kSoon) {
        mrda_guest_packet packet{};
        return mrda_guest_receive(session.get(), &packet, timeout_ns);
    }

    TempDir dir_;
    mrda_guest_config config_;
    std::unique_ptr<FakeService> service_;
    mrda_guest_status status_ = MRDA_GUEST_OK;
    std::string words_ = std::string(1024, '\0');
};

}  // namespace mrda::guest::test
