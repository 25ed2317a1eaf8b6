// SPDX-License-Identifier: MIT
#include "device_files.h"

#include <unistd.h>

#include <utility>

namespace mrda::service {

Result<std::shared_ptr<SharedRegion>> SharedRegion::make(ivshmem::Region region, std::string path,
                                                         std::string owner, std::string name) {
    std::shared_ptr<SharedRegion> made(
        new SharedRegion(std::move(region), std::move(path), std::move(owner), std::move(name)));
    MRDA_TRY(made->introduce());
    return made;
}

Result<void> SharedRegion::introduce() const {
    return ivshmem::write_region_header(region.fd(),
                                        ivshmem::make_region_header(name, id, region.size_bytes()));
}

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
    MRDA_ASSIGN(auto made, SharedRegion::make(std::move(region), path, owner, name));
    open_.push_back(made);
    return made;
}

}  // namespace mrda::service
