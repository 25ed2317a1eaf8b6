// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/peer_memory.h"
#include "mrda/ivshmem/session_layout.h"

namespace mrda::ivshmem {

/// What is mapped: an object, borrowed. Where `slots_fd` is given it is another view of the same
/// memory, and shows all but the first `control_bytes` of the extent: an IVSHMEM device has one
/// view for control words and a write-combined one for pixels, and no page may be mapped by both.
struct RegionView {
    int fd = -1;
    int slots_fd = -1;
    std::uint64_t control_bytes = 0;  ///< Whole pages.
};

/// Shared memory, mapped for reading and writing for as long as this lives. Move-only.
class Mapping {
  public:
    /// Maps `extent` of what is borrowed. Both ends of the extent must be page-aligned.
    /// Errors: invalid_argument, out_of_memory, permission_denied, io.
    static Result<Mapping> map(const RegionView& view, const Extent& extent);
    static Result<Mapping> map(int fd, const Extent& extent) { return map(RegionView{fd}, extent); }

    Mapping() = default;
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    /// Shows `extent` in the same place: pointers into it stay good. On failure they stay good,
    /// too, and show pages of zeros that nobody shares. Errors: as map(); invalid_argument (another
    /// size).
    Result<void> show(const RegionView& view, const Extent& extent);
    Result<void> show(int fd, const Extent& extent) { return show(RegionView{fd}, extent); }
    /// Shows pages of zeros that nobody shares, in the same place. Errors: out_of_memory.
    Result<void> let_go();

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    /// The first `control_bytes`, as memory of a peer. A bug if there are fewer.
    [[nodiscard]] PeerMemory control(std::uint64_t control_bytes) const;

  private:
    Mapping(std::byte* data, std::uint64_t size_bytes) : data_(data), size_bytes_(size_bytes) {}

    std::byte* data_ = nullptr;
    std::uint64_t size_bytes_ = 0;
};

/// Shared memory that virtual machines see: a sealed memfd or a file. Owns its descriptor and never
/// maps anything. Move-only; const calls may be made from several threads at once.
class Region {
  public:
    enum class Kind : std::uint8_t {
        memfd,  ///< Sealed: nobody can shrink or grow it.
        file,   ///< Somebody who may write it may truncate it: who maps it can get SIGBUS.
    };

    /// A new memfd of `size_bytes` rounded up to whole pages, sealed against shrinking, growing and
    /// further seals. No page of it exists until it is written.
    /// Errors: invalid_argument (0, or beyond what a file can be), out_of_memory, exhausted.
    static Result<Region> create_memfd(const std::string& name, std::uint64_t size_bytes);
    /// A new file, 0600, that nobody else had. Errors: busy (it is there), permission_denied, io.
    static Result<Region> create_file(const std::string& path, std::uint64_t size_bytes);
    /// A file that is there: a regular one of `owner`'s, no symbolic link, not writable by others.
    /// Errors: not_found, permission_denied (naming what is wrong with it), invalid_argument
    /// (empty).
    static Result<Region> open_file(const std::string& path, uid_t owner);
    /// One that came from another process. Errors: invalid_argument (no shared memory; a memfd that
    /// can still shrink).
    static Result<Region> adopt(Fd fd);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] ObjectIdentity identity() const { return identity_; }

    /// Errors: invalid_argument, naming both sizes (not within; not page-aligned).
    [[nodiscard]] Result<void> check_extent(const Extent& extent) const;

  private:
    Region() = default;
    static Result<Region> of(Fd fd, const std::string& name);

    Fd fd_;
    Kind kind_ = Kind::memfd;
    std::uint64_t size_bytes_ = 0;
    ObjectIdentity identity_;
};

std::string_view to_string(Region::Kind kind);

}  // namespace mrda::ivshmem
