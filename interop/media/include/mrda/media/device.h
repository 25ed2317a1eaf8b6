// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/buffer.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::media {

/// One kind of memory that a device has.
struct Bank {
    std::string name;
    std::uint32_t memory = 0;      ///< MRDA_MEMORY_*: how what lies in it can be reached.
    std::uint64_t size_bytes = 0;  ///< 0: not known.
};

/// A unit's code, loaded on a device. run() may be called from as many threads as the unit's kind
/// says that items are in flight.
class UnitCode {
  public:
    virtual ~UnitCode() = default;
    UnitCode(const UnitCode&) = delete;
    UnitCode& operator=(const UnitCode&) = delete;

    /// One item's work, with its argument block; waits for it. The unit's return code.
    virtual Result<std::int32_t> run(std::span<std::byte> registers) = 0;

  protected:
    UnitCode() = default;
};

/// Something with memory of its own, and where sessions and kernels run. Any thread.
class Device {
  public:
    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    /// No other device of this process ever has it.
    [[nodiscard]] std::uint64_t id() const { return id_; }
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
    /// Errors: unsupported (no code of this kind is for this device; what was tried). The plugin
    /// that `kind` belongs to must outlive it.
    [[nodiscard]] virtual Result<std::unique_ptr<UnitCode>> load(const mrda_unit_kind& kind) = 0;

  protected:
    Device(std::uint32_t index, std::string name, std::string address, std::vector<Bank> banks);

  private:
    virtual Result<std::shared_ptr<Buffer>> make(std::uint32_t bank,
                                                 std::uint64_t length_bytes) = 0;

    std::uint64_t id_;
    std::uint32_t index_;
    std::string name_;
    std::string address_;
    std::vector<Bank> banks_;
};

/// The machine itself, without any accelerator: shared memory that the software drivers import as
/// they would a GPU's. Bank 0, "host", is mapped; bank 1, "device", is for its units alone: they
/// reach it by address.
std::shared_ptr<Device> make_host_device(std::uint32_t index);

/// The devices that a plugin reaches, with indices from `first_index` on. They keep the plugin.
/// None is no error; one that cannot be opened is left out, and told in `notes`. Errors: what the
/// plugin says of all of them; unsupported (it has no devices).
Result<std::vector<std::shared_ptr<Device>>> open_devices(
    const std::shared_ptr<const LoadedPlugin>& plugin, std::uint32_t first_index,
    std::vector<std::string>& notes);

}  // namespace mrda::media
