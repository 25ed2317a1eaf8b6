// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "object.h"

namespace mrda::stub {

/// Where objects lie in the addresses that command streams use. Addresses are 48 bits wide, and may
/// come sign-extended.
class AddressSpace {
  public:
    struct Place {
        std::shared_ptr<Object> object;
        std::uint64_t offset_bytes;  ///< In the object, of the address that was asked for.
        std::uint64_t left_bytes;    ///< Of what is bound there, from that address on.
        std::byte* bytes;            ///< The memory at the address; null if it cannot be mapped.
    };

    /// Puts `size_bytes` of the object, from `offset_bytes` on, at `address`; what was bound there
    /// is unbound. False where the range is empty, or not in the object or the addresses.
    bool bind(std::uint64_t address, std::shared_ptr<Object> object, std::uint64_t offset_bytes,
              std::uint64_t size_bytes);
    void unbind(std::uint64_t address, std::uint64_t size_bytes);
    void unbind_object(const Object& object);

    /// What is at `address`; its object is null where nothing is.
    Place find(std::uint64_t address) const;
    /// The address of a bound object's first byte, or 0.
    std::uint64_t address_of(const Object& object) const;

    /// Writes 4 or 8 bytes; false where they are not all bound.
    bool write32(std::uint64_t address, std::uint32_t value);
    bool write64(std::uint64_t address, std::uint64_t value);
    bool read32(std::uint64_t address, std::uint32_t* value) const;

  private:
    struct Binding {
        std::shared_ptr<Object> object;
        std::uint64_t offset_bytes;
        std::uint64_t size_bytes;
    };
    std::map<std::uint64_t, Binding> bindings_;  ///< By their first address.
};

}  // namespace mrda::stub
