// SPDX-License-Identifier: MIT
#include "mrda/interop/copy_ledger.h"
#include "mrda/vaapi/image.h"
#include "way_in.h"

namespace mrda::vpl::plugin {

namespace {

class Map final : public WayIn {
  public:
    explicit Map(const Config& config) : config_(config) {}

    Result<Sync> bring(std::uint32_t frame, std::size_t /*index*/,
                       const vaapi::Surface& surface) override {
        MRDA_TRY(vaapi::copy_to_surface(frame_pages(config_, frame), config_.layout, surface,
                                        ledger_, "no way in without a copy"));
        return Sync::idle();
    }
    [[nodiscard]] std::uint64_t cpu_copied_bytes() const override { return ledger_.total_bytes(); }

  private:
    const Config& config_;
    CopyLedger ledger_;
};

}  // namespace

Result<MadeWay> make_map(const WaySource& source) {
    MRDA_TRY(require_pages(source.config));
    const FrameLayout& layout = source.config.layout;
    MadeWay made{std::make_unique<Map>(source.config), {}, ""};
    while (made.surfaces.size() < source.wanted_surfaces) {
        MRDA_ASSIGN(auto surface,
                    vaapi::Surface::allocate(source.device.display, layout.format().drm_fourcc,
                                             layout.width_px(), layout.height_px()));
        made.surfaces.push_back(std::move(surface));
    }
    return made;
}

}  // namespace mrda::vpl::plugin
