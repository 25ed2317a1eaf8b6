// SPDX-License-Identifier: MIT
#include "session.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "mrda/media/loaded_plugin.h"

namespace mrda::vpl::plugin {

namespace {

/// Beyond any copy engine's work: then the device hangs.
constexpr std::uint64_t kFillTimeoutNs = 5'000'000'000;

/// The codec that most sessions have; for another the runtime is at least loaded.
constexpr Codec kPreparedCodec = Codec::avc;

struct Prepared {
    std::string address;
    Device device;
    vpl::Session runtime;  // Of the device's display.
};

std::mutex prepared_mutex;

/// Under the mutex. Not taken down at exit: the runtime that it holds, loaded later than this, has
/// taken itself down by then.
std::optional<Prepared>& prepared() {
    static auto& kept = *new std::optional<Prepared>();
    return kept;
}

/// What was prepared for the device, once.
std::optional<Prepared> take_prepared(const std::string& address) {
    const std::lock_guard lock(prepared_mutex);
    if (!prepared() || prepared()->address != address) {
        return std::nullopt;
    }
    return std::exchange(prepared(), std::nullopt);
}

}  // namespace

void Session::prepare(const std::string& address) {
    auto device = open_device(address);
    if (!device.ok()) {
        return;
    }
    auto runtime = vpl::Session::open(device->display, kPreparedCodec);
    if (runtime.ok()) {
        const std::lock_guard lock(prepared_mutex);
        prepared().emplace(Prepared{address, std::move(*device), std::move(*runtime)});
    }
}

Result<std::unique_ptr<Session>> Session::open(const mrda_session_config& config) {
    MRDA_ASSIGN(Config wanted, read_config(config));
    std::unique_ptr<Session> session;
    if (auto ready = take_prepared(wanted.device)) {
        session.reset(new Session(std::move(wanted), std::move(ready->device)));
        session->runtime_.emplace(std::move(ready->runtime));
        session->runtime_fits_ = session->config_.encoder.codec == kPreparedCodec;
    } else {
        MRDA_ASSIGN(Device device, open_device(wanted.device));
        session.reset(new Session(std::move(wanted), std::move(device)));
    }
    MRDA_TRY(session->choose_way());
    return session;
}

Result<void> Session::open_runtime() {
    if (runtime_fits_) {
        return {};
    }
    MRDA_ASSIGN(auto opened, vpl::Session::open(device_.display, config_.encoder.codec));
    runtime_.reset();  // Not before: what it has loaded is not loaded again.
    runtime_.emplace(std::move(opened));
    runtime_fits_ = true;
    return {};
}

Result<void> Session::choose_way() {
    // First, so that what no way can mend is told once.
    MRDA_TRY(open_runtime());
    MRDA_ASSIGN(
        const std::size_t wanted_surfaces,
        Encoder::needed_surfaces(*runtime_, config_.encoder, config_.layout.format().drm_fourcc));
    Error last = make_error(Errc::invalid_argument,
                            "path \"" + config_.path + "\": choose direct, blit, map or none");
    for (const WayRow& row : ways()) {
        if (!config_.path.empty() && config_.path != row.name) {
            continue;
        }
        const auto taken = take_way(row, wanted_surfaces);
        if (taken.ok()) {
            return {};
        }
        last = taken.error();
        explain("not " + std::string(row.name) + ": " + to_string(last));
    }
    if (!path_reason_.empty()) {
        last.message = "no way in for " + config_.layout.to_string() + "\n" + path_reason_;
    }
    return last;
}

Result<void> Session::take_way(const WayRow& row, std::size_t wanted_surfaces) {
    MRDA_ASSIGN(MadeWay made, row.make({device_, config_, wanted_surfaces}));
    MRDA_TRY(open_runtime());  // The way before may have taken it, and failed.
    runtime_fits_ = false;
    auto runtime = std::exchange(runtime_, std::nullopt);
    MRDA_ASSIGN(encoder_,
                Encoder::create(std::move(*runtime), config_.encoder, std::move(made.surfaces)));
    way_ = std::move(made.way);
    path_ = row.name;
    explain(config_.path.empty() ? "" : "asked for");
    explain(made.remark);
    return {};
}

void Session::explain(const std::string& line) {
    path_reason_ += (path_reason_.empty() || line.empty() ? "" : "\n") + line;
}

Result<bool> Session::send(std::uint32_t frame, std::int64_t pts, bool key_frame) {
    if (frame >= config_.buffers.size() ||
        std::find(held_.begin(), held_.end(), frame) != held_.end()) {
        return make_error(Errc::invalid_argument, "frame " + std::to_string(frame) + " sent of " +
                                                      std::to_string(config_.buffers.size()) +
                                                      ", or sent twice");
    }
    const auto index =
        way_->in_place() ? std::optional<std::size_t>(frame) : encoder_->free_surface();
    if (encoder_->full() || !index) {
        return false;
    }
    MRDA_ASSIGN(const Sync there, way_->bring(frame, *index, encoder_->surface(*index)));
    const auto submitted = encoder_->submit(*index, pts, there, kFillTimeoutNs,
                                            key_frame ? PictureKind::key : PictureKind::automatic);
    if (!submitted.ok() && submitted.error().code == Errc::busy) {
        return false;
    }
    MRDA_TRY(submitted);
    held_.push_back(frame);
    return true;
}

std::optional<std::uint32_t> Session::take_done() {
    const auto done = std::find_if(held_.begin(), held_.end(), [this](std::uint32_t frame) {
        return !way_->in_place() || !encoder_->in_use(frame);
    });
    if (done == held_.end()) {
        return std::nullopt;
    }
    const std::uint32_t frame = *done;
    held_.erase(done);
    return frame;
}

Result<void> Session::reset() {
    held_.clear();
    return encoder_->reset();
}

void Session::report(mrda_media_report& report) const {
    media::copy_text(report.implementation, "oneVPL " + encoder_->implementation());
    media::copy_text(report.path, path_);
    media::copy_text(report.path_reason, path_reason_);
    report.cpu_copied_bytes = way_->cpu_copied_bytes();
    report.codec_copied_bytes = encoder_->codec_copied_bytes().value_or(0);
}

}  // namespace mrda::vpl::plugin
