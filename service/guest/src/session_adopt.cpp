// SPDX-License-Identifier: MIT
// How a session goes on in the memory of another one, which the service made after it came back.
#include <algorithm>
#include <utility>

#include "session.h"

namespace mrda::guest::core {

using ivshmem::Channel;
using ivshmem::SlotOwners;

bool Session::memory_is_whole() const {
    if (outlives_service_) {
        // The service's next life has it, too: what lies there may be another session's, and the
        // first page as it was.
        return false;
    }
    return has_own_header();
}

bool Session::has_own_header() const {
    // A host that gives memory back empties it, and one that gives it to somebody else writes
    // another header.
    const auto header =
        input_.control(layout_.control_bytes()).copy<ivshmem::SessionHeader>(ivshmem::kHeaderPage);
    return check_header(header, layout_, info_.session_id, info_.epoch).ok();
}

void Session::take_back_frames() {
    if (!host_closing_ || reset_wanted_) {
        return;  // One of them may be what it died of; and a reset gets rid of all.
    }
    // A host that ended the stream gave back all that it had taken.
    for (; !told_.empty(); told_.pop_back()) {
        inputs_.change(told_.back().slot, InputPool::Use::waiting);
        waiting_.push_front(told_.back());
        tally_.leave();
    }
}

void Session::copy_input(const Attachment& fresh) const {
    for (std::uint32_t slot = 0; slot < inputs_.count(); ++slot) {
        if (inputs_.is(slot, InputPool::Use::held) || inputs_.is(slot, InputPool::Use::waiting)) {
            const std::uint64_t offset = layout_.input_slot_offset(slot);
            std::copy_n(input_.data() + offset, layout_.input_slot_bytes(),
                        fresh.input.data() + offset);
        }
    }
}

Result<void> Session::replace_input(Attachment& fresh) {
    const std::lock_guard lock(wake_mutex_);
    channel_.reset();
    MRDA_TRY(input_.show(fresh.input_region.view(layout_.control_bytes()), fresh.input_extent));
    MRDA_ASSIGN(channel_, Channel::attach(input_.control(layout_.control_bytes()), layout_,
                                          Channel::Side::guest, std::move(fresh.wakeup)));
    return {};
}

Result<void> Session::adopt(Attachment fresh) {
    if (!(fresh.layout == layout_) || !(fresh.frame == frame_)) {
        return make_error(Errc::unsupported,
                          "the service came back with other slots or another layout of frames; "
                          "make a new session");
    }
    if (memory_is_whole()) {
        // What the old host still sent; what it says beyond that matters no more.
        static_cast<void>(take_messages().ok());
        take_back_frames();
        copy_input(fresh);
    } else {
        // Zeros would be encoded without complaint, and so would another session's pixels.
        std::vector<std::uint32_t> unused;
        tally_.take_back_encoded(packets_.drop_arrived(unused));
        drop_waiting();
    }
    tally_.settle(Tally::lost, tally_.inside());
    input_guard_ = ivshmem::BusGuard();
    output_guard_ = ivshmem::BusGuard();
    MRDA_TRY(replace_input(fresh));
    MRDA_TRY(packets_.replace_memory(std::move(fresh.output)));
    removal_ = std::move(fresh.removal);
    input_owners_ = SlotOwners(layout_.input_slots(), SlotOwners::Owner::guest);
    output_owners_ = SlotOwners(layout_.output_slots(), SlotOwners::Owner::host);
    inputs_.host_is_gone();
    told_.clear();
    host_closing_ = false;
    failure_.reset();
    releases_.clear();
    end_told_ = end_received_;
    if (reset_wanted_) {
        finish_reset();
    }
    ++info_.reattached;
    remember(fresh);
    return guard_memory();
}

void Session::remember(Attachment& attachment) {
    info_.session_id = attachment.session_id;
    info_.epoch = attachment.epoch;
    outlives_service_ = attachment.outlives_service;
    in_devices_ = attachment.in_devices;
    info_.woken = keep(std::move(attachment.woken));
    info_.input_slots = layout_.input_slots();
    info_.output_slots = layout_.output_slots();
    info_.input_slot_bytes = layout_.input_slot_bytes();
    info_.output_slot_bytes = layout_.output_slot_bytes();
    info_.path = keep(std::move(attachment.path));
    info_.path_reason = keep(std::move(attachment.path_reason));
    info_.implementation = keep(std::move(attachment.implementation));
    info_.notices = keep(std::move(attachment.notices));
}

Result<void> Session::guard_memory() {
    if (!is_guarded()) {
        return {};  // What does not outlive the service is sealed.
    }
    MRDA_ASSIGN(input_guard_, ivshmem::BusGuard::watch(input_.data(), input_.size_bytes()));
    const auto output = packets_.memory();
    MRDA_ASSIGN(output_guard_, ivshmem::BusGuard::watch(output.data(), output.size()));
    return {};
}

bool Session::is_memory_gone() const {
    return (removal_ != nullptr && !removal_->all_there()) || input_guard_.lost() ||
           output_guard_.lost();
}

void Session::let_go_of_device() {
    {
        const std::lock_guard lock(wake_mutex_);
        channel_.reset();
    }
    // Of files the guard has let go of the one that is gone, and the other may be whole.
    const bool let_go = !in_devices_ || (input_.let_go().ok() && packets_.let_go().ok());
    ending_ = {
        let_go ? MRDA_GUEST_DEVICE_GONE : MRDA_GUEST_FAILED,
        outlives_service_ && !in_devices_
            ? "the file that has the session's memory was cut short"
            : "this machine's IVSHMEM device is being removed, or was: the session's memory is "
              "gone"};
    // The host need not wait for the lease's end.
    keeper_.halt();
}

const char* Session::keep(std::string text) {
    const auto found = std::find(texts_.begin(), texts_.end(), text);
    if (found != texts_.end()) {
        return found->c_str();
    }
    return texts_.emplace_back(std::move(text)).c_str();
}

}  // namespace mrda::guest::core
