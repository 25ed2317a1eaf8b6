// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/import.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi {

/// What came of looking at an import.
struct Verification {
    /// For people: "probe pattern seen through the surface", or why it could not be tried.
    std::string text;
    /// Whether every import in this layout would say the same. Not so where one object could not be
    /// looked at.
    bool holds_for_layout;
};

/// Writes a few bytes of `source`'s memory, reads them through `surface`, and puts back what was
/// there; or says why it could not be tried, such as a modifier of which it is not known where it
/// puts the pixels. The layout must lie in the memory whole, tiles included, and each plane begin
/// with a row of tiles. Errors: corrupt (other pixels were seen).
Result<Verification> verify_import(const Surface& surface, const ImportSource& source,
                                   const FrameLayout& layout);

}  // namespace mrda::vaapi
