// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control_socket.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/session_layout.h"
#include "mrda/ivshmem/wakeup.h"

namespace mrda::service {

/// Of one service.
inline constexpr std::size_t kMaxPluginDirs = 16;
inline constexpr std::size_t kMaxPluginDirsBytes = 2048;

/// What a guest asks to be encoded, in values that were checked (by plan_session()).
struct EncodeParams {
    std::string codec;    ///< "avc", "hevc", "av1", "copy", "vp9".
    std::string profile;  ///< Empty: the plugin chooses.
    std::string plugin;   ///< Which plugin has the codec.
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t fps_num = 30;
    std::uint32_t fps_den = 1;
    bool vbr = false;  ///< Else constant QP.
    std::uint32_t qp = 22;
    std::uint32_t bitrate_kbps = 0;
    std::uint32_t gop_size = 60;
    std::uint32_t gop_ref_dist = 1;
    std::uint32_t num_ref_frames = 1;
    std::uint32_t target_usage = 4;
    std::uint32_t async_depth = 4;
    std::string path;  ///< "direct", "blit" or "map": that way or none; empty: the best there is.
};

/// What a worker can load before it has a job.
struct WorkerPreparation {
    std::string platform;  ///< "gpu" or "software".
    std::string device;    ///< A PCI address, or empty.
    std::vector<std::string> plugin_dirs;
    std::string plugin;
    std::string driver_dir;  ///< Of the software drivers.

    bool operator==(const WorkerPreparation&) const = default;
};

/// Everything that a worker is told. With it come descriptors: the input region, the output region,
/// the eventfd that wakes the worker, and the one that wakes the guest; of the last two, those that
/// their ways of waking have (see has_event()).
struct WorkerJob {
    std::uint64_t session_id = 0;
    std::uint32_t epoch = 0;
    EncodeParams params;
    FrameLayout frame;
    ivshmem::SessionLayout layout;
    ivshmem::Extent input;                 ///< In the input region.
    ivshmem::Extent output;                ///< In the output region.
    std::string platform;                  ///< "gpu" or "software".
    std::string device;                    ///< A PCI address, or empty.
    std::vector<std::string> plugin_dirs;  ///< The first one that has the plugin counts.
    std::string driver_dir;                ///< Of the software drivers.
    std::uint64_t memory_bytes = 0;        ///< The most it may have of its own; 0: no limit.
    ivshmem::WakeBy host_woken_by = ivshmem::WakeBy::futex;
    ivshmem::WakeBy guest_woken_by = ivshmem::WakeBy::futex;
};

/// Whether whoever is woken so has an eventfd for it.
bool has_event(ivshmem::WakeBy by);

WorkerPreparation preparation_of(const WorkerJob& job);

/// Where a worker finds what it inherits.
inline constexpr int kControlFd = 3;

/// What a worker says of itself.
struct WorkerEvent {
    enum class Kind : std::uint8_t { running, drained, reset, failed, stats };
    Kind kind = Kind::running;
    Errc code = Errc::internal;  ///< Of failed.
    std::string message;         ///< Of failed; for running, why the path is no better one.
    std::string path;            ///< "direct", "blit" or "map".
    std::string implementation;
    std::uint64_t frames = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  ///< Of bitstream.
    std::uint64_t cpu_copied_bytes = 0;
    std::uint64_t codec_copied_bytes = 0;
};

enum class WorkerCommand : std::uint8_t { drain, reset, stop, stats };

/// Each message is one datagram of JSON, at most kMaxMessageBytes. Parsing takes any bytes.
/// Errors: corrupt, naming the field.
std::string to_message(const WorkerPreparation& preparation);
std::string to_message(const WorkerJob& job);
std::string to_message(const WorkerEvent& event);
std::string to_message(WorkerCommand command);
Result<WorkerPreparation> parse_preparation(std::string_view message);
Result<WorkerJob> parse_job(std::string_view message);
Result<WorkerEvent> parse_event(std::string_view message);
Result<WorkerCommand> parse_command(std::string_view message);

}  // namespace mrda::service
