// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/path.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi {

/// Memory that shall become a surface: either or both views of the same bytes.
struct ImportSource {
    /// For PRIME_2 and PRIME. Borrowed for the call: the driver keeps a reference of its own.
    const DmaBuf* dma_buf = nullptr;
    /// For USER_PTR: `host_bytes` bytes from a page boundary on, which must outlive the surface.
    void* host_pages = nullptr;
    std::uint64_t host_bytes = 0;
    /// Why there is no `dma_buf`, for the report.
    Refusal no_dma_buf;
};

struct Import {
    Surface surface;
    /// The route taken, and why each better one was not.
    PathChoice path;
    /// Whether a probe pattern, written on the memory's side, was read back through the surface; or
    /// why that could not be tried. Once for each layout, offset, route and display: later imports
    /// say so too. Where only this memory could not be looked at, the next import tries again.
    std::string verification;
};

/// Makes a surface of `source`'s memory, with no copy: by PRIME_2, else PRIME, else USER_PTR; or by
/// `only` and nothing else. The memory must be idle: a layout's first import writes a few bytes of
/// it, looks at them through the surface, and puts them back. Waits for that. Drivers accept far
/// too much, so everything is checked here first: extents within the object, pitch and offsets
/// aligned, planes disjoint. In X, Y and 4 tiles, extents are whole tiles and each plane begins a
/// row of them; of any other tiling only pitches, and what the rows take, are checked. Errors:
/// invalid_argument (the layout or the object, naming the value), unsupported (every route's
/// refusal; among them, on the software platform, that the memory can shrink: see
/// unshrinkable_size_bytes), corrupt (the driver took the memory and shows other pixels: it lies
/// about the modifier, the pitch or an offset, which the message names).
Result<Import> import_surface(const Display& display, const ImportSource& source,
                              const FrameLayout& layout, std::optional<Route> only = std::nullopt);

}  // namespace mrda::vaapi
