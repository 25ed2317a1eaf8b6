// SPDX-License-Identifier: MIT
// Where a stage finds its place, and how it takes frames from the one upstream.
#include <algorithm>
#include <utility>

#include "call_plugin.h"
#include "kinds.h"
#include "mrda/media/layout.h"
#include "mrda/media/stage.h"

namespace mrda::media {

namespace {

/// Null: there is no upstream. Errors: busy (a decoder's frames are not known yet),
/// invalid_argument (it has no such output).
Result<std::shared_ptr<FramePool>> upstream_pool(const StageProperties& properties) {
    if (properties.upstream == nullptr) {
        return std::shared_ptr<FramePool>();
    }
    return properties.upstream->pool_for_downstream(properties.upstream_output);
}

/// Whether frames of `pool` can be the input of a session of that kind on `device`, as they lie.
HandOver decide(const FramePool& pool, const mrda_session_kind& kind, const Device& device) {
    if (pool.device_id() != device.id()) {
        return {false, "the sender's frames lie on device " + std::to_string(pool.device()) +
                           ", the receiver is on device " + std::to_string(device.index())};
    }
    if ((pool.memory() & kind.input_memory) == 0) {
        return {false, "the sender's frames lie in bank " + std::to_string(pool.bank()) +
                           ", which offers memory " + std::to_string(pool.memory()) +
                           "; the receiver works with " + std::to_string(kind.input_memory) +
                           " (1 pages, 2 object, 4 device address)"};
    }
    return {true, ""};
}

Result<void> check_type(const StageProperties& properties) {
    if (properties.type == MRDA_SESSION_KERNEL) {
        return make_error(Errc::invalid_argument, "a kernel has no frames; open it as a Kernel");
    }
    if (properties.frames == 0 || properties.frames > 1024) {
        return make_error(Errc::invalid_argument,
                          std::to_string(properties.frames) + " frames in a pool, of 1 to 1024");
    }
    return {};
}

}  // namespace

Result<std::uint32_t> Stage::find_bank(const StageProperties& properties, const Device& device,
                                       const mrda_session_kind& kind, const FramePool* from) {
    const auto banks = device.banks();
    if (properties.bank >= 0) {
        if (static_cast<std::size_t>(properties.bank) >= banks.size()) {
            return make_error(Errc::invalid_argument, "bank " + std::to_string(properties.bank) +
                                                          " of " + device.name() + ", which has " +
                                                          std::to_string(banks.size()));
        }
        return static_cast<std::uint32_t>(properties.bank);
    }
    if (properties.reservation != nullptr && properties.reservation->device() == device.index()) {
        return properties.reservation->bank();
    }
    if (from != nullptr && from->device_id() == device.id() && works_with(kind, from->memory())) {
        return from->bank();
    }
    const auto works = std::find_if(banks.begin(), banks.end(), [&](const Bank& bank) {
        return works_with(kind, bank.memory);
    });
    return static_cast<std::uint32_t>(works == banks.end() ? 0 : works - banks.begin());
}

Result<Stage::Place> Stage::find_place(Context& context, const StageProperties& properties,
                                       const mrda_session_kind& kind, const FramePool* from) {
    std::int32_t device = properties.device;
    if (device < 0 && properties.reservation != nullptr) {
        device = static_cast<std::int32_t>(properties.reservation->device());
    } else if (device < 0 && properties.upstream != nullptr) {
        device = static_cast<std::int32_t>(properties.upstream->device().index());
    }
    const bool own = properties.unit_name.empty() && kind.unit != nullptr;
    UnitChoice choice{.device = device,
                      .index = properties.unit,
                      .name = own ? kind.unit : properties.unit_name,
                      .plugin = own ? properties.plugin : "",
                      .reservation = properties.reservation};
    Place place;
    if (choice.name.empty() && choice.index < 0) {
        MRDA_ASSIGN(place.device, context.device(static_cast<std::uint32_t>(std::max(device, 0))));
        MRDA_ASSIGN(place.bank, find_bank(properties, *place.device, kind, from));
        return place;
    }
    MRDA_ASSIGN(const auto unit, context.find_unit(choice));
    place.device = unit->device();
    choice.device = static_cast<std::int32_t>(place.device->index());
    MRDA_ASSIGN(place.bank, find_bank(properties, *place.device, kind, from));
    MRDA_ASSIGN(place.access, context.use_unit(choice, static_cast<std::int32_t>(place.bank),
                                               properties.channel));
    return place;
}

Stage::Stage(Place place, std::shared_ptr<FramePool> input, std::shared_ptr<FramePool> upstream,
             std::vector<std::shared_ptr<FramePool>> outputs, HandOver hand_over, Session session)
    : device_(std::move(place.device)),
      bank_(place.bank),
      access_(std::move(place.access)),
      input_(std::move(input)),
      upstream_(std::move(upstream)),
      outputs_(std::move(outputs)),
      held_(input_ == nullptr ? 0 : input_->size()),
      session_(std::move(session)) {
    report_.hand_over = std::move(hand_over);
}

Result<std::shared_ptr<FramePool>> Stage::make_input(const StageProperties& properties,
                                                     const Place& place,
                                                     const std::shared_ptr<FramePool>& from,
                                                     bool in_place) {
    if (from != nullptr && in_place) {
        return from;
    }
    if (from == nullptr && !properties.input) {
        return make_error(Errc::invalid_argument,
                          "a session that takes frames needs the layout of its input");
    }
    const FrameLayout& layout = from != nullptr ? from->layout() : *properties.input;
    return FramePool::make(*place.device, place.bank, layout, properties.frames);
}

Result<std::vector<std::shared_ptr<FramePool>>> Stage::make_outputs(
    const StageProperties& properties, const Place& place, const mrda_session_kind& kind) {
    std::vector<std::shared_ptr<FramePool>> outputs;
    if (kind.describe != nullptr) {
        outputs.push_back(nullptr);  // Made when the stream says how its frames lie.
        return outputs;
    }
    if (properties.outputs.size() > MRDA_MAX_OUTPUTS) {
        return make_error(Errc::invalid_argument, std::to_string(properties.outputs.size()) +
                                                      " outputs, of at most " +
                                                      std::to_string(MRDA_MAX_OUTPUTS));
    }
    for (const FrameLayout& layout : properties.outputs) {
        MRDA_ASSIGN(auto pool,
                    FramePool::make(*place.device, place.bank, layout, properties.frames));
        outputs.push_back(std::move(pool));
    }
    return outputs;
}

Result<std::shared_ptr<Stage>> Stage::open(Context& context, const StageProperties& properties) {
    MRDA_TRY(check_type(properties));
    MRDA_ASSIGN(const auto plugin, context.plugin(properties.plugin));
    MRDA_ASSIGN(const mrda_session_kind* const kind,
                plugin->find(properties.type, text_of(properties.codec.codec)));
    std::shared_ptr<FramePool> from;
    if (takes_frames(*kind)) {
        MRDA_ASSIGN(from, upstream_pool(properties));
    }
    MRDA_ASSIGN(Place place, find_place(context, properties, *kind, from.get()));
    HandOver hand_over = from == nullptr ? HandOver() : decide(*from, *kind, *place.device);
    std::shared_ptr<FramePool> input;
    if (takes_frames(*kind)) {
        MRDA_ASSIGN(input, make_input(properties, place, from, hand_over.in_place));
    }
    MRDA_ASSIGN(auto outputs, make_outputs(properties, place, *kind));

    const auto parameters = to_media(properties.parameters);
    mrda_session_config config{};
    config.codec = properties.codec;
    config.channel = properties.channel;
    copy_text(config.device, place.device->address());
    copy_text(config.path, properties.path);
    config.execution = place.access == nullptr ? nullptr : &place.access->table();
    config.parameters = parameters.data();
    config.parameter_count = static_cast<std::uint32_t>(parameters.size());
    config.input = input == nullptr ? mrda_pool{} : input->view();
    if (kind->describe == nullptr) {
        config.output_count = static_cast<std::uint32_t>(outputs.size());
        for (std::size_t output = 0; output < outputs.size(); ++output) {
            config.outputs[output] = outputs[output]->view();
        }
    } else if (!properties.outputs.empty()) {
        config.output_count = 1;
        config.outputs[0].layout = to_media(properties.outputs[0]);  // The format that is wished.
    }
    MRDA_ASSIGN(auto session, Session::open(plugin, properties.type, config));
    std::shared_ptr<Stage> stage(new Stage(std::move(place), std::move(input), from,
                                           std::move(outputs), std::move(hand_over),
                                           std::move(session)));
    stage->frames_ = properties.frames;
    return stage;
}

}  // namespace mrda::media
