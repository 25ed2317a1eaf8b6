// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::va_soft {

/// Memory that surfaces and images live in, mapped once for as long as it exists. Thread-safe; what
/// the bytes are used for is not its business.
class MemoryObject {
  public:
    /// What tells two descriptors of the same memory from descriptors of different memory.
    struct Identity {
        dev_t device = 0;
        ino_t inode = 0;
        bool operator==(const Identity&) const = default;
    };

    /// A zeroed memfd, sealed against shrinking, of at least `size_bytes` (whole pages).
    static Result<std::shared_ptr<MemoryObject>> allocate(std::uint64_t size_bytes);
    /// The first `size_bytes` of a DMA-BUF, or of a memfd that cannot shrink. `fd` stays the
    /// caller's.
    static Result<std::shared_ptr<MemoryObject>> import_fd(int fd, std::uint64_t size_bytes);
    /// Memory of the caller's own, which must outlive this object.
    static Result<std::shared_ptr<MemoryObject>> wrap(void* pointer, std::uint64_t size_bytes);

    MemoryObject(const MemoryObject&) = delete;
    MemoryObject& operator=(const MemoryObject&) = delete;
    ~MemoryObject();

    [[nodiscard]] std::uint8_t* data() const { return data_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] bool exportable() const { return fd_.valid(); }

    /// A new descriptor of this memory: what was imported; or, for allocated memory, a true DMA-BUF
    /// where the kernel has /dev/udmabuf, else the memfd.
    Result<Fd> export_fd();

    /// CPU access to a true DMA-BUF, imported or exported, stands between these two; for other
    /// memory they do nothing. The first waits for devices that write or read it.
    void begin_cpu_access() const { tell_dma_buf(kBegins); }
    void end_cpu_access() const { tell_dma_buf(kEnds); }

  private:
    enum Access : std::uint8_t { kBegins, kEnds };

    MemoryObject(Fd fd, std::uint8_t* data, std::uint64_t size_bytes, bool mapped);
    void tell_dma_buf(Access access) const;
    /// -1: there is none.
    [[nodiscard]] int dma_buf() const;

    Fd fd_;
    std::uint8_t* const data_;
    const std::uint64_t size_bytes_;
    const bool mapped_;  ///< By us, so ours to unmap.
    bool dma_buf_ = false;
    bool allocated_ = false;
    mutable std::mutex export_mutex_;
    std::optional<DmaBuf> udmabuf_;  ///< Once it is there it stays.
};

/// invalid_argument if `fd` is not open.
Result<MemoryObject::Identity> identity_of(int fd);

/// Brackets CPU access to a memory object.
class CpuAccess {
  public:
    explicit CpuAccess(std::shared_ptr<MemoryObject> memory) : memory_(std::move(memory)) {
        memory_->begin_cpu_access();
    }
    CpuAccess(CpuAccess&&) = default;
    CpuAccess(const CpuAccess&) = delete;
    CpuAccess& operator=(const CpuAccess&) = delete;
    CpuAccess& operator=(CpuAccess&&) = delete;
    ~CpuAccess() {
        if (memory_ != nullptr) {
            memory_->end_cpu_access();
        }
    }

  private:
    std::shared_ptr<MemoryObject> memory_;
};

}  // namespace mrda::va_soft
