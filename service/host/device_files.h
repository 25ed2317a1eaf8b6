// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "extent_allocator.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/region.h"
#include "mrda/ivshmem/region_header.h"

namespace mrda::service {

/// The eventfds behind an IVSHMEM doorbell device, one of each for every vector.
struct Doorbells {
    std::vector<Fd> host;     ///< Can be read once the guest has written (0 << 16 | vector).
    std::vector<Fd> guest;    ///< Written: interrupt `vector` in the guest.
    std::vector<bool> used;   ///< By a session, per vector.
    bool connected = false;   ///< A virtual machine has the device.
    bool claimed = false;     ///< One has the memory alone: nothing rings.
    std::string socket_path;  ///< Where QEMU connects.
};

/// Shared memory of one VM, and which session has which part of it.
struct SharedRegion {
    ivshmem::Region region;
    ExtentAllocator extents;
    std::string path;   ///< Empty: a memfd.
    std::string owner;  ///< The VM's name.
    std::string name;   ///< Its own, which guests find in its first page, as the next.
    ivshmem::RegionId id;
    /// Null: no virtual machine has it as a doorbell device.
    std::shared_ptr<Doorbells> doorbells;
    /// The service is ending: guests may still read what they hold, so nothing is released.
    bool keep_pages = false;

    /// Its first page says at once what it is: guests look before they ask for a session.
    /// Errors: as introduce().
    static Result<std::shared_ptr<SharedRegion>> make(ivshmem::Region region, std::string path,
                                                      std::string owner, std::string name);
    /// Writes its first page, which guests can spoil. Errors: io.
    Result<void> introduce() const;

  private:
    SharedRegion(ivshmem::Region made, std::string at, std::string whose, std::string called)
        : region(std::move(made)),
          extents(region.size_bytes(), ivshmem::kPageBytes),
          path(std::move(at)),
          owner(std::move(whose)),
          name(std::move(called)),
          id(ivshmem::make_region_id()) {}
};

/// The regions that are files. However often and by whatever names a file is opened, it is one
/// SharedRegion as long as anybody uses it, so that no page is given out twice. For the loop's
/// thread.
class DeviceFiles {
  public:
    /// The file, made if it is not there; one that is there keeps its size. `name`: the region's.
    /// Errors: busy (another VM uses it, perhaps by another name), and what Region says.
    Result<std::shared_ptr<SharedRegion>> open(const std::string& path, std::uint64_t size_bytes,
                                               const std::string& owner, const std::string& name);

  private:
    std::vector<std::weak_ptr<SharedRegion>> open_;
};

}  // namespace mrda::service
