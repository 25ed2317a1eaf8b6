// SPDX-License-Identifier: MIT
#include "address_space.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mrda::stub {

namespace {

constexpr std::uint64_t kAddressMask = (std::uint64_t{1} << 48) - 1;

}  // namespace

bool AddressSpace::bind(std::uint64_t address, std::shared_ptr<Object> object,
                        std::uint64_t offset_bytes, std::uint64_t size_bytes) {
    const std::uint64_t first = address & kAddressMask;
    if (size_bytes == 0 || size_bytes > kAddressMask + 1 - first) {
        return false;
    }
    if (offset_bytes > object->size_bytes() || size_bytes > object->size_bytes() - offset_bytes) {
        return false;
    }
    unbind(address, size_bytes);
    bindings_[first] = {std::move(object), offset_bytes, size_bytes};
    return true;
}

void AddressSpace::unbind(std::uint64_t address, std::uint64_t size_bytes) {
    if (size_bytes == 0) {
        return;
    }
    const std::uint64_t first = address & kAddressMask;
    const std::uint64_t end = first + std::min(size_bytes, kAddressMask + 1 - first);
    auto at = bindings_.upper_bound(first);
    at = at == bindings_.begin() ? at : std::prev(at);
    while (at != bindings_.end() && at->first < end) {
        const std::uint64_t begin = at->first;
        const Binding binding = at->second;
        if (begin + binding.size_bytes <= first) {
            ++at;
            continue;
        }
        at = bindings_.erase(at);
        // What reaches out of the range on either side stays.
        if (begin < first) {
            bindings_[begin] = {binding.object, binding.offset_bytes, first - begin};
        }
        if (begin + binding.size_bytes > end) {
            bindings_[end] = {binding.object, binding.offset_bytes + (end - begin),
                              begin + binding.size_bytes - end};
        }
    }
}

void AddressSpace::unbind_object(const Object& object) {
    std::erase_if(bindings_,
                  [&](const auto& entry) { return entry.second.object.get() == &object; });
}

AddressSpace::Place AddressSpace::find(std::uint64_t address) const {
    const std::uint64_t masked = address & kAddressMask;
    auto at = bindings_.upper_bound(masked);
    if (at == bindings_.begin()) {
        return {};
    }
    --at;
    const std::uint64_t within = masked - at->first;
    const Binding& binding = at->second;
    if (within >= binding.size_bytes) {
        return {};
    }
    const std::uint64_t offset = binding.offset_bytes + within;
    std::byte* const bytes = binding.object->bytes();
    return {binding.object, offset, binding.size_bytes - within,
            bytes == nullptr ? nullptr : bytes + offset};
}

std::uint64_t AddressSpace::address_of(const Object& object) const {
    for (const auto& [address, binding] : bindings_) {
        if (binding.object.get() == &object && binding.offset_bytes == 0) {
            return address;
        }
    }
    return 0;
}

bool AddressSpace::write32(std::uint64_t address, std::uint32_t value) {
    const Place place = find(address);
    if (place.bytes == nullptr || place.left_bytes < sizeof value) {
        return false;
    }
    std::memcpy(place.bytes, &value, sizeof value);
    return true;
}

bool AddressSpace::write64(std::uint64_t address, std::uint64_t value) {
    const Place place = find(address);
    if (place.bytes == nullptr || place.left_bytes < sizeof value) {
        return false;
    }
    std::memcpy(place.bytes, &value, sizeof value);
    return true;
}

bool AddressSpace::read32(std::uint64_t address, std::uint32_t* value) const {
    const Place place = find(address);
    if (place.bytes == nullptr || place.left_bytes < sizeof *value) {
        return false;
    }
    std::memcpy(value, place.bytes, sizeof *value);
    return true;
}

}  // namespace mrda::stub
