// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/pci_device.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <mutex>
#include <tuple>
#include <utility>

#include "mrda/ivshmem/bus_guard.h"
#include "open_once.h"
#include "vfio_device.h"

namespace mrda::ivshmem {

namespace {

// QEMU, docs/specs/ivshmem-spec: vendor and device, and the doorbell register of BAR 0.
constexpr std::string_view kVendor = "0x1af4";
constexpr std::string_view kDevice = "0x1110";
constexpr std::size_t kDoorbellWord = 3;
constexpr unsigned kPeerShift = 16;
/// Uevents of the kernel itself.
constexpr std::uint32_t kKernelEvents = 1;

/// The first line of a small file; empty where there is none.
std::string read_line(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 256> text{};
    const ssize_t count = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
    const std::string_view read(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return std::string(read.substr(0, read.find('\n')));
}

/// The last part of what a link leads to; empty where there is none.
std::string link_name(const std::string& path) {
    std::array<char, PATH_MAX> text{};
    const ssize_t count = ::readlink(path.c_str(), text.data(), text.size());
    const std::string_view to(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return std::string(to.substr(to.rfind('/') + 1));
}

std::uint64_t file_size(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// 0 where there is none.
std::uint64_t inode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

bool is_ivshmem(const std::string& folder) {
    return read_line(folder + "/vendor") == kVendor && read_line(folder + "/device") == kDevice;
}

Result<Fd> open_file(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) {
        Error error = os_error("open", errno, "cannot open " + path);
        if (error.code == Errc::permission_denied) {
            error.message += "; its owner is root unless a udev rule says otherwise";
        }
        return error;
    }
    return fd;
}

/// Where nothing else has enabled it, its memory does not answer.
Result<void> enable(const std::string& folder) {
    const std::string path = folder + "/enable";
    if (read_line(path) != "0") {
        return {};
    }
    MRDA_ASSIGN(const Fd fd, open_file(path));
    if (::write(fd.get(), "1", 1) != 1) {
        return os_error("write", errno, "cannot enable the device by " + path);
    }
    return {};
}

/// What the kernel tells when devices come and go.
Result<Fd> listen_for_removal() {
    Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kKernelEvents;
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return os_error("socket", errno, "cannot hear of devices that go");
    }
    return fd;
}

bool can_read(int fd) {
    pollfd asked{fd, POLLIN, 0};
    return ::poll(&asked, 1, 0) > 0;
}

}  // namespace

std::vector<PciAddress> list_ivshmem_devices(const PciPaths& paths) {
    std::vector<PciAddress> found;
    DIR* const folder = ::opendir(paths.devices.c_str());
    if (folder == nullptr) {
        return found;
    }
    while (const dirent* const entry = ::readdir(folder)) {
        const auto address = parse_pci_address(entry->d_name);
        if (address.ok() && is_ivshmem(paths.devices + "/" + entry->d_name)) {
            found.push_back(*address);
        }
    }
    ::closedir(folder);
    std::sort(found.begin(), found.end(), [](const PciAddress& a, const PciAddress& b) {
        return std::tie(a.domain, a.bus, a.device, a.function) <
               std::tie(b.domain, b.bus, b.device, b.function);
    });
    return found;
}

/// BAR 0, a page of it.
class PciDevice::Registers {
  public:
    static Result<std::unique_ptr<Registers>> map(const std::string& folder) {
        MRDA_ASSIGN(const Fd fd, open_file(folder + "/resource0"));
        void* const page =
            ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        if (page == MAP_FAILED) {
            return os_error("mmap", errno, "cannot map " + folder + "/resource0");
        }
        // A BAR of 256 bytes need not begin a page: the first line of `resource` is its place.
        const std::uint64_t start =
            std::strtoull(read_line(folder + "/resource").c_str(), nullptr, 16);
        return std::unique_ptr<Registers>(
            new Registers(static_cast<std::byte*>(page), start % kPageBytes));
    }
    ~Registers() {
        guard_ = BusGuard();
        ::munmap(page_, kPageBytes);
    }
    Registers(const Registers&) = delete;
    Registers& operator=(const Registers&) = delete;

    Result<void> guard() {
        const std::lock_guard lock(mutex_);
        if (!guarded_) {
            MRDA_ASSIGN(guard_, BusGuard::watch(page_, kPageBytes));
            guarded_ = true;
        }
        return {};
    }

    void ring(std::uint32_t value) const {
        reinterpret_cast<volatile std::uint32_t*>(page_ + offset_)[kDoorbellWord] = value;
    }

  private:
    Registers(std::byte* page, std::size_t offset) : page_(page), offset_(offset) {}

    std::byte* page_;
    std::size_t offset_;
    std::mutex mutex_;  // Of guarded_ and guard_.
    bool guarded_ = false;
    BusGuard guard_;
};

PciDevice::PciDevice(const PciAddress& address, std::string folder)
    : address_(address), folder_(std::move(folder)) {}

PciDevice::~PciDevice() = default;

Result<std::unique_ptr<PciDevice>> PciDevice::open(const PciAddress& address,
                                                   const PciPaths& paths) {
    const std::string name = to_string(address);
    const std::string folder = paths.devices + "/" + name;
    if (::access(folder.c_str(), F_OK) != 0) {
        return make_error(Errc::not_found, "no PCI device " + name + " in this machine");
    }
    if (!is_ivshmem(folder)) {
        return make_error(Errc::unsupported,
                          "PCI device " + name + " is " + read_line(folder + "/vendor") + ":" +
                              read_line(folder + "/device") + " and no IVSHMEM device (" +
                              std::string(kVendor) + ":" + std::string(kDevice) + ")");
    }
    std::unique_ptr<PciDevice> made(new PciDevice(address, folder));
    made->place_ = inode_of(folder);
    const std::string driver = link_name(folder + "/driver");
    if (driver == "vfio-pci") {
        MRDA_ASSIGN(VfioDevice vfio,
                    VfioDevice::open(name, link_name(folder + "/iommu_group"), paths.vfio));
        made->vfio_ = std::make_unique<VfioDevice>(std::move(vfio));
    } else {
        MRDA_TRY(enable(folder));
    }
    MRDA_TRY(made->open_memory());
    // BAR 1 has the interrupts' table: ivshmem-plain has none.
    if (file_size(folder + "/resource1") > 0) {
        MRDA_ASSIGN(made->registers_, Registers::map(folder));
    }
    return made;
}

Result<void> PciDevice::open_memory() {
    MRDA_ASSIGN(control_, open_file(folder_ + "/resource2"));
    size_bytes_ = file_size(folder_ + "/resource2");
    if (::access((folder_ + "/resource2_wc").c_str(), F_OK) == 0) {
        MRDA_ASSIGN(slots_, open_file(folder_ + "/resource2_wc"));
    }
    return {};
}

Result<RegionHeader> PciDevice::header() const {
    MRDA_ASSIGN(const Mapping page, Mapping::map(control_.get(), {0, kPageBytes}));
    return page.control(kPageBytes).copy<RegionHeader>(0);
}

RegionView PciDevice::view(std::uint64_t control_bytes) const {
    return {control_.get(), slots_.get(), control_bytes};
}

Result<void> PciDevice::survive_removal() {
    return registers_ == nullptr ? Result<void>() : registers_->guard();
}

void PciDevice::ring(std::uint16_t peer, std::uint16_t vector) const {
    registers_->ring(static_cast<std::uint32_t>(peer) << kPeerShift | vector);
}

Result<Fd> PciDevice::interrupt(std::uint16_t vector) const {
    if (registers_ == nullptr) {
        return make_error(Errc::unsupported,
                          "IVSHMEM device " + to_string(address_) +
                              " has no interrupts (ivshmem-plain); give the machine a doorbell");
    }
    if (vfio_ == nullptr) {
        return make_error(Errc::unsupported,
                          "IVSHMEM device " + to_string(address_) +
                              " is not bound to vfio-pci, which takes an IOMMU, so its interrupts "
                              "cannot be had");
    }
    if (vector >= vfio_->vector_count()) {
        return make_error(Errc::unsupported, "IVSHMEM device " + to_string(address_) + " has " +
                                                 std::to_string(vfio_->vector_count()) +
                                                 " interrupts, and number " +
                                                 std::to_string(vector) + " was asked");
    }
    return duplicate_fd(vfio_->vector_event(vector));
}

Result<Fd> PciDevice::removal_events() const {
    return vfio_ == nullptr ? listen_for_removal() : duplicate_fd(vfio_->request_event());
}

bool PciDevice::is_there() const {
    return inode_of(folder_) == place_ && (vfio_ == nullptr || !can_read(vfio_->request_event()));
}

Result<std::shared_ptr<PciDevice>> share_ivshmem_device(const PciAddress& address,
                                                        const PciPaths& paths) {
    static auto* const devices = new OpenOnce<PciDevice>();
    return devices->get(
        paths.devices + "/" + to_string(address),
        [](const PciDevice& device) { return device.is_there(); },
        [&] { return PciDevice::open(address, paths); });
}

}  // namespace mrda::ivshmem
