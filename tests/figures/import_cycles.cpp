// SPDX-License-Identifier: MIT
// USM -> DMA-BUF -> VA surface, made and destroyed N times; prints what the process grew by:
// descriptors, mappings, KiB of resident memory. Exits 0 if it did not grow.
#include <cstdlib>
#include <iostream>

#include "footprint.h"
#include "mrda/interop/platform.h"
#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/display.h"
#include "mrda/vaapi/import.h"

namespace {

using mrda::figures::measure_footprint;

constexpr long kWarmUpCycles = 100;

mrda::Result<void> cycle(const mrda::l0::Context& context, const mrda::vaapi::Display& display,
                         const mrda::FrameLayout& layout) {
    MRDA_ASSIGN(auto usm,
                mrda::l0::UsmBuffer::allocate(context, mrda::l0::UsmKind::device,
                                              layout.size_bytes(), mrda::l0::Exportable::dma_buf));
    MRDA_ASSIGN(const mrda::DmaBuf exported, usm.export_dma_buf());
    MRDA_ASSIGN(const auto import,
                mrda::vaapi::import_surface(display, {&exported, nullptr, 0}, layout));
    return import.surface.wait();
}

mrda::Result<bool> run(long cycles) {
    MRDA_TRY(mrda::use_software_drivers());
    MRDA_ASSIGN(const auto context, mrda::l0::Context::open(0));
    MRDA_ASSIGN(const auto display, mrda::vaapi::Display::open_software());
    MRDA_ASSIGN(const mrda::PixelFormat* format, mrda::find_pixel_format("NV12"));
    MRDA_ASSIGN(const auto layout, mrda::FrameLayout::linear(format->drm_fourcc, 1280, 720));
    for (long i = 0; i < kWarmUpCycles; ++i) {
        MRDA_TRY(cycle(context, display, layout));
    }
    const auto before = measure_footprint();
    for (long i = 0; i < cycles; ++i) {
        MRDA_TRY(cycle(context, display, layout));
    }
    const auto grown = measure_footprint() - before;
    std::cout << grown.descriptors << ", " << grown.mappings << ", " << grown.resident_kib << '\n';
    return grown.is_no_growth();
}

}  // namespace

int main(int argc, char** argv) {
    const auto steady = run(argc > 1 ? std::atol(argv[1]) : 10000);
    if (!steady) {
        std::cout << mrda::to_string(steady.error()) << '\n';
        return 2;
    }
    return *steady ? 0 : 1;
}
