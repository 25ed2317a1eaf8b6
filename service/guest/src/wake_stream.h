// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "control.h"
#include "mrda/interop/fd.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::guest::core {

/// Wake-ups by messages of gRPC, for one session: rings the host, and signals `woken` when the
/// service says that the host has rung. Two threads of its own; a stream that breaks is made anew
/// while this lives. `control` must outlive it.
class WakeStream {
  public:
    WakeStream(Control& control, std::uint64_t session, Fd woken);
    ~WakeStream();
    WakeStream(const WakeStream&) = delete;
    WakeStream& operator=(const WakeStream&) = delete;

    /// Any thread; does not wait. Those that come while one is on its way are one.
    void ring();

  private:
    using Stream = grpc::ClientReaderWriter<v1::WakeRequest, v1::WakeReply>;

    void run();
    void follow(grpc::ClientContext& context);
    void write(Stream& stream);
    [[nodiscard]] bool pause();

    Control& control_;
    const std::uint64_t session_;
    const Fd woken_;
    std::mutex mutex_;
    std::condition_variable news_;
    bool rung_ = false;
    bool broken_ = false;
    bool ended_ = false;
    grpc::ClientContext* context_ = nullptr;
    std::thread thread_;
};

}  // namespace mrda::guest::core
