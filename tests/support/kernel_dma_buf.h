// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>

namespace mrda::test {

/// Which part of the kernel made a DMA-BUF: "udmabuf", "system" (a heap), "drm". Empty: none did.
inline std::string kernel_exporter_of(int fd) {
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
    std::string name;
    for (std::string key; name.empty() && info >> key;) {
        if (key == "exp_name:") {
            info >> name;
        }
    }
    return name;
}

/// The first bytes of an object, as this process sees them.
class MappedObject {
  public:
    MappedObject(int fd, std::size_t bytes)
        : data_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), bytes_(bytes) {
        EXPECT_NE(data_, MAP_FAILED) << std::strerror(errno);
    }
    ~MappedObject() { ::munmap(data_, bytes_); }
    MappedObject(const MappedObject&) = delete;
    MappedObject& operator=(const MappedObject&) = delete;

    [[nodiscard]] char* data() const { return static_cast<char*>(data_); }

  private:
    void* data_;
    std::size_t bytes_;
};

}  // namespace mrda::test

/// Leaves a test that wants true DMA-BUFs where the kernel makes none, naming what is missing.
#define MRDA_NEEDS_NODE(path)                                       \
    do {                                                            \
        if (::access(path, R_OK | W_OK) != 0) {                     \
            GTEST_SKIP() << (path) << ": " << std::strerror(errno); \
        }                                                           \
    } while (false)
