// SPDX-License-Identifier: MIT
#include "mrda/media/compute_unit.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "executor.h"
#include "now.h"

namespace mrda::media {

ComputeUnit::ComputeUnit(std::shared_ptr<Device> device, std::shared_ptr<const LoadedPlugin> plugin,
                         std::uint32_t index, const mrda_unit_kind& kind,
                         std::unique_ptr<UnitCode> code, std::shared_ptr<Executor> executor)
    : device_(std::move(device)),
      plugin_(std::move(plugin)),
      index_(index),
      kind_(kind),
      code_(std::move(code)),
      executor_(std::move(executor)),
      registers_(kind.register_bytes) {}

UnitStatistics ComputeUnit::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

Result<const mrda_unit_argument*> ComputeUnit::buffer_argument(std::uint32_t argument) const {
    if (argument >= kind_.argument_count ||
        kind_.arguments[argument].kind != MRDA_ARGUMENT_BUFFER) {
        return make_error(Errc::invalid_argument, "argument " + std::to_string(argument) +
                                                      " of unit " + kind_.name +
                                                      " is no buffer, or there is none");
    }
    return &kind_.arguments[argument];
}

Result<std::shared_ptr<const Buffer>> ComputeUnit::allocate_for(std::uint32_t argument,
                                                                std::uint64_t length_bytes) const {
    MRDA_ASSIGN(const mrda_unit_argument* const wanted, buffer_argument(argument));
    return device_->allocate(wanted->bank, length_bytes);
}

void ComputeUnit::enter() {
    const std::lock_guard lock(mutex_);
    ++statistics_.sessions;
}

void ComputeUnit::leave() {
    const std::lock_guard lock(mutex_);
    --statistics_.sessions;
}

Result<void> ComputeUnit::lock(Session session) {
    std::unique_lock lock(mutex_);
    if (owner_ == session) {
        return make_error(Errc::busy, "the session has the register map of unit " +
                                          std::string(name()) + " already; unlock it first");
    }
    unlocked_.wait(lock, [this] { return owner_ == nullptr; });
    owner_ = session;
    return {};
}

Result<void> ComputeUnit::unlock(Session session) {
    {
        const std::lock_guard lock(mutex_);
        if (owner_ != session) {
            return make_error(Errc::busy, "the session has not locked the register map of unit " +
                                              std::string(name()));
        }
        owner_ = nullptr;
    }
    unlocked_.notify_one();
    return {};
}

Result<void> ComputeUnit::check_access(Session session, std::uint32_t offset_bytes,
                                       std::size_t bytes) const {
    if (owner_ != session) {
        return make_error(Errc::busy, "the register map of unit " + std::string(name()) +
                                          " was used without its lock; lock it first");
    }
    if (offset_bytes > registers_.size() || bytes > registers_.size() - offset_bytes) {
        return make_error(Errc::invalid_argument, std::to_string(bytes) + " bytes at offset " +
                                                      std::to_string(offset_bytes) +
                                                      " of the register map of unit " +
                                                      std::string(name()) + ", which has " +
                                                      std::to_string(registers_.size()));
    }
    return {};
}

Result<void> ComputeUnit::write(Session session, std::uint32_t offset_bytes,
                                std::span<const std::byte> from) {
    const std::lock_guard lock(mutex_);
    MRDA_TRY(check_access(session, offset_bytes, from.size()));
    std::copy(from.begin(), from.end(), registers_.begin() + offset_bytes);
    return {};
}

Result<void> ComputeUnit::read(Session session, std::uint32_t offset_bytes,
                               std::span<std::byte> into) const {
    const std::lock_guard lock(mutex_);
    MRDA_TRY(check_access(session, offset_bytes, into.size()));
    std::copy_n(registers_.begin() + offset_bytes, into.size(), into.begin());
    return {};
}

Result<void> ComputeUnit::schedule(Session session, std::uint32_t channel, Then then,
                                   Finished finished) {
    const std::lock_guard lock(mutex_);
    MRDA_TRY(check_access(session, 0, 0));
    Item item{channel, registers_, now_ns(), std::move(then), std::move(finished)};
    if (kind_.channel_in_offset != MRDA_NO_REGISTER) {
        std::memcpy(item.registers.data() + kind_.channel_in_offset, &channel, sizeof channel);
    }
    waiting_.push_back(std::move(item));
    ++statistics_.scheduled;
    start_what_can();
    return {};
}

void ComputeUnit::start_what_can() {
    for (auto next = waiting_.begin();
         next != waiting_.end() && channels_.size() < kind_.in_flight;) {
        if (channels_.contains(next->channel)) {
            ++next;
            continue;
        }
        channels_.insert(next->channel);
        // Shared: a std::function is copied.
        auto item = std::make_shared<Item>(std::move(*next));
        next = waiting_.erase(next);
        executor_->post([this, item] { run(std::move(*item)); });
    }
}

Result<std::int32_t> ComputeUnit::run_code(Item& item) {
    auto ran = code_->run(item.registers);
    if (!ran.ok()) {
        Error error = std::move(ran).error();
        // Whoever waits has done nothing wrong, and would take it for that.
        error.code = error.code == Errc::invalid_argument ? Errc::io : error.code;
        return error;
    }
    const std::int32_t return_code = *ran;
    if (kind_.channel_out_offset != MRDA_NO_REGISTER) {
        std::uint32_t channel = 0;
        std::memcpy(&channel, item.registers.data() + kind_.channel_out_offset, sizeof channel);
        if (channel != item.channel) {
            return make_error(Errc::corrupt, "unit " + std::string(name()) +
                                                 " was given an item of channel " +
                                                 std::to_string(item.channel) +
                                                 " and says that it has done one of channel " +
                                                 std::to_string(channel));
        }
    }
    return return_code;
}

void ComputeUnit::run(Item item) {
    const std::uint64_t started_ns = now_ns();
    WorkDone done{run_code(item), {}};
    const std::uint64_t ended_ns = now_ns();
    done.registers = std::move(item.registers);
    {
        const std::lock_guard lock(mutex_);
        ++statistics_.done;
        statistics_.failed += done.return_code.ok() && *done.return_code == 0 ? 0U : 1U;
        statistics_.busy_ns += ended_ns - started_ns;
        statistics_.waiting_ns += started_ns - item.scheduled_ns;
    }
    // Before the channel is free: the next of its items may not be told of first.
    item.then(std::move(done));
    {
        const std::lock_guard lock(mutex_);
        channels_.erase(item.channel);
        start_what_can();
    }
    item.finished();
}

}  // namespace mrda::media
