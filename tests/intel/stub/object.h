// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace mrda::stub {

enum class Region : std::uint8_t { system, local };

/// A buffer object: pages of a memfd, or of the program's own memory (a user pointer). Several
/// nodes and processes may hold one; its number is the same in all of them.
class Object {
  public:
    /// Zeroed pages; the size is rounded up to whole ones. Nothing where there is no memory.
    static std::shared_ptr<Object> create(std::uint64_t size_bytes, Region region);
    static std::shared_ptr<Object> of_user_pages(std::uint64_t address, std::uint64_t size_bytes);
    /// The object behind a descriptor that export_fd() made, here or in another process. Nothing
    /// where `fd` is something else.
    static std::shared_ptr<Object> of_fd(int fd);

    ~Object();
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    std::uint32_t number() const { return number_; }
    std::uint64_t size_bytes() const { return size_bytes_; }
    Region region() const { return region_; }
    bool is_user_pages() const { return user_pages_ != nullptr; }
    /// The memfd, borrowed; -1 where is_user_pages().
    int memory() const { return memory_; }
    /// A new descriptor of the memory, or a negative errno. The caller closes it.
    int export_fd(bool close_on_exec) const;
    /// The pages, as the engines see them; mapped once, and until the object goes. Null where that
    /// fails.
    std::byte* bytes();

    std::uint32_t tiling = 0;  ///< As set: I915_TILING_*.
    std::uint32_t stride = 0;
    bool shared = false;  ///< Exported or imported.

  private:
    Object(std::uint32_t number, std::uint64_t size_bytes, Region region);

    std::uint32_t number_;
    std::uint64_t size_bytes_;
    Region region_;
    int memory_ = -1;
    std::byte* user_pages_ = nullptr;
    std::byte* mapped_ = nullptr;
};

/// The number of the object behind `fd`, if export_fd() made it.
std::uint32_t object_number_of_fd(int fd);

}  // namespace mrda::stub
