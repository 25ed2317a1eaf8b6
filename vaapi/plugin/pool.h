// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi::plugin {

/// A host's buffers as surfaces of a display, which must outlive them. Imported once: no frame
/// costs a mapping or a copy.
class Pool {
  public:
    /// `which` is for people: "input". Errors: invalid_argument (no buffers), as import_shared().
    static Result<Pool> import(const Display& display, const mrda_pool& pool,
                               const std::string& which);

    /// The surface that a frame's buffer is. Errors: invalid_argument (none of this pool's).
    [[nodiscard]] Result<const Surface*> find(const mrda_frame& frame) const;
    [[nodiscard]] const Surface& first() const { return entries_.front().surface; }
    [[nodiscard]] const FrameLayout& layout() const { return layout_; }
    /// By which route, where that is not the best; empty: it is.
    [[nodiscard]] const std::string& remark() const { return remark_; }

  private:
    struct Entry {
        std::uint64_t id;
        Surface surface;
    };

    Pool(FrameLayout layout, std::string which)
        : layout_(std::move(layout)), which_(std::move(which)) {}

    FrameLayout layout_;
    std::string which_;
    std::string remark_;
    std::vector<Entry> entries_;  // By the buffer's index.
};

}  // namespace mrda::vaapi::plugin
