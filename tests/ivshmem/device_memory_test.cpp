// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/device_memory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "mrda/ivshmem/region.h"

namespace mrda::ivshmem {
namespace {

RC_GTEST_PROP(DeviceMemory, is_copied_byte_for_byte_from_any_place, ()) {
    constexpr std::size_t kSize = 4 * kPageBytes;
    const Region region = Region::create_memfd("test", kSize).value();
    const Mapping mapping = Mapping::map(region.fd(), {0, kSize}).value();
    for (std::size_t i = 0; i < kSize; ++i) {
        mapping.data()[i] = static_cast<std::byte>(i * 7 + i / 256);
    }
    const auto offset = *rc::gen::inRange<std::size_t>(0, kSize / 2);
    const auto count = *rc::gen::inRange<std::size_t>(0, kSize / 2);
    constexpr std::byte kUntouched{0xa5};
    std::vector<std::byte> copy(count + 1, kUntouched);
    copy_from_device(copy.data(), mapping.data() + offset, count);
    RC_ASSERT(std::equal(copy.begin(), copy.end() - 1, mapping.data() + offset));
    RC_ASSERT(copy.back() == kUntouched);
    flush_to_device();
}

}  // namespace
}  // namespace mrda::ivshmem
