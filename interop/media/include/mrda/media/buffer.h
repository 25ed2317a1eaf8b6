// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::media {

/// One kind of memory that a device has.
struct Bank {
    std::string name;
    std::uint32_t memory = 0;  ///< MRDA_MEMORY_*: how what lies in it can be reached.
};

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

    mrda_buffer view_;
};

/// Something with memory of its own, and where sessions and kernels run. Any thread.
class Device {
  public:
    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    /// Of this device in the list that it was made for.
    [[nodiscard]] std::uint32_t index() const { return index_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// "0000:03:00.0"; empty: it is on no bus.
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] std::span<const Bank> banks() const { return banks_; }

    /// In bank number `bank`; -1: the default one. Zeroed. Errors: invalid_argument (no such bank,
    /// no bytes), out_of_memory.
    [[nodiscard]] Result<std::shared_ptr<const Buffer>> allocate(std::int32_t bank,
                                                                 std::uint64_t length_bytes);

  protected:
    Device(std::uint32_t index, std::string name, std::string address, std::vector<Bank> banks)
        : index_(index),
          name_(std::move(name)),
          address_(std::move(address)),
          banks_(std::move(banks)) {}

  private:
    virtual Result<std::shared_ptr<const Buffer>> make(std::uint32_t bank,
                                                       std::uint64_t length_bytes) = 0;

    std::uint32_t index_;
    std::string name_;
    std::string address_;
    std::vector<Bank> banks_;
};

/// The machine itself, without any accelerator: shared memory that the software drivers import as
/// they would a GPU's. Bank 0, "host", is mapped; bank 1, "device", is out of processors' reach.
std::shared_ptr<Device> make_host_device(std::uint32_t index);

}  // namespace mrda::media
