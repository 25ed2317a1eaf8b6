// SPDX-License-Identifier: MIT
#include "mrda/interop/dma_buf.h"

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace mrda {

namespace {

std::string fd_text(int fd) {
    return "fd " + std::to_string(fd);
}

std::optional<DmaBuf::Kind> kind_of(int fd) {
    struct statfs filesystem {};
    if (::fstatfs(fd, &filesystem) == 0 && filesystem.f_type == DMA_BUF_MAGIC) {
        return DmaBuf::Kind::dma_buf;
    }
    // mm/memfd.c: all shared memory shows its seals, memfds and files on tmpfs alike.
    if (::fcntl(fd, F_GET_SEALS) >= 0) {
        return DmaBuf::Kind::memfd;
    }
    return std::nullopt;
}

Result<std::uint64_t> object_bytes_of(int fd, DmaBuf::Kind kind) {
    if (kind == DmaBuf::Kind::memfd) {
        // Not lseek: the file position is shared with the exporter's descriptor.
        struct stat status {};
        if (::fstat(fd, &status) != 0) {
            return os_error("fstat", errno, "cannot size " + fd_text(fd));
        }
        return static_cast<std::uint64_t>(status.st_size);
    }
    // dma-buf.c: a DMA-BUF tells its size to lseek alone, and has no position.
    const off_t end = ::lseek(fd, 0, SEEK_END);
    if (end < 0) {
        return os_error("lseek", errno, "cannot size " + fd_text(fd));
    }
    return static_cast<std::uint64_t>(end);
}

// DMA_BUF_SYNC_READ and WRITE mean the same to all three ioctls.
std::uint32_t flags_of(DmaBuf::Access access) {
    switch (access) {
        case DmaBuf::Access::read:
            return DMA_BUF_SYNC_READ;
        case DmaBuf::Access::write:
            return DMA_BUF_SYNC_WRITE;
        case DmaBuf::Access::read_write:
            return DMA_BUF_SYNC_RW;
    }
    return DMA_BUF_SYNC_RW;
}

int restarted_ioctl(int fd, unsigned long request, void* argument) {
    int status = 0;
    do {
        status = ::ioctl(fd, request, argument);
    } while (status < 0 && (errno == EINTR || errno == EAGAIN));
    return status;
}

Result<void> cpu_access(const DmaBuf& buffer, std::uint64_t flags) {
    if (buffer.kind() == DmaBuf::Kind::memfd) {
        return {};
    }
    dma_buf_sync sync{.flags = flags};
    if (restarted_ioctl(buffer.fd(), DMA_BUF_IOCTL_SYNC, &sync) < 0) {
        return os_error("ioctl(DMA_BUF_IOCTL_SYNC)", errno,
                        "cannot synchronise the DMA-BUF of " + buffer.exporter() + " with the CPU");
    }
    return {};
}

Error no_sync_file(const DmaBuf& buffer, const char* call) {
    const int found = errno;
    Error error =
        os_error(call, found,
                 "no sync_file for the buffer of " + buffer.exporter() +
                     "; Linux has had this since 6.0, wait for the API that wrote it instead");
    if (found == ENOTTY) {
        error.code = Errc::unsupported;
    }
    return error;
}

}  // namespace

Result<ObjectIdentity> identify(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return os_error("fstat", errno, "cannot identify " + fd_text(fd));
    }
    return ObjectIdentity{status.st_dev, status.st_ino};
}

Result<DmaBuf> DmaBuf::adopt(Fd fd, std::uint64_t offset_bytes, std::uint64_t size_bytes,
                             std::string exporter) {
    DmaBuf buffer;
    MRDA_ASSIGN(buffer.identity_, identify(fd.get()));
    const auto kind = kind_of(fd.get());
    if (!kind) {
        return make_error(Errc::invalid_argument,
                          fd_text(fd.get()) + " from " + exporter +
                              " is neither a DMA-BUF nor a memfd; pass the descriptor that the "
                              "exporting API returned");
    }
    MRDA_ASSIGN(buffer.object_bytes_, object_bytes_of(fd.get(), *kind));
    if (size_bytes == 0 || offset_bytes > buffer.object_bytes_ ||
        size_bytes > buffer.object_bytes_ - offset_bytes) {
        return make_error(Errc::invalid_argument, std::to_string(size_bytes) + " bytes at offset " +
                                                      std::to_string(offset_bytes) + " asked of " +
                                                      fd_text(fd.get()) + " from " + exporter +
                                                      "; the object has " +
                                                      std::to_string(buffer.object_bytes_));
    }
    buffer.kind_ = *kind;
    buffer.offset_bytes_ = offset_bytes;
    buffer.size_bytes_ = size_bytes;
    buffer.exporter_ = std::move(exporter);
    buffer.fd_ = std::move(fd);
    return buffer;
}

Result<DmaBuf> DmaBuf::duplicate() const {
    MRDA_ASSIGN(Fd copy, duplicate_fd(fd_.get()));
    return adopt(std::move(copy), offset_bytes_, size_bytes_, exporter_);
}

Result<void> DmaBuf::require_dma_buf() const {
    if (kind_ != Kind::dma_buf) {
        return make_error(Errc::unsupported,
                          fd_text(fd_.get()) + " from " + exporter_ +
                              " is a memfd, not a DMA-BUF, and a GPU cannot import it; export from "
                              "the GPU's own driver, or load udmabuf (modprobe udmabuf)");
    }
    return {};
}

Result<void> DmaBuf::begin_cpu_access(Access access) const {
    return cpu_access(*this, DMA_BUF_SYNC_START | flags_of(access));
}

Result<void> DmaBuf::end_cpu_access(Access access) const {
    return cpu_access(*this, DMA_BUF_SYNC_END | flags_of(access));
}

Result<Fd> DmaBuf::export_sync_file(Access access) const {
    dma_buf_export_sync_file request{.flags = flags_of(access), .fd = -1};
    if (restarted_ioctl(fd_.get(), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &request) < 0) {
        return no_sync_file(*this, "ioctl(DMA_BUF_IOCTL_EXPORT_SYNC_FILE)");
    }
    return Fd(request.fd);
}

Result<void> DmaBuf::import_sync_file(int sync_file, Access access) const {
    dma_buf_import_sync_file request{.flags = flags_of(access), .fd = sync_file};
    if (restarted_ioctl(fd_.get(), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &request) < 0) {
        return no_sync_file(*this, "ioctl(DMA_BUF_IOCTL_IMPORT_SYNC_FILE)");
    }
    return {};
}

std::string_view to_string(DmaBuf::Kind kind) {
    return kind == DmaBuf::Kind::dma_buf ? "dma-buf" : "memfd";
}

}  // namespace mrda
