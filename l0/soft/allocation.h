// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "context.h"
#include "mapping.h"
#include "mrda/interop/dma_buf.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::ze_soft {

/// How an allocation came to be, and so which call gives it back.
enum class Origin : uint8_t { allocated, imported, opened_ipc };

/// One USM allocation: an object (a memfd of ours, or what was imported) and its mapping. Immutable
/// but for the DMA-BUF that the first export makes. Thread-safe.
class Allocation {
  public:
    struct Parts {
        std::shared_ptr<Context> context;
        Fd object;
        Mapping mapping;
        std::size_t size_bytes;
        ze_memory_type_t type;
        Origin origin;
        ze_external_memory_type_flags_t export_types;
    };
    explicit Allocation(Parts parts);

    [[nodiscard]] std::byte* base() const { return mapping_.get().address; }
    [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] ze_memory_type_t type() const { return type_; }
    [[nodiscard]] Origin origin() const { return origin_; }
    [[nodiscard]] ze_external_memory_type_flags_t export_types() const { return export_types_; }
    [[nodiscard]] uint64_t id() const { return id_; }
    [[nodiscard]] bool belongs_to(const std::shared_ptr<Context>& context) const {
        return use_.context() == context;
    }
    /// The object behind it, borrowed: its number names the allocation in an IPC handle.
    [[nodiscard]] int object() const { return object_.get(); }

    /// A descriptor for the caller: of a DMA-BUF over the object where udmabuf makes one (the same
    /// DMA-BUF each time), else of the object itself, as it is.
    Result<Fd> export_fd();

  private:
    const ContextUse use_;
    const Fd object_;
    const Mapping mapping_;
    const std::size_t size_bytes_;
    const ze_memory_type_t type_;
    const Origin origin_;
    const ze_external_memory_type_flags_t export_types_;
    const uint64_t id_;
    std::mutex dma_buf_mutex_;
    bool dma_buf_tried_ = false;
    std::optional<DmaBuf> dma_buf_;
};

/// All USM of the process, by address. Thread-safe.
class AllocationTable {
  public:
    void add(std::shared_ptr<Allocation> allocation);
    /// The allocation that `pointer` points into, or null.
    std::shared_ptr<Allocation> find(const void* pointer) const;
    /// Removes and gives the allocation that starts at `base` and pleases `condition`, or null.
    template <typename Condition>
    std::shared_ptr<Allocation> take(const void* base, Condition condition) {
        const std::unique_lock lock(mutex_);
        const auto found = by_address_.find(reinterpret_cast<std::uintptr_t>(base));
        if (found == by_address_.end() || !condition(*found->second)) {
            return nullptr;
        }
        auto allocation = std::move(found->second);
        by_address_.erase(found);
        return allocation;
    }

  private:
    mutable std::shared_mutex mutex_;
    std::map<std::uintptr_t, std::shared_ptr<Allocation>> by_address_;
};

AllocationTable& allocations();

}  // namespace mrda::ze_soft
