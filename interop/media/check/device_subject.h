// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mrda/media/plugin.h"
#include "verdict.h"

namespace mrda::check {

/// What a function of a plugin's devices gave, unchanged.
struct Answer {
    int status = MRDA_MEDIA_OK;
    std::string words;

    [[nodiscard]] bool ok() const { return status == MRDA_MEDIA_OK; }
};

/// Empty if `answer` is OK.
Fault check_done(const std::string& call, const Answer& answer);

Answer count_devices(const mrda_device_kind& kind, std::uint32_t& count);

/// One device of the plugin's, called as a host calls it.
class DeviceSubject {
  public:
    explicit DeviceSubject(const mrda_device_kind& kind);
    DeviceSubject(const DeviceSubject&) = delete;
    DeviceSubject& operator=(const DeviceSubject&) = delete;
    ~DeviceSubject();

    Answer open(std::uint32_t index);
    /// Loads a unit's code, and lets go of it at once.
    Answer load(const mrda_unit_kind& unit);
    [[nodiscard]] const mrda_device_info& info() const { return info_; }
    [[nodiscard]] const mrda_device_kind& kind() const { return kind_; }
    [[nodiscard]] void* handle() const { return handle_; }

  private:
    const mrda_device_kind& kind_;
    mrda_device_info info_{};
    void* handle_ = nullptr;
    bool open_ = false;
};

/// Memory of a device, which outlives it.
class MemorySubject {
  public:
    explicit MemorySubject(const DeviceSubject& device) : device_(device) {}
    MemorySubject(const MemorySubject&) = delete;
    MemorySubject& operator=(const MemorySubject&) = delete;
    ~MemorySubject();

    Answer allocate(std::uint32_t bank, std::uint64_t length_bytes);
    Answer copy_in(std::uint64_t offset_bytes, std::span<const std::byte> from);
    Answer copy_out(std::uint64_t offset_bytes, std::span<std::byte> into);
    [[nodiscard]] const mrda_buffer& view() const { return view_; }

  private:
    const DeviceSubject& device_;
    mrda_buffer view_{};
    void* memory_ = nullptr;
    bool allocated_ = false;
};

}  // namespace mrda::check
