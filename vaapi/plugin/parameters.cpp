// SPDX-License-Identifier: MIT
#include "parameters.h"

#include <array>
#include <string>
#include <string_view>

#include "mrda/media/parameters.h"

namespace mrda::vaapi::plugin {

namespace {

constexpr std::string_view kMirror = "mirror";
constexpr std::string_view kRotation = "rotation";
/// In per cent of the driver's range.
constexpr std::int64_t kMost = 100;

struct StrengthRow {
    std::string_view name;
    VideoFilter filter;
};
constexpr std::array kStrengths{
    StrengthRow{"denoise", VideoFilter::noise_reduction},
    StrengthRow{"sharpness", VideoFilter::sharpening},
};

Result<void> read_strength(const mrda_session_config& config, const StrengthRow& row,
                           const VideoProcessor& processor, ProcessOptions& options) {
    MRDA_ASSIGN(const auto strength, media::integer_parameter(config, row.name, 0, kMost));
    if (!strength) {
        return {};
    }
    const auto& range = processor.range_of(row.filter);
    if (!range) {
        return make_error(Errc::unsupported, "parameter \"" + std::string(row.name) +
                                                 "\" asked of a driver that has no " +
                                                 std::string(to_string(row.filter)));
    }
    options.filters[static_cast<std::size_t>(row.filter)] =
        range->least + (range->most - range->least) * static_cast<float>(*strength) / kMost;
    return {};
}

std::string size_of(const mrda_media_layout& layout) {
    return std::to_string(layout.width_px) + "x" + std::to_string(layout.height_px);
}

Result<void> check_sizes(const mrda_session_config& config, Rotation rotation) {
    const mrda_media_layout& from = config.input.layout;
    const mrda_media_layout& to = config.outputs[0].layout;
    const bool sideways = rotation == Rotation::by_90 || rotation == Rotation::by_270;
    if ((sideways ? from.height_px : from.width_px) != to.width_px ||
        (sideways ? from.width_px : from.height_px) != to.height_px) {
        return make_error(Errc::invalid_argument,
                          "a filter makes no " + size_of(to) + " of " + size_of(from) +
                              (sideways ? " on its side" : "") + "; that is a scaler's work");
    }
    return {};
}

}  // namespace

Result<void> check_scaler(const mrda_session_config& config) {
    return media::check_parameters(config, {});
}

Result<ProcessOptions> read_filter(const mrda_session_config& config,
                                   const VideoProcessor& processor) {
    MRDA_TRY(media::check_parameters(config,
                                     {kMirror, kRotation, kStrengths[0].name, kStrengths[1].name}));
    MRDA_ASSIGN(const auto mirror,
                media::text_choice(config, kMirror, {"none", "horizontal", "vertical"}));
    MRDA_ASSIGN(const auto rotation, media::integer_choice(config, kRotation, {0, 90, 180, 270}));
    ProcessOptions options;
    options.mirror = static_cast<Mirror>(mirror.value_or(0));
    options.rotation = static_cast<Rotation>(rotation.value_or(0));
    MRDA_TRY(check_sizes(config, options.rotation));
    for (const StrengthRow& row : kStrengths) {
        MRDA_TRY(read_strength(config, row, processor, options));
    }
    return options;
}

}  // namespace mrda::vaapi::plugin
