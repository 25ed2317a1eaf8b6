// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/media/device.h"
#include "mrda/media/frame.h"

namespace mrda::media {

/// Frames of one layout in one bank, made once. Any thread.
class FramePool : public std::enable_shared_from_this<FramePool> {
  public:
    /// Errors: as Device::allocate().
    static Result<std::shared_ptr<FramePool>> make(Device& device, std::uint32_t bank,
                                                   const FrameLayout& layout, std::uint32_t count);

    /// A frame that nobody has; it comes back with its last copy, and keeps the pool. Nothing: all
    /// are in use.
    [[nodiscard]] std::optional<Frame> take();
    /// Which of the pool's buffers it is; nothing: none.
    [[nodiscard]] std::optional<std::uint32_t> index_of(const Buffer& buffer) const;
    /// What plugins are told; its lists are the pool's.
    [[nodiscard]] mrda_pool view() const;

    [[nodiscard]] const FrameLayout& layout() const { return layout_; }
    [[nodiscard]] std::size_t size() const { return buffers_.size(); }
    /// Whether take() had one to give.
    [[nodiscard]] bool has_free() const;
    [[nodiscard]] std::uint64_t device_id() const { return buffers_[0]->device_id(); }
    [[nodiscard]] std::uint32_t device() const { return buffers_[0]->view().device; }
    [[nodiscard]] std::uint32_t bank() const { return buffers_[0]->view().bank; }
    [[nodiscard]] std::uint32_t memory() const { return buffers_[0]->view().memory; }

  private:
    FramePool(const FrameLayout& layout, std::vector<std::shared_ptr<const Buffer>> buffers);
    void give_back(std::uint32_t index);

    FrameLayout layout_;
    mrda_media_layout media_layout_;
    std::vector<std::shared_ptr<const Buffer>> buffers_;
    std::vector<const mrda_buffer*> views_;
    std::unordered_map<std::uint64_t, std::uint32_t> indices_;  // By the buffers' ids.

    mutable std::mutex mutex_;
    std::vector<std::uint32_t> free_;
};

}  // namespace mrda::media
