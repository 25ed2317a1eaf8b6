// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <optional>
#include <string>
#include <utility>

#include "holder_connection.h"
#include "mrda/ivshmem/wakeup.h"
#include "running_holder.h"
#include "service/host/temp_dir.h"
#include "support/doorbell_client.h"

namespace mrda::service {

class HolderTest : public testing::Test {
  protected:
    [[nodiscard]] Holder::Settings settings() const {
        return {.runtime_dir = dir_.path(), .socket_dir = dir_ / "vm"};
    }
    void start(Holder::Settings settings) { holder_.emplace(std::move(settings)); }
    void SetUp() override { start(settings()); }

    [[nodiscard]] HolderConnection connect() const {
        return HolderConnection::open(dir_.path()).value();
    }
    /// One that is the service.
    [[nodiscard]] HolderConnection service() const {
        HolderConnection connection = connect();
        EXPECT_TRUE(connection.ask({}, kTestPatienceNs).ok());
        return connection;
    }
    static DoorbellRequest keep(const std::string& region, std::uint64_t size_bytes = 1 << 20) {
        return {.kind = DoorbellRequest::Kind::keep,
                .region = region,
                .size_bytes = size_bytes,
                .vectors = 2,
                .user = ::geteuid()};
    }
    static DoorbellRequest about(DoorbellRequest::Kind kind, const std::string& region = "") {
        return {.kind = kind, .region = region};
    }
    static HolderConnection::Answer kept(HolderConnection& service, const DoorbellRequest& what) {
        auto answer = service.ask(what, kTestPatienceNs);
        EXPECT_TRUE(answer.ok()) << to_string(answer.error());
        return std::move(answer).value();
    }
    /// The next thing that happened.
    static DoorbellReply next_event(HolderConnection& service) {
        for (;;) {
            auto event = service.next_event();
            if (!event.ok()) {
                ADD_FAILURE() << to_string(event.error());
                return {};
            }
            if (event->has_value()) {
                return std::move(**event);
            }
            pollfd polled{service.fd(), POLLIN, 0};
            if (::poll(&polled, 1, static_cast<int>(kTestPatienceNs / 1'000'000)) != 1) {
                ADD_FAILURE() << "nothing happened";
                return {};
            }
        }
    }
    /// Takes what the holder sends until it has all, or is turned away.
    static void take_greeting(test::DoorbellClient& machine) {
        const std::uint64_t end = ivshmem::now_ns() + kTestPatienceNs;
        while (!machine.greeted(2) && !machine.turned_away()) {
            ASSERT_LT(ivshmem::now_ns(), end);
            pollfd polled{machine.fd(), POLLIN, 0};
            ::poll(&polled, 1, 1000);
            machine.read_some();
        }
    }

    TempDir dir_;
    std::optional<RunningHolder> holder_;
};

}  // namespace mrda::service
