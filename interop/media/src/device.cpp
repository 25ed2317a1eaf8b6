// SPDX-License-Identifier: MIT
#include "mrda/media/device.h"

namespace mrda::media {

Result<std::shared_ptr<const Buffer>> Device::allocate(std::int32_t bank,
                                                       std::uint64_t length_bytes) {
    const std::int32_t chosen = bank == -1 ? 0 : bank;
    if (chosen < 0 || static_cast<std::size_t>(chosen) >= banks_.size()) {
        return make_error(Errc::invalid_argument, "bank " + std::to_string(bank) + " asked of " +
                                                      name_ + ", which has " +
                                                      std::to_string(banks_.size()));
    }
    if (length_bytes == 0) {
        return make_error(Errc::invalid_argument, "a buffer of no bytes");
    }
    return make(static_cast<std::uint32_t>(chosen), length_bytes);
}

}  // namespace mrda::media
