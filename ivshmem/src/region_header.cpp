// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/region_header.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "mrda/ivshmem/wire_format.h"

namespace mrda::ivshmem {

RegionId make_region_id() {
    RegionId id{};
    // getrandom(2): a request of this size is never cut short.
    if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
        __builtin_trap();
    }
    return id;
}

RegionHeader make_region_header(std::string_view name, const RegionId& id,
                                std::uint64_t size_bytes) {
    RegionHeader header{};
    header.magic = kRegionMagic;
    header.version_major = kVersionMajor;
    header.version_minor = kVersionMinor;
    header.header_bytes = sizeof header;
    header.size_bytes = size_bytes;
    header.id = id;
    std::copy_n(name.begin(), std::min(name.size(), kMaxRegionNameBytes), header.name.begin());
    return header;
}

Result<void> write_region_header(int fd, const RegionHeader& header) {
    if (::pwrite(fd, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
        return os_error("pwrite", errno, "cannot write a region's first page");
    }
    return {};
}

bool is_region_header(const RegionHeader& header) {
    return header.magic == kRegionMagic && header.version_major == kVersionMajor &&
           header.header_bytes >= sizeof header;
}

std::string region_name(const RegionHeader& header) {
    return {header.name.begin(), std::find(header.name.begin(), header.name.end(), '\0')};
}

}  // namespace mrda::ivshmem
