// SPDX-License-Identifier: MIT
#include "allocation.h"

#include <atomic>
#include <iterator>
#include <utility>

#include "mrda/interop/udmabuf.h"

namespace mrda::ze_soft {

namespace {

uint64_t next_allocation_id() {
    static std::atomic<uint64_t> last = 0;
    return ++last;
}

}  // namespace

Allocation::Allocation(Parts parts)
    : use_(std::move(parts.context)),
      object_(std::move(parts.object)),
      mapping_(std::move(parts.mapping)),
      size_bytes_(parts.size_bytes),
      type_(parts.type),
      origin_(parts.origin),
      export_types_(parts.export_types),
      id_(next_allocation_id()) {}

Result<Fd> Allocation::export_fd() {
    const std::lock_guard lock(dma_buf_mutex_);
    // What was imported leaves as it came, so that its identity survives the round trip.
    if (!dma_buf_tried_ && origin_ == Origin::allocated) {
        // Where the kernel makes none, the memfd itself is what there is.
        if (auto made = export_range_as_dma_buf(object_.get(), 0, mapping_.get().size_bytes)) {
            dma_buf_ = std::move(*made);
        }
        dma_buf_tried_ = true;
    }
    return duplicate_fd(dma_buf_ ? dma_buf_->fd() : object_.get());
}

void AllocationTable::add(std::shared_ptr<Allocation> allocation) {
    const std::unique_lock lock(mutex_);
    const auto address = reinterpret_cast<std::uintptr_t>(allocation->base());
    by_address_.emplace(address, std::move(allocation));
}

std::shared_ptr<Allocation> AllocationTable::find(const void* pointer) const {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    const std::shared_lock lock(mutex_);
    const auto after = by_address_.upper_bound(address);
    if (after == by_address_.begin()) {
        return nullptr;
    }
    const auto& [base, allocation] = *std::prev(after);
    return address - base < allocation->size_bytes() ? allocation : nullptr;
}

// Never destroyed, as the handle tables.
AllocationTable& allocations() {
    static auto& table = *new AllocationTable();
    return table;
}

}  // namespace mrda::ze_soft
