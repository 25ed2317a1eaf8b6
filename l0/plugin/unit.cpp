// SPDX-License-Identifier: MIT
#include "unit.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

namespace mrda::l0::plugin {

namespace {

std::span<const mrda_unit_argument> arguments_of(const mrda_unit_kind& kind) {
    return {kind.arguments, kind.argument_count};
}

std::uint32_t word_at(const std::byte* registers, std::uint32_t offset_bytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, registers + offset_bytes, sizeof word);
    return word;
}

Result<ModuleFormat> format_of(const mrda_unit_image& image) {
    switch (image.format) {
        case MRDA_IMAGE_SPIRV:
            return ModuleFormat::spirv;
        case MRDA_IMAGE_NATIVE:
            return ModuleFormat::native;
        default:
            return make_error(Errc::unsupported,
                              "format " + std::to_string(image.format) + " is not known");
    }
}

/// What there is room for in an error, beside the names of unit and device.
constexpr std::size_t kRefusalBytes = sizeof(mrda_media_error::message) - 100;

/// All of them, each cut to its share where they are too long together.
std::string join_within(std::size_t bytes, const std::vector<std::string>& texts) {
    const std::string whole = std::accumulate(texts.begin(), texts.end(), std::string());
    if (whole.size() <= bytes) {
        return whole;
    }
    std::string cut;
    for (const std::string& text : texts) {
        cut += text.substr(0, bytes / texts.size());
    }
    return cut;
}

}  // namespace

Unit::Unit(const Context& context, const mrda_unit_kind& kind, Module module)
    : context_(context),
      name_(kind.name),
      arguments_([&] {
          std::vector<Argument> all;
          for (const mrda_unit_argument& one : arguments_of(kind)) {
              all.push_back({one.kind, one.offset_bytes, one.size_bytes});
          }
          return all;
      }()),
      channel_in_offset_(kind.channel_in_offset),
      channel_out_offset_(kind.channel_out_offset),
      global_size_offset_(kind.global_size_offset),
      module_(std::move(module)),
      lanes_(std::max(kind.in_flight, 1U)) {}

Result<std::unique_ptr<Unit>> Unit::load_image(const Context& context, const mrda_unit_kind& kind,
                                               const mrda_unit_image& image) {
    MRDA_ASSIGN(const ModuleFormat format, format_of(image));
    MRDA_ASSIGN(Module module,
                Module::create(context, format,
                               {static_cast<const std::byte*>(image.data), image.length_bytes}));
    std::unique_ptr<Unit> unit(new Unit(context, kind, std::move(module)));
    // What cannot run is found now, and not with the first item.
    MRDA_TRY(unit->lanes_.with_one([&] { return unit->make_lane(); },
                                   [](Lane&) { return Result<void>(); }));
    return unit;
}

Result<std::unique_ptr<Unit>> Unit::load(const Context& context, const mrda_unit_kind& kind) {
    std::vector<std::string> refusals;
    for (std::uint32_t i = 0; i < kind.image_count; ++i) {
        auto unit = load_image(context, kind, kind.images[i]);
        if (unit.ok()) {
            return unit;
        }
        refusals.push_back("; image " + std::to_string(i) + ": " + unit.error().message);
    }
    return make_error(Errc::unsupported,
                      context.info().name + " cannot load unit " + kind.name +
                          (refusals.empty() ? ", which has code for the machine itself only"
                                            : join_within(kRefusalBytes, refusals)));
}

Result<Unit::Lane> Unit::make_lane() const {
    MRDA_ASSIGN(Kernel kernel, Kernel::create(module_, name_));
    if (kernel.argument_count() != arguments_.size()) {
        return make_error(Errc::unsupported, "kernel " + name_ + " has " +
                                                 std::to_string(kernel.argument_count()) +
                                                 " arguments, and its unit declares " +
                                                 std::to_string(arguments_.size()));
    }
    const std::size_t words = std::max<std::size_t>(arguments_.size(), 1);
    MRDA_ASSIGN(
        UsmBuffer results,
        UsmBuffer::allocate(context_, UsmKind::host, words * sizeof(std::int32_t), Exportable::no));
    for (std::uint32_t i = 0; i < arguments_.size(); ++i) {
        if (arguments_[i].kind == MRDA_ARGUMENT_RESULT) {
            MRDA_TRY(kernel.set_pointer(i, static_cast<std::int32_t*>(results.data()) + i));
        }
    }
    MRDA_ASSIGN(CommandList list, CommandList::create(context_, CommandList::Kind::immediate));
    return Lane{std::move(kernel), std::move(results), std::move(list)};
}

Result<std::int32_t> Unit::run(std::byte* registers) {
    std::int32_t return_code = 0;
    const auto done =
        lanes_.with_one([this] { return make_lane(); },
                        [&](Lane& lane) { return run_on(lane, registers, return_code); });
    if (done.ok()) {
        return return_code;
    }
    Error error = done.error();
    error.message = "unit " + name_ + " on " + context_.info().name + ": " + error.message;
    if (error.code == Errc::device_lost) {
        error.message +=
            "; the device or its driver died: nothing on it can be used again; open it anew";
    }
    return error;
}

Result<void> Unit::run_on(Lane& lane, std::byte* registers, std::int32_t& return_code) const {
    MRDA_TRY(set_arguments(lane, registers));
    MRDA_ASSIGN(const Extent groups, set_groups(lane.kernel, registers));
    std::memset(lane.results.data(), 0, lane.results.size_bytes());
    MRDA_TRY(lane.list.launch(lane.kernel, groups));
    MRDA_TRY(lane.list.wait());
    write_back(lane, registers, return_code);
    return {};
}

Result<void> Unit::set_arguments(Lane& lane, const std::byte* registers) const {
    for (std::uint32_t i = 0; i < arguments_.size(); ++i) {
        const Argument& argument = arguments_[i];
        // RESULT stands for a word that the lane has.
        if (argument.kind != MRDA_ARGUMENT_RESULT) {
            MRDA_TRY(lane.kernel.set_argument(
                i, {registers + argument.offset_bytes, argument.size_bytes}));
        }
    }
    return {};
}

// Kernels may do without a bound: no instance too many is run, and where the driver's size leaves
// some over, each is a group of its own.
Result<Extent> Unit::set_groups(Kernel& kernel, const std::byte* registers) const {
    const std::uint32_t instances =
        global_size_offset_ == MRDA_NO_REGISTER ? 1 : word_at(registers, global_size_offset_);
    if (instances == 0) {
        return make_error(Errc::invalid_argument,
                          "an item of 0 instances; write how many into the register at offset " +
                              std::to_string(global_size_offset_));
    }
    MRDA_ASSIGN(const Extent best, kernel.suggest_group_size({instances, 1, 1}));
    const bool fits = best.y == 1 && best.z == 1 && instances % best.x == 0;
    const Extent size = fits ? best : Extent{};
    MRDA_TRY(kernel.set_group_size(size));
    return Extent{instances / size.x, 1, 1};
}

void Unit::write_back(const Lane& lane, std::byte* registers, std::int32_t& return_code) const {
    // An item is done when its kernel is: its channel is the one that came in, unless the kernel
    // says so itself, as one of its results.
    if (channel_out_offset_ != MRDA_NO_REGISTER && channel_in_offset_ != MRDA_NO_REGISTER) {
        const std::uint32_t channel = word_at(registers, channel_in_offset_);
        std::memcpy(registers + channel_out_offset_, &channel, sizeof channel);
    }
    bool told = false;
    for (std::size_t i = 0; i < arguments_.size(); ++i) {
        if (arguments_[i].kind != MRDA_ARGUMENT_RESULT) {
            continue;
        }
        const std::int32_t word = static_cast<const std::int32_t*>(lane.results.data())[i];
        std::memcpy(registers + arguments_[i].offset_bytes, &word, sizeof word);
        if (!told && arguments_[i].offset_bytes != channel_out_offset_) {
            return_code = word;
            told = true;
        }
    }
}

}  // namespace mrda::l0::plugin
