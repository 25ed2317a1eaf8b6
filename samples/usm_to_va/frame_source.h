// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"

namespace usm_to_va {

/// Raw frames one after another, planes packed: from a file, a pipe, or a moving pattern.
class FrameSource {
  public:
    /// `path` "" is the pattern. `frames` 0 is all of a file, or 60 of the pattern. `layout` gives
    /// format and size. Errors: not_found, permission_denied; corrupt (a file that is empty or not
    /// a whole number of frames, or holds fewer than asked for: both figures are named).
    static mrda::Result<FrameSource> open(const std::string& path, std::uint64_t frames,
                                          const mrda::FrameLayout& layout);

    /// Fills `frame`, of layout.packed_bytes(); false: there are no more. Errors: corrupt (a pipe
    /// that gives nothing, ends within a frame, or holds fewer than asked for).
    mrda::Result<bool> read(std::span<std::byte> frame);

  private:
    FrameSource(std::string path, std::uint64_t frames, const mrda::FrameLayout& layout)
        : path_(std::move(path)), frames_(frames), layout_(layout) {}
    mrda::Result<void> check_size();
    [[nodiscard]] mrda::Error empty() const;
    void draw(std::span<std::byte> frame) const;

    std::string path_;
    mrda::Fd fd_;
    std::uint64_t frames_;
    std::uint64_t next_ = 0;
    mrda::FrameLayout layout_;
};

}  // namespace usm_to_va
