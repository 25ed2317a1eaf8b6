// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/video_processor.h"
#include "pool.h"

namespace mrda::vaapi::plugin {

/// A scaler or filter session on a device. A frame is kept until every output has been made of it,
/// each by the device, when the host receives it, straight from buffer to buffer. For one thread at
/// a time.
class Session {
  public:
    /// Errors: invalid_argument (outputs, parameters), unsupported (a path other than "direct", a
    /// format or a parameter that the driver has not), as Display::open_at() and Pool::import().
    static Result<std::unique_ptr<Session>> open(const mrda_session_config& config,
                                                 mrda_session_type type);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    /// Waits for the device: it may write into the host's buffers no more.
    ~Session();

    Result<int> send(const mrda_frame* frame);
    Result<int> receive(std::uint32_t output, std::uint64_t timeout_ns, mrda_frame& frame);
    std::optional<std::uint32_t> take_done();
    Result<void> reset();
    void report(mrda_media_report& report) const;

  private:
    struct Held {
        const Surface* surface;
        std::int64_t pts;
        std::uint32_t flags;
        std::uint32_t index;
    };
    struct Output {
        Pool pool;
        VideoProcessor processor;
        std::size_t given = 0;             // Of held_.
        const Surface* pending = nullptr;  // The next of held_ is on its way there.
    };

    Session(Display display, Pool input) : display_(std::move(display)), input_(std::move(input)) {}
    Result<void> open_outputs(const mrda_session_config& config, mrda_session_type type);
    /// Until the device has done what it does for the output. Gives false after the time.
    static Result<bool> settle(Output& output, std::uint64_t timeout_ns);
    void release_done();

    Display display_;
    Pool input_;
    std::vector<Output> outputs_;
    ProcessOptions options_;
    std::deque<Held> held_;
    std::deque<std::uint32_t> done_;
    bool ended_ = false;
};

}  // namespace mrda::vaapi::plugin
