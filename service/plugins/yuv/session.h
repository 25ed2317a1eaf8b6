// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "shared/planes.h"
#include "transform.h"

namespace mrda::plugins::yuv {

/// A scaler or filter session. A frame is kept until every output has been made of it, each where
/// the host receives it and straight into its buffer.
class Session {
  public:
    Session(Transform transform, std::uint32_t output_count)
        : transform_(std::move(transform)), output_count_(output_count) {}

    Result<int> send(const mrda_frame* frame);
    Result<int> receive(std::uint32_t output, mrda_frame& frame);
    std::optional<std::uint32_t> take_done();
    void reset();
    void report(mrda_media_report& report) const;

  private:
    void release_done();

    Transform transform_;
    std::uint32_t output_count_;
    std::deque<HeldFrame> held_;
    std::array<std::size_t, MRDA_MAX_OUTPUTS> given_{};  // Of held_, to each output.
    std::deque<std::uint32_t> done_;
    std::vector<std::uint8_t> scratch_;
    std::uint64_t copied_bytes_ = 0;
    bool ended_ = false;
};

}  // namespace mrda::plugins::yuv
