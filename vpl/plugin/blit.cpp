// SPDX-License-Identifier: MIT
#include "mrda/l0/command_list.h"
#include "mrda/l0/context.h"
#include "mrda/l0/usm.h"
#include "mrda/vaapi/import.h"
#include "way_in.h"

namespace mrda::vpl::plugin {

namespace {

class Blit final : public WayIn {
  public:
    Blit(const Config& config, l0::Context context, std::vector<l0::UsmBuffer> memory,
         l0::Event there, l0::CommandList list)
        : config_(config),
          frame_bytes_(config.layout.size_bytes()),
          context_(std::move(context)),
          memory_(std::move(memory)),
          there_(std::move(there)),
          list_(std::move(list)) {}

    Result<Sync> bring(std::uint32_t frame, std::size_t index,
                       const vaapi::Surface& /*surface*/) override {
        MRDA_TRY(there_.reset());
        MRDA_TRY(list_.copy(memory_[index].data(), frame_pages(config_, frame), frame_bytes_));
        MRDA_TRY(list_.signal(there_));
        return there_.sync();
    }

  private:
    const Config& config_;
    std::uint64_t frame_bytes_;
    l0::Context context_;
    std::vector<l0::UsmBuffer> memory_;  // By surface.
    l0::Event there_;
    l0::CommandList list_;
};

Result<l0::Context> open_context(const Device& device) {
    return device.pci ? l0::Context::open(*device.pci) : l0::Context::open(0);
}

}  // namespace

Result<MadeWay> make_blit(const WaySource& source) {
    MRDA_TRY(require_pages(source.config));
    MRDA_ASSIGN(l0::Context context, open_context(source.device));
    MadeWay made;
    std::vector<l0::UsmBuffer> memory;
    while (memory.size() < source.wanted_surfaces) {
        MRDA_ASSIGN(auto usm, l0::UsmBuffer::allocate(context, l0::UsmKind::device,
                                                      source.config.layout.size_bytes(),
                                                      l0::Exportable::dma_buf));
        MRDA_ASSIGN(const DmaBuf exported, usm.export_dma_buf());
        MRDA_ASSIGN(auto import,
                    vaapi::import_surface(source.device.display, {&exported, nullptr, 0},
                                          source.config.layout));
        memory.push_back(std::move(usm));
        made.surfaces.push_back(std::move(import.surface));
    }
    MRDA_ASSIGN(auto there, l0::Event::create(context));
    MRDA_ASSIGN(auto list, l0::CommandList::create(context, l0::CommandList::Kind::immediate));
    made.way = std::make_unique<Blit>(source.config, std::move(context), std::move(memory),
                                      std::move(there), std::move(list));
    return made;
}

}  // namespace mrda::vpl::plugin
