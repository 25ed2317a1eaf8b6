// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/import.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi {

/// Writes a few bytes of `source`'s memory, reads them through `surface`, and puts back what was
/// there. Returns what was done, for people: "probe pattern seen through the surface", or why it
/// could not be tried, such as a modifier of which it is not known where it puts the pixels. The
/// layout must lie in the memory whole, tiles included. Errors: corrupt (other pixels were seen).
Result<std::string> verify_import(const Surface& surface, const ImportSource& source,
                                  const FrameLayout& layout);

}  // namespace mrda::vaapi
