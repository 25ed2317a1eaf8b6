// SPDX-License-Identifier: MIT
#include "mrda/interop/udmabuf.h"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/seals.h"

namespace mrda {

namespace {

constexpr const char* kDevice = "/dev/udmabuf";
constexpr const char* kLimit = "/sys/module/udmabuf/parameters/size_limit_mb";

Result<void> check_range(int memfd, std::uint64_t offset_bytes, std::uint64_t size_bytes) {
    MRDA_ASSIGN(const std::uint64_t object_bytes, unshrinkable_size_bytes(memfd));
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const bool whole = offset_bytes % page_bytes == 0 && size_bytes % page_bytes == 0;
    if (!whole || size_bytes == 0 || offset_bytes > object_bytes ||
        size_bytes > object_bytes - offset_bytes) {
        return make_error(Errc::invalid_argument,
                          "a DMA-BUF of " + std::to_string(size_bytes) + " bytes at offset " +
                              std::to_string(offset_bytes) + " asked of a memfd of " +
                              std::to_string(object_bytes) + "; it must be whole pages within it");
    }
    return {};
}

Result<Fd> open_device() {
    Fd device(::open(kDevice, O_RDWR | O_CLOEXEC));
    if (!device) {
        Error error = os_error("open", errno,
                               std::string("no DMA-BUF over shared memory without ") + kDevice +
                                   "; load it (modprobe udmabuf), and let this user open it");
        if (error.code == Errc::not_found) {
            error.code = Errc::unsupported;
        }
        return error;
    }
    return device;
}

Error refused_by_kernel(int errno_value, std::uint64_t size_bytes) {
    std::string limit_mib = "?";
    std::ifstream(kLimit) >> limit_mib;
    return os_error("ioctl(UDMABUF_CREATE)", errno_value,
                    "no DMA-BUF over " + std::to_string(size_bytes) +
                        " bytes of shared memory; this kernel makes them of at most " + limit_mib +
                        " MiB, which is its parameter udmabuf.size_limit_mb");
}

}  // namespace

Result<DmaBuf> export_range_as_dma_buf(int memfd, std::uint64_t offset_bytes,
                                       std::uint64_t size_bytes) {
    MRDA_TRY(check_range(memfd, offset_bytes, size_bytes));
    MRDA_ASSIGN(const Fd device, open_device());
    udmabuf_create request{};
    request.memfd = static_cast<std::uint32_t>(memfd);
    request.flags = UDMABUF_FLAGS_CLOEXEC;
    request.offset = offset_bytes;
    request.size = size_bytes;
    Fd made(::ioctl(device.get(), UDMABUF_CREATE, &request));
    if (!made) {
        return refused_by_kernel(errno, size_bytes);
    }
    return DmaBuf::adopt(std::move(made), 0, size_bytes, "udmabuf");
}

}  // namespace mrda
