// SPDX-License-Identifier: MIT
#pragma once

#include "mrda/media/unit_access.h"

namespace mrda::media {

/// The functions of `access` for plugins.
mrda_execution execution_table(UnitAccess& access);

}  // namespace mrda::media
