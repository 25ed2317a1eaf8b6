// SPDX-License-Identifier: MIT
#include "verifier.h"

#include <cmath>
#include <limits>
#include <utility>

#include "mrda/interop/platform.h"
#include "mrda/media/layout.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda_sample_app {

namespace {

using mrda::Errc;
using mrda::make_error;
using mrda::Result;
using mrda::media::Status;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

Result<std::shared_ptr<const mrda::media::LoadedPlugin>> load(const Options& options) {
    std::vector<std::string> folders = options.plugin_dirs;
    if (folders.empty()) {
        const auto own = mrda::software_driver_dir();
        if (!own.ok()) {
            return make_error(Errc::not_found,
                              "no plugins of MRDA's own are here to decode with; "
                              "name a folder by --pluginDir");
        }
        folders.push_back(*own + "/plugins");
    }
    return mrda::media::LoadedPlugin::load(folders, options.decoder);
}

/// Frames are even, pictures need not be.
std::uint32_t even(std::uint32_t size_px) {
    return (size_px + 1) / 2 * 2;
}

std::uint64_t squared_differences(const std::uint8_t* one, const std::uint8_t* other,
                                  std::uint32_t count) {
    std::uint64_t sum = 0;
    for (std::uint32_t x = 0; x < count; ++x) {
        const int difference = int{one[x]} - int{other[x]};
        sum += static_cast<std::uint64_t>(difference * difference);
    }
    return sum;
}

}  // namespace

Verifier::Verifier(const Options& options, mrda::media::Session session)
    : session_(std::move(session)),
      width_px_(options.width_px),
      height_px_(options.height_px),
      compares_(options.color != ColorFormat::rgb32) {}

Result<std::unique_ptr<Verifier>> Verifier::open(const Options& options) {
    MRDA_ASSIGN(auto plugin, load(options));
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    mrda::media::copy_text(config.codec.codec, options.codec_name);
    MRDA_ASSIGN(auto session,
                mrda::media::Session::open(std::move(plugin), MRDA_SESSION_DECODER, config));
    return std::unique_ptr<Verifier>(new Verifier(options, std::move(session)));
}

void Verifier::keep(std::vector<std::uint8_t> luma, std::int64_t pts) {
    if (!kept_.empty() && (kept_.size() + 1) * luma.size() > kMaxKeptBytes) {
        kept_.erase(kept_.begin());
    }
    counts_.kept_bytes += luma.size();
    kept_[pts] = std::move(luma);
}

Result<void> Verifier::decode(const mrda::guest::Packet& packet) {
    const mrda_media_packet coded{
        .data = packet.data().data(),
        .length_bytes = packet.data().size(),
        .pts = packet.pts(),
        .dts = packet.dts(),
        .flags = packet.is_key_frame() ? std::uint32_t{MRDA_FRAME_KEY} : 0U,
        .reserved = 0};
    MRDA_ASSIGN(bool sent, session_.send(coded));
    while (!sent) {
        const std::uint64_t before = counts_.pictures;
        MRDA_TRY(take_pictures(kNsPerSecond));
        MRDA_ASSIGN(sent, session_.send(coded));
        if (!sent && counts_.pictures == before) {
            return make_error(Errc::timeout, "the decoder takes no packet and gives no picture");
        }
    }
    MRDA_TRY(take_pictures(0));
    return {};
}

Result<void> Verifier::finish(std::uint64_t expected) {
    MRDA_TRY(session_.drain());
    MRDA_ASSIGN(Status status, take_pictures(kNsPerSecond));
    for (std::uint64_t before = counts_.pictures; status == Status::try_again;) {
        MRDA_ASSIGN(status, take_pictures(kNsPerSecond));
        if (std::exchange(before, counts_.pictures) == counts_.pictures) {
            break;
        }
    }
    if (counts_.pictures != expected) {
        return make_error(Errc::corrupt, std::to_string(counts_.pictures) +
                                             " pictures were decoded of " +
                                             std::to_string(expected) + " frames");
    }
    return {};
}

Result<bool> Verifier::prepare_frame() {
    MRDA_ASSIGN(const auto described, session_.describe());
    if (!described) {
        return false;
    }
    MRDA_ASSIGN(const mrda::FrameLayout layout, mrda::media::from_media(*described));
    if (layout.width_px() != even(width_px_) || layout.height_px() != even(height_px_)) {
        return make_error(Errc::corrupt, "pictures of " + std::to_string(layout.width_px()) + "x" +
                                             std::to_string(layout.height_px()) +
                                             " were decoded, and frames of " +
                                             std::to_string(width_px_) + "x" +
                                             std::to_string(height_px_) + " sent");
    }
    layout_ = *described;
    if (memory_.size() != layout.size_bytes()) {
        memory_.resize(layout.size_bytes());
        ++buffer_.id;
    }
    buffer_.size_bytes = sizeof buffer_;
    buffer_.memory = MRDA_MEMORY_PAGES;
    buffer_.length_bytes = memory_.size();
    buffer_.pages = memory_.data();
    buffer_.fd = -1;
    frame_ = {};
    frame_.size_bytes = sizeof frame_;
    frame_.buffer = &buffer_;
    frame_.layout = &layout_;
    return true;
}

Result<Status> Verifier::take_pictures(std::uint64_t timeout_ns) {
    for (;;) {
        MRDA_ASSIGN(const bool known, prepare_frame());
        if (!known) {
            return Status::send_more;
        }
        MRDA_ASSIGN(const Status status, session_.receive(0, timeout_ns, frame_));
        if (status != Status::ok) {
            return status;
        }
        ++counts_.pictures;
        compare(frame_.pts);
        timeout_ns = 0;
    }
}

void Verifier::compare(std::int64_t pts) {
    const auto kept = kept_.find(pts);
    if (kept == kept_.end()) {
        return;
    }
    const mrda_media_plane& plane = layout_.planes[0];
    for (std::uint32_t row = 0; row < height_px_; ++row) {
        squares_ += static_cast<double>(squared_differences(
            memory_.data() + plane.offset_bytes + std::size_t{row} * plane.pitch_bytes,
            kept->second.data() + std::size_t{row} * width_px_, width_px_));
    }
    samples_ += kept->second.size();
    ++counts_.compared;
    kept_.erase(kept);
}

Verified Verifier::result() const {
    constexpr double kPeak = 255;
    Verified verified = counts_;
    verified.implementation = session_.report().implementation;
    verified.psnr_db =
        squares_ == 0 ? std::numeric_limits<double>::infinity()
                      : 10 * std::log10(kPeak * kPeak * static_cast<double>(samples_) / squares_);
    return verified;
}

}  // namespace mrda_sample_app
