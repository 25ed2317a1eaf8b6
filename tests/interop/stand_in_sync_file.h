// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/fd.h"

namespace mrda::test {

/// Stands in for a sync_file, which only a driver's fence can make: a pipe, about which this
/// program's ioctl(SYNC_IOC_FILE_INFO) is answered here. What a test learns is how our side
/// behaves; a real one is waited for where the kernel makes any.
class StandInSyncFile {
  public:
    StandInSyncFile();
    ~StandInSyncFile();
    StandInSyncFile(const StandInSyncFile&) = delete;
    StandInSyncFile& operator=(const StandInSyncFile&) = delete;

    /// The descriptor, for one Sync.
    [[nodiscard]] Fd take() { return std::move(file_); }
    /// As a fence does: 1 when the work is done, an errno below 0 when it failed.
    void signal(int status = 1);

  private:
    Fd file_;
    Fd signal_end_;
    ObjectIdentity identity_;
};

}  // namespace mrda::test
