// SPDX-License-Identifier: MIT
#pragma once

#include <level_zero/ze_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/owned.h"
#include "mrda/interop/result.h"
#include "mrda/l0/context.h"

namespace mrda::l0 {

enum class UsmKind : std::uint8_t {
    device,  ///< On the device; the host may read and write it only through a command list.
    host,    ///< In host memory, which the device reaches.
    shared,  ///< The driver moves it. Intel's driver exports none.
};

std::string_view to_string(UsmKind kind);

/// Whether an allocation can become a DMA-BUF: that is settled when it is made.
/// ze_api.h: ze_external_memory_export_desc_t.
enum class Exportable : std::uint8_t { no, dma_buf };

struct UsmHandle {
    ze_context_handle_t context = nullptr;
    void* pointer = nullptr;

    bool operator==(const UsmHandle&) const = default;
};

struct UsmPolicy {
    using Handle = UsmHandle;
    static Handle null() { return {}; }
    static void close(Handle usm);
};

/// One allocation of unified shared memory, or an import. Move-only; the Context must outlive it.
/// The memory may be used from any thread; export_dma_buf is for one thread at a time.
class UsmBuffer {
  public:
    UsmBuffer(UsmBuffer&&) noexcept = default;
    UsmBuffer& operator=(UsmBuffer&& other) noexcept;
    ~UsmBuffer() = default;

    /// `size_bytes` bytes, aligned to a page. Does not clear them.
    /// Errors: invalid_argument (size 0), unsupported (more than the device takes; export refused),
    /// out_of_memory.
    static Result<UsmBuffer> allocate(const Context& context, UsmKind kind, std::size_t size_bytes,
                                      Exportable exportable);

    /// The memory of a foreign DMA-BUF as device USM; all of `buffer`'s range. `buffer` stays the
    /// caller's and may be closed at once: the driver gets a descriptor of its own.
    /// `modifier` says how the pixels in it lie: USM is flat memory, so anything but linear is
    /// refused, naming it. Errors: unsupported (tiled; the device imports none; a memfd on a GPU),
    /// invalid_argument (an offset, which USM cannot express; this context's own export; on a GPU,
    /// what this process has exported or imported on the device, by whichever context; on the
    /// software driver, memory that can shrink: see unshrinkable_size_bytes).
    static Result<UsmBuffer> import(const Context& context, const DmaBuf& buffer,
                                    std::uint64_t modifier);

    /// All of the allocation as a DMA-BUF, a new descriptor at each call. The allocation's memory
    /// lives until both are gone. Waits for nothing: say with a Sync when it may be read. Errors:
    /// unsupported (not exportable).
    [[nodiscard]] Result<DmaBuf> export_dma_buf();
    /// A part of it: the DMA-BUF's offset is what the driver says of `offset_bytes`' address.
    [[nodiscard]] Result<DmaBuf> export_dma_buf(std::size_t offset_bytes, std::size_t size_bytes);

    [[nodiscard]] void* data() const { return usm_.get().pointer; }
    [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] UsmKind kind() const { return kind_; }
    /// Whether the host may dereference data().
    [[nodiscard]] bool host_accessible() const { return kind_ != UsmKind::device; }

  private:
    /// Takes the object off the context's list when the buffer goes.
    class HeldRecord {
      public:
        HeldRecord(std::shared_ptr<HeldObjects> list, ObjectIdentity object);
        ~HeldRecord();
        HeldRecord(const HeldRecord&) = delete;
        HeldRecord& operator=(const HeldRecord&) = delete;

        /// Whether nobody held the object when this was made.
        [[nodiscard]] bool first() const { return first_; }

      private:
        std::shared_ptr<HeldObjects> list_;
        ObjectIdentity object_;
        bool first_;
    };

    /// A descriptor that driver and application both know: what an import was made from, or what
    /// an export returned. Level Zero leaves open who closes it, and Intel's driver does it in
    /// zeMemFree in some versions: so this looks, after the memory is gone.
    class DriverFd {
      public:
        DriverFd(Fd fd, ObjectIdentity object) : fd_(std::move(fd)), object_(object) {}
        ~DriverFd();
        DriverFd(const DriverFd&) = delete;
        DriverFd& operator=(const DriverFd&) = delete;

        [[nodiscard]] int get() const { return fd_.get(); }

      private:
        Fd fd_;
        ObjectIdentity object_;
    };

    UsmBuffer() = default;
    /// Errors: invalid_argument, where the driver has the object already.
    static Result<std::unique_ptr<HeldRecord>> hold(const Context& context, const DmaBuf& source);
    Result<void> ask_for_descriptor(void* base);

    std::shared_ptr<HeldObjects> held_;
    std::unique_ptr<HeldRecord> record_;
    std::unique_ptr<DriverFd> driver_fd_;
    Owned<UsmPolicy> usm_;
    std::size_t size_bytes_ = 0;
    UsmKind kind_ = UsmKind::device;
    Exportable exportable_ = Exportable::no;
};

}  // namespace mrda::l0
