// SPDX-License-Identifier: MIT
#include "imported_frames.h"

#include <gtest/gtest.h>

#include "mrda/l0/command_list.h"
#include "mrda/vaapi/import.h"

namespace mrda::vpl::test {

namespace {

Result<void> add_frame(const l0::Context& context, const vaapi::Display& display,
                       ImportedFrames& frames) {
    MRDA_ASSIGN(auto usm,
                l0::UsmBuffer::allocate(context, l0::UsmKind::device, frames.layout.size_bytes(),
                                        l0::Exportable::dma_buf));
    MRDA_ASSIGN(const DmaBuf exported, usm.export_dma_buf());
    MRDA_ASSIGN(auto import,
                vaapi::import_surface(display, {&exported, nullptr, 0}, frames.layout));
    frames.memory.push_back(std::move(usm));
    frames.surfaces.push_back(std::move(import.surface));
    return {};
}

Result<void> copy_in(const l0::Context& context, l0::UsmBuffer& usm,
                     const std::vector<std::uint8_t>& bytes) {
    MRDA_ASSIGN(auto list, l0::CommandList::create(context, l0::CommandList::Kind::immediate));
    MRDA_TRY(list.copy(usm.data(), bytes.data(), bytes.size()));
    return list.wait();
}

}  // namespace

ImportedFrames import_frames(const l0::Context& context, const vaapi::Display& display,
                             std::uint32_t drm_fourcc, std::uint32_t width_px,
                             std::uint32_t height_px, std::size_t count) {
    ImportedFrames frames{FrameLayout::linear(drm_fourcc, width_px, height_px).value(), {}, {}};
    for (std::size_t i = 0; i < count; ++i) {
        const auto added = add_frame(context, display, frames);
        if (!added.ok()) {
            ADD_FAILURE() << "frame " << i << ": " << to_string(added.error());
            break;
        }
    }
    return frames;
}

void draw(const l0::Context& context, ImportedFrames& frames, std::size_t index,
          std::uint64_t number) {
    std::vector<std::uint8_t> bytes(frames.layout.size_bytes());
    const std::uint32_t pitch_bytes = frames.layout.planes()[0].pitch_bytes;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const std::uint64_t x = at % pitch_bytes + number * 3;
        const std::uint64_t y = at / pitch_bytes + number;
        bytes[at] = static_cast<std::uint8_t>(64 + (x + y) % 128);
    }
    const auto copied = copy_in(context, frames.memory[index], bytes);
    ASSERT_TRUE(copied.ok()) << to_string(copied.error());
}

}  // namespace mrda::vpl::test
