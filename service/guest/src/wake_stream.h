// SPDX-License-Identifier: MIT
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "control.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::guest::core {

/// Wake-ups by messages of gRPC, for one session: rings the host, and signals `woken` when the
/// service says that the host has rung. Two threads of its own; a stream that breaks is made anew
/// while this lives, until the service says that there is no such session. `control` must outlive
/// it.
class WakeStream {
  public:
    /// Errors: exhausted (no thread can be had).
    static Result<std::shared_ptr<WakeStream>> start(Control& control, std::uint64_t session,
                                                     Fd woken);
    ~WakeStream();
    WakeStream(const WakeStream&) = delete;
    WakeStream& operator=(const WakeStream&) = delete;

    /// Any thread; does not wait. Those that come while one is on its way are one.
    void ring();

  private:
    using Stream = grpc::ClientReaderWriter<v1::WakeRequest, v1::WakeReply>;

    WakeStream(Control& control, std::uint64_t session, Fd woken);
    /// The reader's thread: one stream after the other.
    void read();
    /// What the stream ended with.
    grpc::Status follow(grpc::ClientContext& context, bool& heard);
    /// The writer's thread.
    void write();
    /// False: ended.
    [[nodiscard]] bool pause(std::chrono::milliseconds length);

    Control& control_;
    const std::uint64_t session_;
    const Fd woken_;
    std::mutex mutex_;
    std::condition_variable news_;
    // Under mutex_.
    bool rung_ = false;
    bool writing_ = false;
    bool ended_ = false;
    Stream* stream_ = nullptr;  // Open, and not known to be broken.
    grpc::ClientContext* context_ = nullptr;
    std::thread reader_;
    std::thread writer_;
};

}  // namespace mrda::guest::core
