// SPDX-License-Identifier: MIT
#include "mrda/media/frame_pool.h"

#include <utility>

#include "mrda/media/layout.h"

namespace mrda::media {

Result<std::shared_ptr<FramePool>> FramePool::make(Device& device, std::uint32_t bank,
                                                   const FrameLayout& layout, std::uint32_t count) {
    if (count == 0) {
        return make_error(Errc::invalid_argument, "a pool of no frames");
    }
    std::vector<std::shared_ptr<const Buffer>> buffers;
    for (std::uint32_t index = 0; index < count; ++index) {
        MRDA_ASSIGN(auto buffer,
                    device.allocate(static_cast<std::int32_t>(bank), layout.size_bytes()));
        buffers.push_back(std::move(buffer));
    }
    return std::shared_ptr<FramePool>(new FramePool(layout, std::move(buffers)));
}

FramePool::FramePool(const FrameLayout& layout, std::vector<std::shared_ptr<const Buffer>> buffers)
    : layout_(layout), media_layout_(to_media(layout)), buffers_(std::move(buffers)) {
    for (auto index = static_cast<std::uint32_t>(buffers_.size()); index-- > 0;) {
        free_.push_back(index);
    }
    for (std::uint32_t index = 0; index < buffers_.size(); ++index) {
        views_.push_back(&buffers_[index]->view());
        indices_.emplace(buffers_[index]->view().id, index);
    }
}

std::optional<Frame> FramePool::take() {
    std::uint32_t index = 0;
    {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) {
            return std::nullopt;
        }
        index = free_.back();
        free_.pop_back();
    }
    std::shared_ptr<const Buffer> lent(
        buffers_[index].get(),
        [pool = shared_from_this(), index](const Buffer*) { pool->give_back(index); });
    return Frame{std::move(lent), media_layout_, 0, false, nullptr};
}

bool FramePool::has_free() const {
    const std::lock_guard lock(mutex_);
    return !free_.empty();
}

void FramePool::give_back(std::uint32_t index) {
    const std::lock_guard lock(mutex_);
    free_.push_back(index);
}

std::optional<std::uint32_t> FramePool::index_of(const Buffer& buffer) const {
    const auto found = indices_.find(buffer.view().id);
    return found == indices_.end() ? std::nullopt : std::optional(found->second);
}

mrda_pool FramePool::view() const {
    mrda_pool pool{};
    pool.buffers = views_.data();
    pool.buffer_count = static_cast<std::uint32_t>(views_.size());
    pool.layout = media_layout_;
    return pool;
}

}  // namespace mrda::media
