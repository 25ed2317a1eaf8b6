// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <thread>
#include <utility>

#include "guest_fixture.h"

namespace mrda::guest::test {

/// A service that goes away, and one that comes back.
class ReturningService : public Guest {
  protected:
    /// Ends the service and starts the next life of it.
    void restart(Manners manners = {}) {
        manners.epoch = ++epoch_;
        serve(manners);
    }
    void restart_scripted() { serve_scripted(++epoch_); }
    /// Ends the service, and waits until the session's thread has noticed.
    void leave(const SessionPtr& session) {
        const auto before = info(session).rpc_count;
        service_.reset();
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        // One renewal fails, and the next one waits for a service.
        while (info(session).rpc_count < before + 2) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
            std::this_thread::yield();
        }
    }
    /// Calls the library until the session has been made again, and taken over.
    static void wait_until_back(const SessionPtr& session, std::uint64_t times = 1) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (info(session).reattached < times) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
            mrda_guest_buffer buffer{};
            if (mrda_guest_get_buffer(session.get(), &buffer, kMs) == MRDA_GUEST_OK) {
                mrda_guest_return_buffer(session.get(), &buffer);
            }
        }
    }

  private:
    std::uint32_t epoch_ = 1;
};

}  // namespace mrda::guest::test
