// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "mrda/interop/fd.h"
#include "mrda/interop/owned.h"
#include "mrda/media/device.h"

namespace mrda::media {

namespace {

constexpr std::uint32_t kHostBank = 0;
constexpr std::uint64_t kPageBytes = 4096;

struct Pages {
    void* data = nullptr;
    std::size_t bytes = 0;

    bool operator==(const Pages&) const = default;
};
struct PagesPolicy {
    using Handle = Pages;
    static Handle null() { return {}; }
    static void close(Handle pages) { ::munmap(pages.data, pages.bytes); }
};

/// A sealed memfd, and its pages.
class SharedBuffer final : public Buffer {
  public:
    SharedBuffer(const mrda_buffer& view, Fd object, Owned<PagesPolicy> pages)
        : Buffer(view), object_(std::move(object)), pages_(std::move(pages)) {}

  private:
    // By the object, mapped or not: one way, and both see the same bytes (memfd_create(2)).
    Result<void> copy_out(std::uint64_t offset_bytes, std::span<std::byte> into) const override {
        while (!into.empty()) {
            const ssize_t count =
                ::pread(object_.get(), into.data(), into.size(), static_cast<off_t>(offset_bytes));
            if (count > 0) {
                into = into.subspan(static_cast<std::size_t>(count));
                offset_bytes += static_cast<std::uint64_t>(count);
            } else if (count == 0 || errno != EINTR) {
                return os_error("pread", errno, "cannot read a buffer");
            }
        }
        return {};
    }
    Result<void> copy_in(std::uint64_t offset_bytes,
                         std::span<const std::byte> from) const override {
        while (!from.empty()) {
            const ssize_t count =
                ::pwrite(object_.get(), from.data(), from.size(), static_cast<off_t>(offset_bytes));
            if (count > 0) {
                from = from.subspan(static_cast<std::size_t>(count));
                offset_bytes += static_cast<std::uint64_t>(count);
            } else if (count == 0 || errno != EINTR) {
                return os_error("pwrite", errno, "cannot write a buffer");
            }
        }
        return {};
    }

    Fd object_;
    Owned<PagesPolicy> pages_;
};

/// A native function of the unit's plugin.
class NativeCode final : public UnitCode {
  public:
    explicit NativeCode(const mrda_unit_kind& kind) : run_(kind.run) {}

    Result<std::int32_t> run(std::span<std::byte> registers) override {
        return run_(registers.data());
    }

  private:
    decltype(mrda_unit_kind::run) run_;
};

class HostDevice final : public Device {
  public:
    explicit HostDevice(std::uint32_t index)
        : Device(index, "host", "",
                 {{"host", MRDA_MEMORY_PAGES | MRDA_MEMORY_OBJECT | MRDA_MEMORY_ADDRESS, 0},
                  {"device", MRDA_MEMORY_OBJECT | MRDA_MEMORY_ADDRESS, 0}}) {}

    Result<std::unique_ptr<UnitCode>> load(const mrda_unit_kind& kind) override {
        if (kind.run == nullptr) {
            return make_error(Errc::unsupported, std::string("unit ") + kind.name +
                                                     " has no native function for " + name());
        }
        return std::unique_ptr<UnitCode>(std::make_unique<NativeCode>(kind));
    }

  private:
    Result<std::shared_ptr<Buffer>> make(std::uint32_t bank, std::uint64_t length_bytes) override {
        constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
        if (length_bytes > kLargest - kPageBytes) {
            return make_error(Errc::out_of_memory,
                              "a buffer of " + std::to_string(length_bytes) + " bytes");
        }
        const std::size_t bytes = (length_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
        Fd object(::memfd_create("mrda-buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (!object || ::ftruncate(object.get(), static_cast<off_t>(bytes)) != 0 ||
            ::fcntl(object.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
            return os_error("memfd_create", errno,
                            "cannot make a buffer of " + std::to_string(length_bytes) + " bytes");
        }
        void* const data =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object.get(), 0);
        if (data == MAP_FAILED) {
            return os_error("mmap", errno, "cannot map a buffer");
        }
        Owned<PagesPolicy> pages({data, bytes});
        mrda_buffer view{};
        view.memory = banks()[bank].memory;
        view.length_bytes = length_bytes;
        view.pages = bank == kHostBank ? data : nullptr;
        view.address = reinterpret_cast<std::uintptr_t>(data);
        view.fd = object.get();
        view.flags = MRDA_BUFFER_SEALED;
        view.device = index();
        view.bank = bank;
        return std::shared_ptr<Buffer>(
            std::make_shared<SharedBuffer>(view, std::move(object), std::move(pages)));
    }
};

}  // namespace

std::shared_ptr<Device> make_host_device(std::uint32_t index) {
    return std::make_shared<HostDevice>(index);
}

}  // namespace mrda::media
