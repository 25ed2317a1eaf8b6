// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

namespace mrda::ivshmem {

namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

Result<off_t> whole_pages(const std::string& name, std::uint64_t size_bytes) {
    constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    if (size_bytes == 0 || size_bytes > kLargest - kPageBytes) {
        return make_error(
            Errc::invalid_argument,
            "region " + name + " of " + std::to_string(size_bytes) + " bytes cannot be");
    }
    return static_cast<off_t>((size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes);
}

Result<void> check_range(const Extent& extent, std::uint64_t size_bytes) {
    const bool aligned =
        extent.offset_bytes % kPageBytes == 0 && extent.size_bytes % kPageBytes == 0;
    if (!aligned || extent.size_bytes == 0 || extent.offset_bytes > size_bytes ||
        extent.size_bytes > size_bytes - extent.offset_bytes) {
        return make_error(Errc::invalid_argument,
                          std::to_string(extent.size_bytes) + " bytes at offset " +
                              std::to_string(extent.offset_bytes) + " asked of a region of " +
                              std::to_string(size_bytes) + "; they must be whole pages within it");
    }
    return {};
}

Result<void> check_file(int fd, const Extent& extent) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return os_error("fstat", errno, "cannot size a region");
    }
    return check_range(extent, static_cast<std::uint64_t>(status.st_size));
}

Result<std::byte*> map_pages(int fd, const Extent& extent, std::byte* in_place_of) {
    void* const base = ::mmap(in_place_of, extent.size_bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | (in_place_of == nullptr ? 0 : MAP_FIXED), fd,
                              static_cast<off_t>(extent.offset_bytes));
    if (base == MAP_FAILED) {
        return os_error("mmap", errno,
                        "cannot map " + std::to_string(extent.size_bytes) + " bytes of a region");
    }
    return static_cast<std::byte*>(base);
}

Result<void> check_view(const RegionView& view, const Extent& extent) {
    MRDA_TRY(check_file(view.fd, extent));
    if (view.slots_fd < 0) {
        return {};
    }
    if (view.control_bytes % kPageBytes != 0 || view.control_bytes > extent.size_bytes) {
        return make_error(Errc::invalid_argument,
                          std::to_string(view.control_bytes) + " control bytes in " +
                              std::to_string(extent.size_bytes) + "; they must be whole pages");
    }
    return check_file(view.slots_fd, extent);
}

Result<std::byte*> reserve(std::byte* in_place_of, std::uint64_t size_bytes) {
    void* const base =
        ::mmap(in_place_of, size_bytes, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | (in_place_of == nullptr ? 0 : MAP_FIXED), -1, 0);
    if (base == MAP_FAILED) {
        return os_error(
            "mmap", errno,
            "cannot make room for " + std::to_string(size_bytes) + " bytes of a region");
    }
    return static_cast<std::byte*>(base);
}

/// In the place of what is mapped at `in_place_of`, if that is not null. What a failure leaves
/// there is no memory of anybody's.
Result<std::byte*> map_view(const RegionView& view, const Extent& extent, std::byte* in_place_of) {
    MRDA_TRY(check_view(view, extent));
    if (view.slots_fd < 0) {
        return map_pages(view.fd, extent, in_place_of);
    }
    // Nothing at first: the kernel refuses a device's page in two ways of caching at once.
    MRDA_ASSIGN(std::byte* const base, reserve(in_place_of, extent.size_bytes));
    const std::uint64_t rest_bytes = extent.size_bytes - view.control_bytes;
    const auto mapped = [&]() -> Result<void> {
        if (view.control_bytes > 0) {
            MRDA_TRY(map_pages(view.fd, {extent.offset_bytes, view.control_bytes}, base));
        }
        if (rest_bytes > 0) {
            MRDA_TRY(map_pages(view.slots_fd,
                               {extent.offset_bytes + view.control_bytes, rest_bytes},
                               base + view.control_bytes));
        }
        return {};
    }();
    if (!mapped.ok()) {
        if (in_place_of == nullptr) {
            ::munmap(base, extent.size_bytes);
        }
        return mapped.error();
    }
    return base;
}

}  // namespace

Result<Mapping> Mapping::map(const RegionView& view, const Extent& extent) {
    MRDA_ASSIGN(std::byte* const data, map_view(view, extent, nullptr));
    return Mapping(data, extent.size_bytes);
}

Result<void> Mapping::show(const RegionView& view, const Extent& extent) {
    const auto shown = [&]() -> Result<void> {
        if (extent.size_bytes != size_bytes_) {
            return make_error(Errc::invalid_argument, std::to_string(extent.size_bytes) +
                                                          " bytes cannot take the place of " +
                                                          std::to_string(size_bytes_));
        }
        MRDA_TRY(map_view(view, extent, data_));
        return {};
    }();
    // The old pages may be gone by now, and are in no case what was asked for.
    if (!shown.ok() && !let_go().ok()) {
        // Nothing may be mapped there by chance and be taken for these pages, or unmapped as them.
        __builtin_trap();
    }
    return shown;
}

Result<void> Mapping::let_go() {
    if (data_ != nullptr && ::mmap(data_, size_bytes_, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
        return os_error("mmap", errno,
                        "cannot let go of " + std::to_string(size_bytes_) + " bytes of a region");
    }
    return {};
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
}

Mapping::~Mapping() {
    if (data_ != nullptr) {
        ::munmap(data_, size_bytes_);
    }
}

PeerMemory Mapping::control(std::uint64_t control_bytes) const {
    if (control_bytes > size_bytes_) {
        __builtin_trap();
    }
    return {data_, static_cast<std::size_t>(control_bytes)};
}

Result<Region> Region::of(Fd fd, const std::string& name) {
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return os_error("fstat", errno, "cannot look at region " + name);
    }
    if (!S_ISREG(status.st_mode)) {
        return make_error(Errc::invalid_argument,
                          "region " + name + " is neither a file nor a memfd");
    }
    if (status.st_size == 0) {
        return make_error(Errc::invalid_argument, "region " + name + " is empty; give it a size");
    }
    Region region;
    // A file on tmpfs shows seals too, but only F_SEAL_SEAL: it cannot be sealed.
    const int seals = ::fcntl(fd.get(), F_GET_SEALS);
    region.kind_ = seals >= 0 && (seals & F_SEAL_SHRINK) != 0 ? Kind::memfd : Kind::file;
    region.size_bytes_ = static_cast<std::uint64_t>(status.st_size);
    region.identity_ = {status.st_dev, status.st_ino};
    region.fd_ = std::move(fd);
    return region;
}

Result<Region> Region::create_memfd(const std::string& name, std::uint64_t size_bytes) {
    MRDA_ASSIGN(const off_t size, whole_pages(name, size_bytes));
    Fd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) {
        return os_error("memfd_create", errno, "cannot make region " + name);
    }
    if (::ftruncate(fd.get(), size) != 0) {
        return os_error("ftruncate", errno,
                        "cannot give region " + name + " " + std::to_string(size) + " bytes");
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
        return os_error("fcntl(F_ADD_SEALS)", errno, "cannot seal region " + name);
    }
    return of(std::move(fd), name);
}

Result<Region> Region::create_file(const std::string& path, std::uint64_t size_bytes) {
    MRDA_ASSIGN(const off_t size, whole_pages(path, size_bytes));
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        Error error = os_error("open", errno, "cannot make region " + path);
        if (error.native == EEXIST) {
            error.code = Errc::busy;
        }
        return error;
    }
    if (::ftruncate(fd.get(), size) != 0) {
        Error error =
            os_error("ftruncate", errno,
                     "cannot give region " + path + " " + std::to_string(size) + " bytes");
        ::unlink(path.c_str());
        return error;
    }
    return of(std::move(fd), path);
}

Result<Region> Region::open_file(const std::string& path, uid_t owner) {
    // O_NONBLOCK: a FIFO in the file's place must not hold us.
    Fd fd(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        Error error = os_error("open", errno, "cannot open region " + path);
        if (error.native == ELOOP) {
            error.code = Errc::permission_denied;
            error.message = "region " + path + " is a symbolic link; name the file itself";
        }
        return error;
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return os_error("fstat", errno, "cannot look at region " + path);
    }
    if (S_ISREG(status.st_mode) && status.st_uid != owner) {
        return make_error(Errc::permission_denied,
                          "region " + path + " belongs to user " + std::to_string(status.st_uid) +
                              ", and user " + std::to_string(owner) + " is wanted");
    }
    if (S_ISREG(status.st_mode) && (status.st_mode & S_IWOTH) != 0) {
        return make_error(Errc::permission_denied,
                          "region " + path + " can be written by everybody; chmod o-w it");
    }
    return of(std::move(fd), path);
}

Result<Region> Region::adopt(Fd fd) {
    const std::string name = "from fd " + std::to_string(fd.get());
    const int seals = ::fcntl(fd.get(), F_GET_SEALS);
    MRDA_ASSIGN(Region region, of(std::move(fd), name));
    // Without F_SEAL_SEAL somebody still decides about its seals: a memfd that nobody sealed.
    if (seals >= 0 && (seals & (F_SEAL_SHRINK | F_SEAL_SEAL)) == 0) {
        return make_error(Errc::invalid_argument,
                          "region " + name +
                              " is a memfd that can shrink under its users; seal it "
                              "with F_SEAL_SHRINK");
    }
    return region;
}

Result<void> Region::check_extent(const Extent& extent) const {
    return check_range(extent, size_bytes_);
}

std::string_view to_string(Region::Kind kind) {
    return kind == Region::Kind::memfd ? "memfd" : "file";
}

}  // namespace mrda::ivshmem
