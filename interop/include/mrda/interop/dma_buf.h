// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda {

/// Which object a descriptor refers to. Descriptors are numbers that are reused; this is not.
/// dma-buf.c: every DMA-BUF has an inode of its own (Linux >= 5.3), as every memfd has.
struct ObjectIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    bool operator==(const ObjectIdentity&) const = default;
};

/// A range of memory that drivers pass to one another as a file descriptor. Whole on creation,
/// move-only. Const calls may be made from several threads at once.
class DmaBuf {
  public:
    enum class Kind : std::uint8_t {
        dma_buf,  ///< The kernel's own: what a GPU imports.
        memfd,    ///< Shared memory that stands in for one: the software drivers take it if nobody
                  ///< can shrink it (see unshrinkable_size_bytes; a file on tmpfs, which counts as
                  ///< a memfd too, can be), a GPU cannot.
    };
    enum class Access : std::uint8_t { read, write, read_write };

    /// Takes `fd`, and `size_bytes` of its object from `offset_bytes` on. `exporter` names who made
    /// it, for people. Does not wait. Errors: invalid_argument (closed; neither a DMA-BUF nor a
    /// memfd; range outside the object).
    static Result<DmaBuf> adopt(Fd fd, std::uint64_t offset_bytes, std::uint64_t size_bytes,
                                std::string exporter);

    /// Borrowed: the descriptor stays this object's.
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] std::uint64_t offset_bytes() const { return offset_bytes_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    /// The whole object, of which this is a range.
    [[nodiscard]] std::uint64_t object_bytes() const { return object_bytes_; }
    [[nodiscard]] const std::string& exporter() const { return exporter_; }
    [[nodiscard]] ObjectIdentity identity() const { return identity_; }

    /// A second descriptor for the same range.
    [[nodiscard]] Result<DmaBuf> duplicate() const;

    /// Refuses a memfd by name: what every path to a GPU asks first. Errors: unsupported.
    [[nodiscard]] Result<void> require_dma_buf() const;

    /// Around each CPU access through a mapping. Waits for the GPU's implicit fences, as long as
    /// that takes. A memfd is coherent: nothing to do.  linux/dma-buf.h: DMA_BUF_IOCTL_SYNC.
    [[nodiscard]] Result<void> begin_cpu_access(Access access) const;
    [[nodiscard]] Result<void> end_cpu_access(Access access) const;

    /// A sync_file that signals when those who use the buffer now are done: for `read`, the
    /// writers; for the others, everybody. Errors: unsupported (a memfd; Linux < 6.0).
    [[nodiscard]] Result<Fd> export_sync_file(Access access) const;
    /// Makes later users of the buffer wait for `sync_file`, which is borrowed. Errors: as above.
    [[nodiscard]] Result<void> import_sync_file(int sync_file, Access access) const;

  private:
    DmaBuf() = default;

    Fd fd_;
    Kind kind_ = Kind::memfd;
    std::uint64_t offset_bytes_ = 0;
    std::uint64_t size_bytes_ = 0;
    std::uint64_t object_bytes_ = 0;
    ObjectIdentity identity_;
    std::string exporter_;
};

std::string_view to_string(DmaBuf::Kind kind);

/// The identity of any open descriptor's object. Errors: invalid_argument (closed).
Result<ObjectIdentity> identify(int fd);

}  // namespace mrda

template <>
struct std::hash<mrda::ObjectIdentity> {
    std::size_t operator()(const mrda::ObjectIdentity& identity) const noexcept {
        return std::hash<std::uint64_t>()(identity.inode * 31 + identity.device);
    }
};
