// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config.h"
#include "device.h"
#include "mrda/interop/result.h"
#include "mrda/vpl/encoder.h"
#include "mrda/vpl/session.h"
#include "way_in.h"

namespace mrda::vpl::plugin {

/// One encoder over a host's buffers. For one thread at a time.
class Session {
  public:
    /// Takes the best way in that works with the encoder, or the one asked for. Errors: as
    /// read_config(), open_device() and Encoder::create(); every way's refusal.
    static Result<std::unique_ptr<Session>> open(const mrda_session_config& config);
    /// Opens `device` and the runtime, for the first session on it; errors are that session's.
    static void prepare(const std::string& device);

    /// False: full, receive() first.
    Result<bool> send(std::uint32_t frame, std::int64_t pts, bool key_frame);
    Result<Received> receive(std::uint64_t timeout_ns) { return encoder_->receive(timeout_ns); }
    std::optional<std::uint32_t> take_done();
    void drain() { encoder_->drain(); }
    Result<void> reset();
    void report(mrda_media_report& report) const;

  private:
    Session(Config config, Device device)
        : config_(std::move(config)), device_(std::move(device)) {}
    /// Settles way_ and encoder_.
    Result<void> choose_way();
    /// Leaves in runtime_ one for this codec.
    Result<void> open_runtime();
    Result<void> take_way(const WayRow& row, std::size_t wanted_surfaces);
    void explain(const std::string& line);

    Config config_;
    Device device_;
    std::optional<vpl::Session> runtime_;  // Until an encoder takes it.
    bool runtime_fits_ = false;            // It is there, and for this codec.
    std::string_view path_;
    std::string path_reason_;
    std::unique_ptr<WayIn> way_;        // Has the memory that the encoder's surfaces stand on.
    std::unique_ptr<Encoder> encoder_;  // Its surfaces are the display's.
    std::vector<std::uint32_t> held_;   // Frames sent and not yet given back, oldest first.
};

}  // namespace mrda::vpl::plugin
