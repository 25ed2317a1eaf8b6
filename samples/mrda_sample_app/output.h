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

    /// All of it, or an error: exhausted (the disk is full), io.
    mrda::Result<void> write(std::span<const std::uint8_t> bytes);
    /// The last that can fail.
    mrda::Result<void> close();

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    explicit Output(std::string path) : path_(std::move(path)) {}

    std::string path_;
    mrda::Fd fd_;
    std::uint64_t bytes_ = 0;
};

}  // namespace mrda_sample_app
