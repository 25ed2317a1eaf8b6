// SPDX-License-Identifier: MIT
// The chain in steps: one buffer, allocated by Level Zero, exported as a DMA-BUF, imported as a VA
// surface, encoded by oneVPL. The code is the same on a GPU and on the software drivers.
#include "chain.h"
#include "encode.h"
#include "mrda/interop/exit_code.h"
#include "options.h"
#include "report.h"

namespace usm_to_va {
namespace {

mrda::Result<void> run(const Options& options, Report& report) {
    MRDA_ASSIGN(const mrda::PlatformChoice choice,
                mrda::choose_platform(options.platform, options.device));
    if (!choice.notice.empty()) {
        report.notice(choice.notice);
    }
    report.set("/platform", mrda::to_string(choice.platform));
    MRDA_ASSIGN(const Device device, open_device(choice.platform, options, report));
    MRDA_ASSIGN(const mrda::FrameLayout layout, surface_layout(options));
    std::size_t count = 1;
    if (!options.output.empty()) {
        MRDA_ASSIGN(count, mrda::vpl::Encoder::needed_surfaces(
                               device.display, encoder_config(options), options.drm_fourcc));
    }
    MRDA_ASSIGN(std::vector<Frame> frames, make_frames(device, layout, options, count, report));
    MRDA_TRY(prove_same_memory(device, frames.front(), layout, options.proof, report));
    if (!options.output.empty()) {
        MRDA_TRY(encode_frames(device, frames, layout, options, report));
    }
    return {};
}

}  // namespace
}  // namespace usm_to_va

int main(int argc, char** argv) {
    const auto parsed = usm_to_va::parse_options(argc, argv);
    if (!parsed.options) {
        return parsed.exit_code;
    }
    usm_to_va::Report report(parsed.options->json, parsed.options->report);
    const auto done = usm_to_va::run(*parsed.options, report);
    if (done.ok()) {
        report.step("clean-up", "surfaces, DMA-BUFs, USM, display and context are gone");
    } else {
        report.failed(done.error());
    }
    if (const auto written = report.finish(); !written.ok()) {
        report.failed(written.error());
        return mrda::exit_code_of(written.error().code);
    }
    return done.ok() ? 0 : mrda::exit_code_of(done.error().code);
}
