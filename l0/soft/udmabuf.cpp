// SPDX-License-Identifier: MIT
#include "udmabuf.h"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>

namespace mrda::ze_soft {

Fd new_udmabuf(int memfd, std::size_t size_bytes) {
    const Fd device(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
    if (!device) {
        return {};
    }
    udmabuf_create request = {};
    request.memfd = static_cast<__u32>(memfd);
    request.flags = UDMABUF_FLAGS_CLOEXEC;
    request.size = size_bytes;
    const int dma_buf = ::ioctl(device.get(), UDMABUF_CREATE, &request);
    return dma_buf < 0 ? Fd() : Fd(dma_buf);
}

}  // namespace mrda::ze_soft
