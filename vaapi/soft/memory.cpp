// SPDX-License-Identifier: MIT
#include "memory.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include "mrda/interop/seals.h"
#include "mrda/interop/udmabuf.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

std::uint64_t page_bytes() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string errno_text() {
    return std::strerror(errno);
}

bool is_dma_buf(int fd) {
    struct statfs info {};
    return ::fstatfs(fd, &info) == 0 && info.f_type == DMA_BUF_MAGIC;
}

Result<std::uint64_t> real_size_bytes(int fd) {
    auto size = unshrinkable_size_bytes(fd);
    if (!size.ok()) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER, size.error().message);
    }
    return size;
}

Result<std::uint8_t*> map_shared(int fd, std::uint64_t size_bytes) {
    void* data = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
        const VAStatus status =
            errno == ENOMEM ? VA_STATUS_ERROR_ALLOCATION_FAILED : VA_STATUS_ERROR_INVALID_PARAMETER;
        return refusal(status, "cannot map " + std::to_string(size_bytes) + " bytes of fd " +
                                   std::to_string(fd) + ": " + errno_text());
    }
    return static_cast<std::uint8_t*>(data);
}

void sync_dma_buf(int fd, std::uint64_t flags) {
    dma_buf_sync request{flags | DMA_BUF_SYNC_RW};
    int result = 0;
    do {
        result = ::ioctl(fd, DMA_BUF_IOCTL_SYNC, &request);
    } while (result != 0 && (errno == EINTR || errno == EAGAIN));
}

}  // namespace

MemoryObject::MemoryObject(Fd fd, std::uint8_t* data, std::uint64_t size_bytes, bool mapped)
    : fd_(std::move(fd)), data_(data), size_bytes_(size_bytes), mapped_(mapped) {}

MemoryObject::~MemoryObject() {
    if (mapped_) {
        ::munmap(data_, size_bytes_);
    }
}

Result<std::shared_ptr<MemoryObject>> MemoryObject::allocate(std::uint64_t size_bytes) {
    const std::uint64_t rounded = (size_bytes + page_bytes() - 1) / page_bytes() * page_bytes();
    Fd fd(::memfd_create("mrda-va-surface", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    // udmabuf demands F_SEAL_SHRINK; it also keeps whoever got an export from pulling pages away.
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(rounded)) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
        return refusal(
            VA_STATUS_ERROR_ALLOCATION_FAILED,
            "cannot make a memfd of " + std::to_string(rounded) + " bytes: " + errno_text());
    }
    MRDA_ASSIGN(std::uint8_t * data, map_shared(fd.get(), rounded));
    std::shared_ptr<MemoryObject> memory(new MemoryObject(std::move(fd), data, rounded, true));
    memory->allocated_ = true;
    return memory;
}

Result<std::shared_ptr<MemoryObject>> MemoryObject::import_fd(int fd, std::uint64_t size_bytes) {
    MRDA_ASSIGN(const std::uint64_t real, real_size_bytes(fd));
    if (size_bytes == 0 || size_bytes > real) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "an object of " + std::to_string(size_bytes) + " bytes was described; fd " +
                           std::to_string(fd) + " has " + std::to_string(real));
    }
    auto copy = duplicate_fd(fd);
    if (!copy.ok()) {
        return refusal(VA_STATUS_ERROR_ALLOCATION_FAILED, copy.error().message);
    }
    MRDA_ASSIGN(std::uint8_t * data, map_shared(fd, size_bytes));
    std::shared_ptr<MemoryObject> memory(
        new MemoryObject(std::move(copy).value(), data, size_bytes, true));
    memory->dma_buf_ = is_dma_buf(fd);
    return memory;
}

Result<std::shared_ptr<MemoryObject>> MemoryObject::wrap(void* pointer, std::uint64_t size_bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    if (pointer == nullptr || size_bytes == 0 ||
        size_bytes > std::numeric_limits<std::uintptr_t>::max() - address) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "user pointer " + std::to_string(address) + " with " +
                           std::to_string(size_bytes) + " bytes is no memory");
    }
    // msync(MS_ASYNC) writes nothing, and says ENOMEM where no memory is mapped.
    const std::uintptr_t page = address / page_bytes() * page_bytes();
    if (::msync(reinterpret_cast<void*>(page), size_bytes + (address - page), MS_ASYNC) != 0) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "user pointer " + std::to_string(address) + ": not all of its " +
                           std::to_string(size_bytes) + " bytes are mapped");
    }
    return std::shared_ptr<MemoryObject>(
        new MemoryObject(Fd(), static_cast<std::uint8_t*>(pointer), size_bytes, false));
}

Result<Fd> MemoryObject::export_fd() {
    if (!fd_) {
        return refusal(VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE,
                       "a surface over a user pointer has no descriptor to export");
    }
    const std::lock_guard lock(export_mutex_);
    if (allocated_ && !udmabuf_) {
        // Where the kernel makes none, the memfd itself is what there is.
        if (auto made = export_range_as_dma_buf(fd_.get(), 0, size_bytes_)) {
            udmabuf_ = std::move(*made);
        }
    }
    auto copy = duplicate_fd(udmabuf_ ? udmabuf_->fd() : fd_.get());
    if (!copy.ok()) {
        return refusal(VA_STATUS_ERROR_ALLOCATION_FAILED, copy.error().message);
    }
    return copy;
}

int MemoryObject::dma_buf() const {
    if (dma_buf_) {
        return fd_.get();
    }
    const std::lock_guard lock(export_mutex_);
    return udmabuf_ ? udmabuf_->fd() : -1;
}

void MemoryObject::tell_dma_buf(Access access) const {
    // Not under the lock: a device's work may take its time.
    if (const int fd = dma_buf(); fd >= 0) {
        sync_dma_buf(fd, access == kBegins ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END);
    }
}

Result<MemoryObject::Identity> identity_of(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "fd " + std::to_string(fd) + " is not open: " + errno_text());
    }
    return MemoryObject::Identity{info.st_dev, info.st_ino};
}

}  // namespace mrda::va_soft
