// SPDX-License-Identifier: MIT
#include "mrda/media/unit_access.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "execution_table.h"

namespace mrda::media {

namespace {

/// What a deadline can be without an overflow of the clock.
constexpr std::uint64_t kLongestWaitNs = 3'600'000'000'000;

}  // namespace

UnitAccess::UnitAccess(std::shared_ptr<ComputeUnit> unit, std::int32_t bank, std::uint32_t channel)
    : unit_(std::move(unit)), bank_(bank), table_(execution_table(*this)) {
    table_.device = unit_->device()->index();
    table_.unit = unit_->index();
    table_.channel = channel;
    table_.kind = &unit_->kind();
    unit_->enter();
}

UnitAccess::~UnitAccess() {
    static_cast<void>(unit_->unlock(this).ok());  // A session that forgot it must not keep it.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_flight_ == 0; });
    lock.unlock();
    unit_->leave();
}

void UnitAccess::lend(std::shared_ptr<const Buffer> buffer) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = buffer->view().id;
    Held& held = buffers_.try_emplace(id, Held{std::move(buffer), 0}).first->second;
    ++held.lent;
}

void UnitAccess::forget(std::uint64_t buffer_id) {
    const std::lock_guard lock(mutex_);
    const auto held = buffers_.find(buffer_id);
    if (held != buffers_.end() && held->second.lent > 0 && --held->second.lent == 0) {
        buffers_.erase(held);
    }
}

Result<const mrda_buffer*> UnitAccess::allocate(std::int32_t bank, std::uint64_t length_bytes) {
    MRDA_ASSIGN(auto buffer, unit_->device()->allocate(bank == -1 ? bank_ : bank, length_bytes));
    const mrda_buffer* const view = &buffer->view();
    const std::lock_guard lock(mutex_);
    buffers_.emplace(view->id, Held{std::move(buffer), 0});
    return view;
}

Result<const mrda_buffer*> UnitAccess::allocate_for(std::uint32_t index,
                                                    std::uint64_t length_bytes) {
    MRDA_ASSIGN(const mrda_unit_argument* const wanted, unit_->buffer_argument(index));
    return allocate(wanted->bank, length_bytes);
}

Result<std::shared_ptr<const Buffer>> UnitAccess::find(const mrda_buffer* buffer) const {
    if (buffer != nullptr) {
        // By its address: what was released may not be looked into.
        for (const auto& [id, held] : buffers_) {
            if (&held.buffer->view() == buffer) {
                return held.buffer;
            }
        }
    }
    return make_error(Errc::invalid_argument,
                      "no buffer of this session: never allocated in it, or released before");
}

Result<void> UnitAccess::release(const mrda_buffer* buffer) {
    std::shared_ptr<const Buffer> last;  // Freed without the mutex.
    const std::lock_guard lock(mutex_);
    MRDA_ASSIGN(last, find(buffer));
    const auto held = buffers_.find(last->view().id);
    if (held->second.lent > 0) {
        return make_error(Errc::invalid_argument,
                          "the buffer is the application's, which releases it");
    }
    buffers_.erase(held);
    return {};
}

Result<void> UnitAccess::read(const mrda_buffer* buffer, std::uint64_t offset_bytes,
                              std::span<std::byte> into) const {
    std::unique_lock lock(mutex_);
    MRDA_ASSIGN(const auto found, find(buffer));
    lock.unlock();
    return found->read(offset_bytes, into);
}

Result<void> UnitAccess::write(const mrda_buffer* buffer, std::uint64_t offset_bytes,
                               std::span<const std::byte> from) const {
    std::unique_lock lock(mutex_);
    MRDA_ASSIGN(const auto found, find(buffer));
    lock.unlock();
    return found->write(offset_bytes, from);
}

Result<void> UnitAccess::write_buffer_argument(std::uint32_t index, const mrda_buffer* buffer) {
    MRDA_ASSIGN(const mrda_unit_argument* const wanted, unit_->buffer_argument(index));
    std::unique_lock lock(mutex_);
    MRDA_ASSIGN(const auto found, find(buffer));
    lock.unlock();
    const mrda_buffer& view = found->view();
    if (found->device_id() != unit_->device()->id() || (view.memory & MRDA_MEMORY_ADDRESS) == 0 ||
        (wanted->bank != -1 && view.bank != static_cast<std::uint32_t>(wanted->bank))) {
        return make_error(Errc::invalid_argument,
                          "argument " + std::string(wanted->name) + " of unit " +
                              unit_->kind().name + " reaches bank " + std::to_string(wanted->bank) +
                              " (-1: any) of device " + std::to_string(unit_->device()->index()) +
                              " by address; the buffer lies in bank " + std::to_string(view.bank) +
                              " of device " + std::to_string(view.device));
    }
    return unit_->write(this, wanted->offset_bytes, std::as_bytes(std::span(&view.address, 1)));
}

Result<std::optional<std::uint64_t>> UnitAccess::schedule() {
    std::uint64_t item = 0;
    {
        const std::lock_guard lock(mutex_);
        if (items_.size() >= MRDA_MAX_SCHEDULED) {
            return std::optional<std::uint64_t>();
        }
        item = ++last_item_;
        items_.emplace(item, std::nullopt);
        ++in_flight_;
    }
    const auto scheduled = unit_->schedule(
        this, table_.channel, [this, item](WorkDone work) { done(item, std::move(work)); },
        [this] { finished(); });
    if (!scheduled.ok()) {
        const std::lock_guard lock(mutex_);
        items_.erase(item);
        --in_flight_;
        return scheduled.error();
    }
    return std::optional(item);
}

void UnitAccess::done(std::uint64_t item, WorkDone work) {
    const std::lock_guard lock(mutex_);
    items_[item] = std::move(work);
    changed_.notify_all();
}

void UnitAccess::finished() {
    // Told while locked: the destructor ends with the mutex free again, and may be the unit's last
    // owner's.
    const std::lock_guard lock(mutex_);
    --in_flight_;
    changed_.notify_all();
}

Result<std::optional<WorkDone>> UnitAccess::wait(std::uint64_t item, std::uint64_t timeout_ns) {
    const auto deadline = std::chrono::steady_clock::now() +
                          std::chrono::nanoseconds(std::min(timeout_ns, kLongestWaitNs));
    std::unique_lock lock(mutex_);
    auto found = items_.find(item);
    // Looked up each time: somebody else may wait for the same one, and hear of it first.
    const auto told = [&] {
        found = items_.find(item);
        return found == items_.end() || found->second.has_value();
    };
    if (!changed_.wait_until(lock, deadline, told)) {
        return std::optional<WorkDone>();
    }
    if (found == items_.end()) {
        return make_error(Errc::invalid_argument,
                          "no work item " + std::to_string(item) + ", or it was told before");
    }
    std::optional<WorkDone> work = std::move(found->second);
    items_.erase(found);
    return work;
}

}  // namespace mrda::media
