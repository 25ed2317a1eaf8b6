// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "mrda/media/loaded_plugin.h"
#include "verdict.h"

namespace mrda::check {

/// What every session of that kind must do. `kind` must outlive the checks.
std::vector<Check> encoder_checks(const mrda_session_kind& kind);
std::vector<Check> decoder_checks(const mrda_session_kind& kind);
/// Scalers and filters.
std::vector<Check> frame_checks(const mrda_session_kind& kind);
/// On the plugin's own unit, or on one of the check's where the kernel runs on any.
std::vector<Check> kernel_checks(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                                 const mrda_session_kind& kind);
/// A unit of the plugin's. What it declares was looked at when the plugin was loaded.
std::vector<Check> unit_checks(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                               const mrda_unit_kind& kind);
/// All devices that are there, each with all its banks.
std::vector<Check> device_checks(const mrda_device_kind& kind);

/// Whether encoders stand on a GPU, which need not have every codec and format that its plugin
/// declares: what such an encoder refuses as unsupported is skipped, in its words. Set before the
/// checks run.
extern bool encoders_on_gpu;

/// Of each session, for plugins around libraries that lose some. Set before the checks run.
extern std::size_t allowed_leak_bytes;

/// What a whole life of a session leaves behind, and whether several at once disturb each other.
/// `live` opens a session, works, and closes it.
Check leaves_nothing_behind(const std::string& who, std::function<Fault()> live);
Check lives_beside_others(const std::string& who, std::function<Fault()> live);

}  // namespace mrda::check
