// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "memory.h"
#include "surface.h"

namespace mrda::va_soft {

/// A VABuffer: parameters of a picture, or an image's pixels. Thread-safe.
class Buffer {
  public:
    /// Parameters: `count` elements of `element_bytes` each.
    Buffer(VABufferType type, std::size_t element_bytes, std::size_t count, const void* initial);
    /// An image's pixels; `surface` is whose they are, if the image was derived.
    Buffer(std::shared_ptr<MemoryObject> memory, std::shared_ptr<Surface> surface,
           std::uint32_t size_bytes);
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    [[nodiscard]] VABufferType type() const { return type_; }
    [[nodiscard]] std::size_t element_bytes() const { return element_bytes_; }
    [[nodiscard]] std::size_t element_count() const;
    [[nodiscard]] VAStatus set_element_count(std::size_t count);
    /// The first element's bytes, copied; nothing if it is smaller than a T.
    template <typename T>
    [[nodiscard]] std::optional<T> first() const;

    /// For an image: a pointer into its memory, always the same one.
    [[nodiscard]] void* map();
    [[nodiscard]] VAStatus unmap();

    /// vaAcquireBufferHandle and vaReleaseBufferHandle.
    [[nodiscard]] VAStatus acquire(VABufferInfo& info);
    [[nodiscard]] VAStatus release();

  private:
    const VABufferType type_;
    const std::size_t element_bytes_;
    const std::shared_ptr<MemoryObject> memory_;
    const std::shared_ptr<Surface> surface_;
    mutable std::mutex mutex_;
    std::vector<std::byte> parameters_;
    std::size_t element_count_ = 0;
    std::vector<CpuAccess> maps_;  ///< One for each vaMapBuffer that awaits its vaUnmapBuffer.
    Fd handle_;
    unsigned handle_users_ = 0;
};

template <typename T>
std::optional<T> Buffer::first() const {
    const std::lock_guard lock(mutex_);
    if (parameters_.size() < sizeof(T)) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, parameters_.data(), sizeof value);
    return value;
}

}  // namespace mrda::va_soft
