// SPDX-License-Identifier: MIT
#include "device_files.h"

#include <unistd.h>

#include <utility>

namespace mrda::service {

Result<std::shared_ptr<SharedRegion>> DeviceFiles::open(const std::string& path,
                                                        std::uint64_t size_bytes,
                                                        const std::string& owner,
                                                        const std::string& name) {
    auto opened = ivshmem::Region::create_file(path, size_bytes);
    if (!opened.ok() && opened.error().code == Errc::busy) {
        opened = ivshmem::Region::open_file(path, ::geteuid());
    }
    MRDA_ASSIGN(ivshmem::Region region, std::move(opened));
    std::erase_if(open_, [](const auto& known) { return known.expired(); });
    for (const auto& known : open_) {
        const auto other = known.lock();
        if (other == nullptr || other->region.identity() != region.identity()) {
            continue;
        }
        if (other->owner != owner) {
            return make_error(Errc::busy, "device path " + path + " asked for VM " + owner +
                                              " is the file that VM " + other->owner + " uses as " +
                                              other->path);
        }
        return other;
    }
    auto made = std::make_shared<SharedRegion>(std::move(region), path, owner, name);
    open_.push_back(made);
    return made;
}

}  // namespace mrda::service
