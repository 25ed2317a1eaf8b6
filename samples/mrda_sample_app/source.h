// SPDX-License-Identifier: MIT
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mrda/guest/guest.hpp"
#include "mrda/interop/fd.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "options.h"

namespace mrda_sample_app {

/// Raw frames one after another, planes packed: from a file, a pipe, or a moving pattern. They are
/// read straight into the guest's buffers, row by row, but for luma that somebody else wants, too.
class Source {
  public:
    /// Errors: not_found, permission_denied; corrupt (a file that ends within a frame which is
    /// wanted, or holds none: the figures are named).
    static mrda::Result<Source> open(const Options& options);

    /// Fills `buffer`; false: there are no more. Waits for a pipe. `luma`, unless null, gets the
    /// first plane, packed, which is copied from there: the buffer may lie in a device's memory,
    /// where whoever reads waits for the bus.
    /// Errors: corrupt (the input ends within a frame: what is missing is named), io.
    mrda::Result<bool> read(const mrda::guest::Buffer& buffer, std::vector<std::uint8_t>* luma);
    /// Whether read() would not have to wait.
    [[nodiscard]] bool is_ready() const;

    /// Of the input, borrowed; -1: it is the pattern.
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::uint64_t frames() const { return next_; }
    /// How many frames there will be; 0: not known.
    [[nodiscard]] std::uint64_t expected_frames() const { return expected_; }
    /// Of pixels that had to go through the CPU's hands, to be interleaved.
    [[nodiscard]] std::uint64_t copied_bytes() const { return copied_bytes_; }

  private:
    Source(const Options& options, mrda::FrameLayout picture);
    mrda::Result<void> check_file();
    /// How many bytes of `ranges` the input still had.
    mrda::Result<std::uint64_t> fill(std::vector<iovec>& ranges);
    mrda::Result<std::uint64_t> read_rows(const mrda::guest::Buffer& buffer, std::size_t planes,
                                          std::vector<std::uint8_t>* luma);
    /// Plane U or V, into every second byte of the chroma plane.
    mrda::Result<std::uint64_t> read_chroma(const mrda::guest::Buffer& buffer, std::size_t first);
    /// Rows of the moving pattern.
    void draw(std::size_t plane, std::uint8_t* to, std::size_t pitch_bytes) const;
    void copy_luma(const std::vector<std::uint8_t>& luma, const mrda::guest::Buffer& buffer) const;

    std::string path_;
    mrda::Fd fd_;
    bool interleaves_;
    mrda::FrameLayout picture_;  // For its row sizes: what lies in a file has no padding.
    std::uint64_t limit_;        // 0: none.
    std::uint64_t expected_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t copied_bytes_ = 0;
    std::vector<std::uint8_t> chroma_;
};

}  // namespace mrda_sample_app
