// SPDX-License-Identifier: MIT
#include "buffers.h"

#include <string>

#include "mrda/interop/frame_layout.h"
#include "mrda/ivshmem/session_layout.h"
#include "slot_sizes.h"

namespace mrda_sample_app {

namespace {

using mrda::Errc;
using mrda::make_error;
using mrda::Result;
using mrda::ivshmem::SessionLayout;

/// As the service lays it: for an encoder, or as it is where nothing encodes it.
Result<mrda::FrameLayout> slot_frame(const Options& options) {
    if (options.codec == MRDA_GUEST_COPY) {
        return mrda::FrameLayout::linear(options.drm_fourcc, options.width_px, options.height_px,
                                         {1, 1});
    }
    return mrda::service::encoder_frame(options.drm_fourcc, options.width_px, options.height_px);
}

Result<void> check_frame_fits(std::uint64_t buffer_bytes, const Options& options) {
    MRDA_ASSIGN(const mrda::FrameLayout frame, slot_frame(options));
    if (buffer_bytes < frame.size_bytes()) {
        return make_error(Errc::invalid_argument,
                          "--bufferSize " + std::to_string(buffer_bytes) + ": a frame of " +
                              frame.to_string() + " needs " + std::to_string(frame.size_bytes()));
    }
    return {};
}

Result<SessionLayout> layout_of(std::uint32_t count, std::uint64_t size_bytes) {
    return SessionLayout::make({.input_slots = count,
                                .input_slot_bytes = size_bytes,
                                .output_slots = count,
                                .output_slot_bytes = size_bytes});
}

/// Leaves out what goes beyond the memory.
Result<void> fit(std::uint64_t memory_bytes, Options& options) {
    const std::uint32_t wished = options.buffers;
    MRDA_ASSIGN(SessionLayout layout, layout_of(wished, options.buffer_bytes));
    while (layout.input_extent_bytes() > memory_bytes && options.buffers > 1) {
        MRDA_ASSIGN(layout, layout_of(--options.buffers, options.buffer_bytes));
    }
    if (layout.input_extent_bytes() > memory_bytes) {
        return make_error(Errc::invalid_argument, "--memDevSize " + std::to_string(memory_bytes) +
                                                      ": one buffer and its control pages need " +
                                                      std::to_string(layout.input_extent_bytes()));
    }
    if (options.buffers < wished) {
        options.notices.push_back(
            "--memDevSize " + std::to_string(memory_bytes) + " has room for " +
            std::to_string(options.buffers) + " of " + std::to_string(wished) + " buffers of " +
            std::to_string(layout.input_slot_bytes()) + " bytes (whole pages)");
    }
    return {};
}

}  // namespace

Result<void> plan_buffers(const BufferWishes& wishes, Options& options) {
    options.buffers = wishes.count.value_or(0);
    options.buffer_bytes = wishes.size_bytes.value_or(0);
    if (wishes.count == 0U || options.buffers > mrda::ivshmem::kMaxSlots) {
        return make_error(Errc::invalid_argument, "--bufferNum " + std::to_string(options.buffers) +
                                                      ": from 1 to " +
                                                      std::to_string(mrda::ivshmem::kMaxSlots));
    }
    if (wishes.size_bytes) {
        MRDA_TRY(check_frame_fits(options.buffer_bytes, options));
    }
    if (!wishes.memory_bytes) {
        return {};
    }
    if (!wishes.count || !wishes.size_bytes) {
        options.notices.emplace_back(
            "--memDevSize is used with both --bufferNum and --bufferSize only");
        return {};
    }
    return fit(*wishes.memory_bytes, options);
}

}  // namespace mrda_sample_app
