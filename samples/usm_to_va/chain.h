// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "mrda/interop/frame_layout.h"
#include "mrda/interop/platform.h"
#include "mrda/interop/result.h"
#include "mrda/l0/command_list.h"
#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/import.h"
#include "options.h"
#include "report.h"

namespace usm_to_va {

/// One frame: its USM, and the surface that stands on the same memory; or, by the route `map`, a
/// surface of the driver's own, into which each picture must be copied.
struct Frame {
    mrda::l0::UsmBuffer usm;
    mrda::vaapi::Surface surface;
    mrda::PathChoice path;
};

/// The device, joined by its PCI address: Level Zero's view of it and libva's.
struct Device {
    mrda::l0::Context context;
    mrda::vaapi::Display display;
};

/// Steps 1 to 5: driver and device, PCI address, context, render node, VA display.
mrda::Result<Device> open_device(mrda::Platform platform, const Options& options, Report& report);

/// Steps 6 to 8, `count` times: USM, DMA-BUF, VA surface. Reports the first.
mrda::Result<std::vector<Frame>> make_frames(const Device& device, const mrda::FrameLayout& layout,
                                             const Options& options, std::size_t count,
                                             Report& report);

/// Step 9, where the route is not `map`: writes every byte on each side and reads it on the other;
/// on the USM's side only where the driver shows a surface as a copy. Errors: corrupt, naming the
/// first byte that differs.
mrda::Result<void> prove_same_memory(const Device& device, Frame& frame,
                                     const mrda::FrameLayout& layout, Proof proof, Report& report);

}  // namespace usm_to_va
