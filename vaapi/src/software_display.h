// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include "mrda/interop/result.h"

namespace mrda::vaapi {

/// A VADisplay with no DRM node behind it, for the VA driver named `driver_name` (libva looks for
/// `<driver_name>_drv_video.so` in LIBVA_DRIVERS_PATH). Not yet initialised: vaInitialize loads the
/// driver, vaTerminate frees the display. `driver_name` must outlive it.
/// libva: vaGetDisplayDRM insists on a render node; va_newDisplayContext is what it is made of.
Result<VADisplay> new_software_display(const char* driver_name);

}  // namespace mrda::vaapi
