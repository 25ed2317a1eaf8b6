// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda_sample_app {

/// Where the bitstream goes: a file, a pipe, or nowhere.
class Output {
  public:
    /// `path` "": nowhere; "-": the standard output. `input` is borrowed; -1: none. Errors:
    /// invalid_argument (it is the file that `input` reads: that is left as it is),
    /// permission_denied, not_found, io.
    static mrda::Result<Output> open(const std::string& path, int input);

    /// From now on each packet is one of an IVF file, which begins here. Errors: as write().
    mrda::Result<void> begin_ivf(std::uint32_t width_px, std::uint32_t height_px);
    /// All of a packet, or an error: exhausted (the disk is full), io.
    mrda::Result<void> write_packet(std::span<const std::uint8_t> bytes, std::int64_t pts);
    /// The last that can fail.
    mrda::Result<void> close();

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    mrda::Result<void> write(std::span<const std::uint8_t> bytes);
    explicit Output(std::string path) : path_(std::move(path)) {}

    std::string path_;
    mrda::Fd fd_;
    bool ivf_ = false;
    std::uint64_t bytes_ = 0;
};

}  // namespace mrda_sample_app
