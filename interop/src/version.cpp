// SPDX-License-Identifier: MIT
#include "mrda/interop/version.h"

#include "config.h"

namespace mrda {

const char* version() {
    return MRDA_VERSION;
}

}  // namespace mrda
