// SPDX-License-Identifier: MIT
#include "object.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>

#include "settings.h"
#include "system.h"

namespace mrda::stub {

namespace {

constexpr std::uint64_t kPageBytes = 4096;
// What a descriptor of ours is known by, in whatever process it arrives.
constexpr const char* kLinkPrefix = "/memfd:mrda-object-";

/// Numbers that no other process of this tree takes: they come from a file that all of them map.
std::uint32_t next_number() {
    static std::atomic<std::uint32_t>* const counter = [] {
        const std::string path = settings().root + "/objects";
        const int fd = system::open(AT_FDCWD, path.c_str(), O_RDWR | O_CLOEXEC, 0);
        void* shared = fd < 0 ? nullptr : system::map_shared(kPageBytes, fd);
        if (fd >= 0) {
            system::close(fd);
        }
        static std::atomic<std::uint32_t> alone{0};
        return shared == nullptr ? &alone : static_cast<std::atomic<std::uint32_t>*>(shared);
    }();
    return counter->fetch_add(1) + 1;
}

/// The objects of this process, by number: an import of an object that is here gives that very one.
struct Objects {
    std::recursive_mutex mutex;  // of_fd() may end an object under it.
    std::map<std::uint32_t, std::weak_ptr<Object>> by_number;
};
Objects& objects() {
    static Objects& all = *new Objects;
    return all;
}

}  // namespace

Object::Object(std::uint32_t number, std::uint64_t size_bytes, Region region)
    : number_(number), size_bytes_(size_bytes), region_(region) {}

std::shared_ptr<Object> Object::create(std::uint64_t size_bytes, Region region) {
    if (size_bytes > UINT64_MAX - kPageBytes) {
        return nullptr;
    }
    const std::uint64_t whole = (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    std::shared_ptr<Object> object(new Object(next_number(), whole, region));
    const std::string name = "mrda-object-" + std::to_string(object->number_) +
                             (region == Region::local ? "-local" : "-system");
    object->memory_ = system::memfd(name.c_str(), true);
    if (object->memory_ < 0 || system::truncate(object->memory_, whole) != 0) {
        return nullptr;
    }
    const std::scoped_lock lock(objects().mutex);
    objects().by_number[object->number_] = object;
    return object;
}

std::shared_ptr<Object> Object::of_user_pages(std::uint64_t address, std::uint64_t size_bytes) {
    std::shared_ptr<Object> object(new Object(next_number(), size_bytes, Region::system));
    object->user_pages_ = reinterpret_cast<std::byte*>(address);
    return object;
}

std::shared_ptr<Object> Object::of_fd(int fd) {
    const std::uint32_t number = object_number_of_fd(fd);
    struct stat status {};
    if (number == 0 || system::fstat(fd, &status) != 0) {
        return nullptr;
    }
    const std::scoped_lock lock(objects().mutex);
    std::weak_ptr<Object>& known = objects().by_number[number];
    if (auto object = known.lock()) {
        return object;
    }
    std::array<char, 64> link{};
    std::array<char, 128> target{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    system::read_link(link.data(), target.data(), target.size() - 1);
    const Region region =
        std::strstr(target.data(), "-local") != nullptr ? Region::local : Region::system;
    std::shared_ptr<Object> object(
        new Object(number, static_cast<std::uint64_t>(status.st_size), region));
    object->memory_ = system::duplicate(fd, 3, true);
    if (object->memory_ < 0) {
        return nullptr;
    }
    known = object;
    return object;
}

Object::~Object() {
    if (mapped_ != nullptr) {
        system::unmap(mapped_, size_bytes_);
    }
    if (memory_ >= 0) {
        system::close(memory_);
    }
    const std::scoped_lock lock(objects().mutex);
    const auto known = objects().by_number.find(number_);
    if (known != objects().by_number.end() && known->second.expired()) {
        objects().by_number.erase(known);
    }
}

int Object::export_fd(bool close_on_exec) const {
    return memory_ < 0 ? -EINVAL : system::duplicate(memory_, 3, close_on_exec);
}

std::byte* Object::bytes() {
    if (user_pages_ != nullptr) {
        return user_pages_;
    }
    if (mapped_ == nullptr) {
        mapped_ = static_cast<std::byte*>(system::map_shared(size_bytes_, memory_));
    }
    return mapped_;
}

std::uint32_t object_number_of_fd(int fd) {
    std::array<char, 64> link{};
    std::array<char, 128> target{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    const long length = system::read_link(link.data(), target.data(), target.size() - 1);
    const std::size_t prefix = std::strlen(kLinkPrefix);
    if (length <= 0 || std::strncmp(target.data(), kLinkPrefix, prefix) != 0) {
        return 0;
    }
    unsigned number = 0;
    return std::sscanf(target.data() + prefix, "%u", &number) == 1 ? number : 0;
}

}  // namespace mrda::stub
