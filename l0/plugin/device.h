// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/result.h"
#include "mrda/l0/command_list.h"
#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/media/devices.h"
#include "pool.h"

namespace mrda::l0::plugin {

/// What a host has allocated.
struct Memory {
    UsmBuffer usm;
    std::optional<DmaBuf> object;
};

/// A Level Zero device: bank 0 is its own memory, 1 the host's, 2 what the driver moves.
/// Thread-safe.
class Device {
  public:
    static Result<std::unique_ptr<Device>> open(std::uint32_t index);
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() = default;

    [[nodiscard]] const Context& context() const { return context_; }
    /// Fills as much of `info` as it says that it has.
    void describe(mrda_device_info& info) const;

    Result<std::unique_ptr<Memory>> allocate(std::uint32_t bank, std::uint64_t length_bytes);
    /// All that mrda_device_kind::allocate is to fill.
    static void describe(const Memory& memory, mrda_buffer& buffer);

    /// Copies by the device, and waits for it.
    Result<void> copy(void* to, const void* from, std::size_t size_bytes);

  private:
    explicit Device(Context context) : context_(std::move(context)) {}

    [[nodiscard]] Exportable exportable(UsmKind kind) const;
    Result<void> clear(const UsmBuffer& usm);
    /// Gives `append(list)` a command list of its own, and waits for what it holds then.
    template <typename Append>
    Result<void> run(Append append);

    Context context_;
    Pool<CommandList> lists_{16};
};

}  // namespace mrda::l0::plugin
