// SPDX-License-Identifier: MIT
#include "mrda/media/device.h"

#include <atomic>
#include <utility>

namespace mrda::media {

namespace {

std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

}  // namespace

Device::Device(std::uint32_t index, std::string name, std::string address, std::vector<Bank> banks)
    : id_(next_id()),
      index_(index),
      name_(std::move(name)),
      address_(std::move(address)),
      banks_(std::move(banks)) {}

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
    MRDA_ASSIGN(auto made, make(static_cast<std::uint32_t>(chosen), length_bytes));
    made->device_id_ = id_;
    return std::shared_ptr<const Buffer>(std::move(made));
}

}  // namespace mrda::media
