// SPDX-License-Identifier: MIT
// xe's ioctls, where the kernel's header that declares them was not fetched: none is there.
#include "node.h"

namespace mrda::stub {

std::span<const Ioctl> xe_ioctls() {
    return {};
}

}  // namespace mrda::stub
