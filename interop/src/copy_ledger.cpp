// SPDX-License-Identifier: MIT
#include "mrda/interop/copy_ledger.h"

namespace mrda {

void CopyLedger::record(std::string_view stage, std::string_view reason, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries_) {
        if (entry.stage == stage && entry.reason == reason) {
            ++entry.copies;
            entry.bytes += bytes;
            return;
        }
    }
    entries_.push_back({std::string(stage), std::string(reason), 1, bytes});
}

std::uint64_t CopyLedger::total_bytes() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t bytes = 0;
    for (const Entry& entry : entries_) {
        bytes += entry.bytes;
    }
    return bytes;
}

std::vector<CopyLedger::Entry> CopyLedger::entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
}

}  // namespace mrda
