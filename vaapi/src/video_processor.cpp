// SPDX-License-Identifier: MIT
#include "mrda/vaapi/video_processor.h"

#include <va/va_vpp.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "va_error.h"
#include "va_format.h"

namespace mrda::vaapi {

namespace {

struct BufferHandle {
    VADisplay display = nullptr;
    VABufferID id = VA_INVALID_ID;

    bool operator==(const BufferHandle&) const = default;
};
struct BufferPolicy {
    using Handle = BufferHandle;
    static Handle null() { return {}; }
    static void close(Handle buffer) { vaDestroyBuffer(buffer.display, buffer.id); }
};
using Buffer = Owned<BufferPolicy>;

template <typename Parameters>
Result<Buffer> make_buffer(const ContextHandle& context, VABufferType type,
                           Parameters& parameters) {
    VABufferID id = VA_INVALID_ID;
    MRDA_VA_TRY(vaCreateBuffer,
                (context.display, context.id, type, sizeof parameters, 1, &parameters, &id),
                "cannot pass parameters to the device");
    return Buffer({context.display, id});
}

constexpr std::array kFilterTypes{VAProcFilterNoiseReduction, VAProcFilterSharpening};
static_assert(kFilterTypes.size() == kVideoFilters);

Result<std::vector<Buffer>> make_filters(const ContextHandle& context,
                                         const ProcessOptions& options) {
    std::vector<Buffer> made;
    for (std::size_t filter = 0; filter < kVideoFilters; ++filter) {
        if (options.filters[filter]) {
            VAProcFilterParameterBuffer parameters{};
            parameters.type = kFilterTypes[filter];
            parameters.value = *options.filters[filter];
            MRDA_ASSIGN(auto buffer,
                        make_buffer(context, VAProcFilterParameterBufferType, parameters));
            made.push_back(std::move(buffer));
        }
    }
    return made;
}

std::string size_of(std::uint32_t width_px, std::uint32_t height_px) {
    return std::to_string(width_px) + "x" + std::to_string(height_px);
}

std::string text_of(float value) {
    std::string text = std::to_string(value);
    text.erase(std::min(text.find_last_not_of('0'), text.size()) + 1);
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

Result<void> check_rectangle(const std::optional<Rectangle>& part, const char* which,
                             const PixelFormat& format, std::uint32_t width_px,
                             std::uint32_t height_px) {
    if (!part) {
        return {};
    }
    // VARectangle counts from the surface's corner in 16 bits with a sign.
    constexpr std::uint32_t kFurthest_px = std::numeric_limits<std::int16_t>::max();
    const bool inside = part->width_px > 0 && part->height_px > 0 && part->x_px < width_px &&
                        part->y_px < height_px && part->x_px <= kFurthest_px &&
                        part->y_px <= kFurthest_px && part->width_px <= width_px - part->x_px &&
                        part->height_px <= height_px - part->y_px;
    if (!inside || part->x_px % format.width_step() != 0 ||
        part->y_px % format.height_step() != 0) {
        return make_error(Errc::invalid_argument,
                          std::string(which) + " rectangle " +
                              size_of(part->width_px, part->height_px) + " at " +
                              std::to_string(part->x_px) + "," + std::to_string(part->y_px) +
                              " is empty, leaves " + std::string(format.name) + " " +
                              size_of(width_px, height_px) + ", or begins inside a chroma sample");
    }
    return {};
}

/// Of what check_rectangle() has passed.
VARectangle va_rectangle(const std::optional<Rectangle>& part, const Surface& surface) {
    const Rectangle whole{0, 0, surface.width_px(), surface.height_px()};
    const Rectangle from = part.value_or(whole);
    return {static_cast<std::int16_t>(from.x_px), static_cast<std::int16_t>(from.y_px),
            static_cast<std::uint16_t>(from.width_px), static_cast<std::uint16_t>(from.height_px)};
}

}  // namespace

void ConfigPolicy::close(Handle config) {
    vaDestroyConfig(config.display, config.id);
}
void ContextPolicy::close(Handle context) {
    vaDestroyContext(context.display, context.id);
}

std::string_view to_string(Rotation rotation) {
    constexpr std::array<std::string_view, 4> kNames{"none", "90", "180", "270"};
    return kNames[static_cast<std::size_t>(rotation)];
}
std::string_view to_string(Mirror mirror) {
    constexpr std::array<std::string_view, 3> kNames{"none", "horizontal", "vertical"};
    return kNames[static_cast<std::size_t>(mirror)];
}
std::string_view to_string(VideoFilter filter) {
    constexpr std::array<std::string_view, kVideoFilters> kNames{"noise reduction", "sharpening"};
    return kNames[static_cast<std::size_t>(filter)];
}

Result<VideoProcessor> VideoProcessor::open(const Display& display, std::uint32_t drm_fourcc,
                                            std::uint32_t width_px, std::uint32_t height_px) {
    MRDA_ASSIGN(const FrameLayout shape, FrameLayout::linear(drm_fourcc, width_px, height_px));
    VideoProcessor made(display.vendor(), shape.format(), width_px, height_px);
    VAConfigID config = VA_INVALID_ID;
    MRDA_VA_TRY(vaCreateConfig,
                (display.handle(), VAProfileNone, VAEntrypointVideoProc, nullptr, 0, &config),
                display.vendor() + " has no video processing");
    made.config_.reset({display.handle(), config});
    VAContextID context = VA_INVALID_ID;
    MRDA_VA_TRY(vaCreateContext,
                (display.handle(), config, static_cast<int>(width_px), static_cast<int>(height_px),
                 VA_PROGRESSIVE, nullptr, 0, &context),
                display.vendor() + " processes no video to " + shape.to_string());
    made.context_.reset({display.handle(), context});
    MRDA_TRY(made.query_pipeline());
    MRDA_TRY(made.check_side(made.output_, "target", shape.format(), width_px, height_px));
    MRDA_TRY(made.query_filters());
    return made;
}

VideoProcessor::~VideoProcessor() {
    if (context_.valid() && last_target_ != VA_INVALID_SURFACE) {
        // Whoever has destroyed the surface meanwhile wants nothing of it.
        vaSyncSurface(context_.get().display, last_target_);
    }
}

Result<void> VideoProcessor::query_pipeline() {
    const ContextHandle context = context_.get();
    VAProcPipelineCaps caps{};
    MRDA_VA_TRY(vaQueryVideoProcPipelineCaps, (context.display, context.id, nullptr, 0, &caps),
                vendor_ + " does not tell what its video processing can do");
    const auto list = [](const std::uint32_t* fourccs, std::uint32_t count) {
        return fourccs == nullptr ? std::vector<std::uint32_t>()
                                  : std::vector<std::uint32_t>(fourccs, fourccs + count);
    };
    input_ = {list(caps.input_pixel_format, caps.num_input_pixel_formats), caps.min_input_width,
              caps.min_input_height, caps.max_input_width, caps.max_input_height};
    output_ = {list(caps.output_pixel_format, caps.num_output_pixel_formats), caps.min_output_width,
               caps.min_output_height, caps.max_output_width, caps.max_output_height};
    rotations_ = caps.rotation_flags;
    mirrors_ = caps.mirror_flags;
    return {};
}

Result<void> VideoProcessor::query_filters() {
    const ContextHandle context = context_.get();
    std::array<VAProcFilterType, VAProcFilterCount> types{};
    unsigned count = types.size();
    MRDA_VA_TRY(vaQueryVideoProcFilters, (context.display, context.id, types.data(), &count),
                vendor_ + " does not tell its filters");
    const auto* const end = types.data() + std::min<std::size_t>(count, types.size());
    for (std::size_t filter = 0; filter < kVideoFilters; ++filter) {
        VAProcFilterCap cap{};
        unsigned caps = 1;
        if (std::find<const VAProcFilterType*>(types.data(), end, kFilterTypes[filter]) != end &&
            vaQueryVideoProcFilterCaps(context.display, context.id, kFilterTypes[filter], &cap,
                                       &caps) == VA_STATUS_SUCCESS) {
            filters_[filter] = FilterRange{cap.range.min_value, cap.range.max_value,
                                           cap.range.default_value, cap.range.step};
        }
    }
    return {};
}

Result<void> VideoProcessor::check_side(const Side& side, const char* which,
                                        const PixelFormat& format, std::uint32_t width_px,
                                        std::uint32_t height_px) const {
    MRDA_ASSIGN(const VaFormat va, va_format_of(format.drm_fourcc));
    const auto& known = side.va_fourccs;
    if (!known.empty() && std::find(known.begin(), known.end(), va.va_fourcc) == known.end()) {
        std::string all;
        for (const std::uint32_t fourcc : known) {
            all += (all.empty() ? "" : ", ") + fourcc_string(fourcc);
        }
        return make_error(Errc::unsupported, "a " + std::string(which) + " of " +
                                                 std::string(format.name) + " asked of " + vendor_ +
                                                 ", which takes " + all);
    }
    const auto beyond = [](std::uint32_t value, std::uint32_t least, std::uint32_t most) {
        return value < least || (most != 0 && value > most);
    };
    if (beyond(width_px, side.least_width_px, side.most_width_px) ||
        beyond(height_px, side.least_height_px, side.most_height_px)) {
        return make_error(Errc::unsupported,
                          "a " + std::string(which) + " of " + size_of(width_px, height_px) +
                              " asked of " + vendor_ + ", which takes " +
                              size_of(side.least_width_px, side.least_height_px) + " to " +
                              size_of(side.most_width_px, side.most_height_px));
    }
    return {};
}

bool VideoProcessor::can(Rotation rotation) const {
    return rotation == Rotation::none || (rotations_ >> static_cast<unsigned>(rotation) & 1U) != 0;
}

bool VideoProcessor::can(Mirror mirror) const {
    return mirror == Mirror::none || (mirrors_ & static_cast<std::uint32_t>(mirror)) != 0;
}

Result<void> VideoProcessor::check_filters(const ProcessOptions& options) const {
    for (std::size_t filter = 0; filter < kVideoFilters; ++filter) {
        if (!options.filters[filter]) {
            continue;
        }
        const std::string name(to_string(static_cast<VideoFilter>(filter)));
        const auto& range = filters_[filter];
        if (!range) {
            return make_error(Errc::unsupported, vendor_ + " has no " + name);
        }
        const float value = *options.filters[filter];
        if (!(value >= range->least && value <= range->most)) {
            return make_error(Errc::invalid_argument,
                              name + " " + text_of(value) + " is not within " +
                                  text_of(range->least) + " to " + text_of(range->most));
        }
    }
    return {};
}

Result<void> VideoProcessor::check(const Surface& source, const ProcessOptions& options) const {
    MRDA_TRY(check_side(input_, "source", source.format(), source.width_px(), source.height_px()));
    if (!can(options.rotation)) {
        return make_error(Errc::unsupported, vendor_ + " cannot turn pictures by " +
                                                 std::string(to_string(options.rotation)));
    }
    if (!can(options.mirror)) {
        return make_error(Errc::unsupported,
                          vendor_ + " has no mirror " + std::string(to_string(options.mirror)));
    }
    MRDA_TRY(check_filters(options));
    MRDA_TRY(check_rectangle(options.source, "source", source.format(), source.width_px(),
                             source.height_px()));
    return check_rectangle(options.target, "target", *format_, width_px_, height_px_);
}

Result<void> VideoProcessor::process(const Surface& source, const Surface& target,
                                     const ProcessOptions& options) {
    MRDA_TRY(check(source, options));
    if (&target.format() != format_ || target.width_px() != width_px_ ||
        target.height_px() != height_px_ || source.id() == target.id()) {
        return make_error(Errc::invalid_argument,
                          "a target of " + std::string(target.format().name) + " " +
                              size_of(target.width_px(), target.height_px()) +
                              ", which is its own source or not " + std::string(format_->name) +
                              " " + size_of(width_px_, height_px_));
    }
    const VARectangle from = va_rectangle(options.source, source);
    const VARectangle to = va_rectangle(options.target, target);
    MRDA_ASSIGN(const auto filters, make_filters(context_.get(), options));
    std::vector<VABufferID> filter_ids;
    for (const Buffer& filter : filters) {
        filter_ids.push_back(filter.get().id);
    }
    VAProcPipelineParameterBuffer pipeline{};
    pipeline.surface = source.id();
    pipeline.surface_region = &from;
    pipeline.output_region = &to;
    pipeline.rotation_state = static_cast<std::uint32_t>(options.rotation);
    pipeline.mirror_state = static_cast<std::uint32_t>(options.mirror);
    pipeline.filters = filter_ids.data();
    pipeline.num_filters = static_cast<std::uint32_t>(filter_ids.size());
    MRDA_ASSIGN(const auto buffer,
                make_buffer(context_.get(), VAProcPipelineParameterBufferType, pipeline));
    return render(target.id(), buffer.get().id);
}

Result<void> VideoProcessor::render(VASurfaceID target, VABufferID buffer) {
    const ContextHandle context = context_.get();
    MRDA_VA_TRY(vaBeginPicture, (context.display, context.id, target),
                "cannot begin to process a picture");
    const VAStatus rendered = vaRenderPicture(context.display, context.id, &buffer, 1);
    // Also after a failure: a context that has begun takes no other picture.
    const VAStatus ended = vaEndPicture(context.display, context.id);
    last_target_ = target;
    if (rendered != VA_STATUS_SUCCESS) {
        return va_error("vaRenderPicture", rendered, vendor_ + " does not process this picture");
    }
    if (ended != VA_STATUS_SUCCESS) {
        return va_error("vaEndPicture", ended, vendor_ + " does not process this picture");
    }
    return {};
}

}  // namespace mrda::vaapi
