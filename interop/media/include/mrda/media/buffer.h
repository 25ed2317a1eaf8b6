// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mrda/interop/result.h"
#include "mrda/media/types.h"

namespace mrda::media {

/// Memory in a bank of a device, for frames and data. Shared by reference: whoever has one keeps
/// it, and it is freed with the last. Const calls may be made from several threads at once; bytes
/// that several write at once are theirs to order.
class Buffer {
  public:
    virtual ~Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    /// What plugins are told of it.
    [[nodiscard]] const mrda_buffer& view() const { return view_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return view_.length_bytes; }
    /// Device::id() of where it lies; 0: it is this process's alone. An index is a context's.
    [[nodiscard]] std::uint64_t device_id() const { return device_id_; }

    /// Copies, also where no processor can reach it. Errors: invalid_argument (not within the
    /// buffer; nothing is copied), what the device says.
    [[nodiscard]] Result<void> read(std::uint64_t offset_bytes, std::span<std::byte> into) const;
    [[nodiscard]] Result<void> write(std::uint64_t offset_bytes,
                                     std::span<const std::byte> from) const;

  protected:
    /// `view` gets an id of its own.
    explicit Buffer(const mrda_buffer& view);

  private:
    virtual Result<void> copy_out(std::uint64_t offset_bytes, std::span<std::byte> into) const = 0;
    virtual Result<void> copy_in(std::uint64_t offset_bytes,
                                 std::span<const std::byte> from) const = 0;
    [[nodiscard]] Result<void> check(std::uint64_t offset_bytes, std::size_t bytes) const;

    friend class Device;

    mrda_buffer view_;
    std::uint64_t device_id_ = 0;
};

}  // namespace mrda::media
