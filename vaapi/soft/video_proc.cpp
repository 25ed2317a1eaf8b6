// SPDX-License-Identifier: MIT
#include "video_proc.h"

#include <va/va_vpp.h>

#include <array>
#include <optional>
#include <span>
#include <utility>

#include "driver.h"
#include "entries.h"
#include "status.h"

namespace mrda::va_soft {

VAStatus Context::begin(std::shared_ptr<Surface> target) {
    const std::lock_guard lock(mutex_);
    if (target_ != nullptr) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    target_ = std::move(target);
    return VA_STATUS_SUCCESS;
}

VAStatus Context::render(const std::vector<ProcessingStep>& steps) {
    const std::lock_guard lock(mutex_);
    if (target_ == nullptr) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    constexpr std::size_t kMaxSteps = 64;
    if (steps.size() > kMaxSteps - steps_.size()) {
        return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
    }
    steps_.insert(steps_.end(), steps.begin(), steps.end());
    return VA_STATUS_SUCCESS;
}

VAStatus Context::end() {
    const std::lock_guard lock(mutex_);
    const auto target = std::exchange(target_, nullptr);
    const auto steps = std::exchange(steps_, {});
    if (target == nullptr) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    // Before the target is marked: two pictures that are each other's source must not wait for each
    // other.
    for (const ProcessingStep& step : steps) {
        if (!step.source->wait_idle(VA_TIMEOUT_INFINITE)) {
            return VA_STATUS_ERROR_TIMEDOUT;
        }
    }
    const PendingWork pending(*target);
    const auto writing = target->cpu_access();
    for (const ProcessingStep& step : steps) {
        const auto reading = step.source->cpu_access();
        const VAStatus status = converter_.convert(step.from, step.to, step.options);
        if (status != VA_STATUS_SUCCESS) {
            return status;
        }
        for (const float amount : step.filters) {
            sharpener_.apply(step.to, amount);
        }
    }
    return VA_STATUS_SUCCESS;
}

std::shared_ptr<Surface> Context::target() const {
    const std::lock_guard lock(mutex_);
    return target_;
}

namespace {

Error unimplemented(const char* what) {
    return refusal(VA_STATUS_ERROR_UNIMPLEMENTED, std::string("video processing has no ") + what);
}

Result<void> check_unused_features(const VAProcPipelineParameterBuffer& parameters) {
    if (parameters.blend_state != nullptr && parameters.blend_state->flags != 0) {
        return unimplemented("blending");
    }
    if (parameters.num_additional_outputs != 0) {
        return unimplemented("additional outputs");
    }
    if ((parameters.pipeline_flags & VA_PROC_PIPELINE_SUBPICTURES) != 0) {
        return unimplemented("subpictures");
    }
    constexpr std::uint32_t kFields = VA_TOP_FIELD | VA_BOTTOM_FIELD;
    constexpr std::uint32_t kInterlaced = 0xf;
    if ((parameters.filter_flags & kFields) != 0 ||
        (parameters.input_surface_flag & kInterlaced) != 0 ||
        (parameters.output_surface_flag & kInterlaced) != 0) {
        return unimplemented("fields");
    }
    if ((parameters.filter_flags & VA_FILTER_SCALING_MASK) == VA_FILTER_SCALING_NL_ANAMORPHIC) {
        return unimplemented("anamorphic scaling");
    }
    return {};
}

Result<Orientation> orientation_of(const VAProcPipelineParameterBuffer& parameters) {
    constexpr std::uint32_t kMirrors = VA_MIRROR_HORIZONTAL | VA_MIRROR_VERTICAL;
    if (parameters.rotation_state > VA_ROTATION_270 || (parameters.mirror_state & ~kMirrors) != 0) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "rotation state " + std::to_string(parameters.rotation_state) +
                           " and mirror state " + std::to_string(parameters.mirror_state) +
                           " are not both known");
    }
    return Orientation{parameters.rotation_state,
                       (parameters.mirror_state & VA_MIRROR_HORIZONTAL) != 0,
                       (parameters.mirror_state & VA_MIRROR_VERTICAL) != 0};
}

/// One side's matrix and range as the client gave them.
struct ColorSide {
    VAProcColorStandardType standard = VAProcColorStandardNone;
    std::uint8_t matrix_coefficients = 0;
    std::uint8_t range = VA_SOURCE_RANGE_UNKNOWN;
};

// Matrix coefficients by their numbers in ISO/IEC 23091-2: 1 is BT.709, 5 and 6 are BT.601, 2
// unknown.
std::optional<ColorMatrix> matrix_of(const ColorSide& side) {
    switch (side.standard) {
        case VAProcColorStandardNone:
        case VAProcColorStandardBT601:
        case VAProcColorStandardBT470BG:
        case VAProcColorStandardSMPTE170M:
            return ColorMatrix::bt601;
        case VAProcColorStandardBT709:
            return ColorMatrix::bt709;
        case VAProcColorStandardExplicit:
            break;
        default:
            return std::nullopt;
    }
    switch (side.matrix_coefficients) {
        case 1:
            return ColorMatrix::bt709;
        case 2:
        case 5:
        case 6:
            return ColorMatrix::bt601;
        default:
            return std::nullopt;
    }
}

Result<ColorMatrix> choose_matrix(const PixelFormat& from, const ColorSide& input,
                                  const PixelFormat& to, const ColorSide& output) {
    if (from.model == ColorModel::rgb && to.model == ColorModel::rgb) {
        return ColorMatrix::bt601;
    }
    if (from.model == ColorModel::yuv && to.model == ColorModel::yuv) {
        const bool standard_kept = input.standard == VAProcColorStandardNone ||
                                   output.standard == VAProcColorStandardNone ||
                                   (input.standard == output.standard &&
                                    input.matrix_coefficients == output.matrix_coefficients);
        const bool range_kept = input.range == VA_SOURCE_RANGE_UNKNOWN ||
                                output.range == VA_SOURCE_RANGE_UNKNOWN ||
                                input.range == output.range;
        if (!standard_kept || !range_kept) {
            return unimplemented("conversion from one YUV colour standard or range to another");
        }
        return ColorMatrix::bt601;
    }
    const ColorSide& yuv = from.model == ColorModel::yuv ? input : output;
    const auto matrix = matrix_of(yuv);
    if (!matrix || yuv.range == VA_SOURCE_RANGE_FULL) {
        return unimplemented("conversion between RGB and YUV but for limited BT.601 and BT.709");
    }
    if (from.model == ColorModel::rgb && *matrix != ColorMatrix::bt601) {
        return unimplemented("conversion from RGB to BT.709");
    }
    return *matrix;
}

Result<FrameView> region_of(const FrameView& frame, const VARectangle* rectangle) {
    if (rectangle == nullptr) {
        return frame;
    }
    const auto part =
        crop(frame, {rectangle->x, rectangle->y, rectangle->width, rectangle->height});
    if (!part) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER,
                       "region " + std::to_string(rectangle->width) + "x" +
                           std::to_string(rectangle->height) + "+" + std::to_string(rectangle->x) +
                           "+" + std::to_string(rectangle->y) + " does not fit a frame of " +
                           std::to_string(frame.width_px) + "x" + std::to_string(frame.height_px) +
                           ", or does not start on a whole chroma sample");
    }
    return *part;
}

Result<ProcessingStep> make_step(Driver& driver, const std::shared_ptr<Surface>& target,
                                 const VAProcPipelineParameterBuffer& parameters) {
    MRDA_TRY(check_unused_features(parameters));
    ProcessingStep step;
    step.source = driver.surfaces.find(parameters.surface);
    if (step.source == nullptr) {
        return refusal(VA_STATUS_ERROR_INVALID_SURFACE, "the source surface does not exist");
    }
    if (step.source == target) {
        return refusal(VA_STATUS_ERROR_INVALID_PARAMETER, "a surface cannot be its own source");
    }
    MRDA_ASSIGN(step.from, region_of(step.source->view(), parameters.surface_region));
    MRDA_ASSIGN(step.to, region_of(target->view(), parameters.output_region));
    const SurfaceStorage& whole = target->storage();
    const bool covered = step.to.width_px == whole.width_px && step.to.height_px == whole.height_px;
    if (!covered && (parameters.output_background_color >> 24) != 0) {
        return unimplemented("background colour: leave its alpha 0, or cover the whole target");
    }
    const ColorSide input{parameters.surface_color_standard,
                          parameters.input_color_properties.matrix_coefficients,
                          parameters.input_color_properties.color_range};
    const ColorSide output{parameters.output_color_standard,
                           parameters.output_color_properties.matrix_coefficients,
                           parameters.output_color_properties.color_range};
    MRDA_ASSIGN(step.options.matrix,
                choose_matrix(*step.from.format, input, *step.to.format, output));
    const bool fast = (parameters.filter_flags & VA_FILTER_SCALING_MASK) == VA_FILTER_SCALING_FAST;
    MRDA_ASSIGN(step.options.orientation, orientation_of(parameters));
    if (parameters.num_filters != 0) {
        MRDA_ASSIGN(step.filters, read_filters(driver, parameters.filters, parameters.num_filters));
    }
    step.options.quality = fast ? ScaleQuality::fast : ScaleQuality::good;
    return step;
}

}  // namespace

VAStatus create_context(VADriverContextP ctx, VAConfigID config, int width, int height, int flags,
                        VASurfaceID* targets, int target_count, VAContextID* id) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        if (driver.configs.find(config) == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONFIG;
        }
        constexpr int kMax_px = static_cast<int>(kMaxSize_px);
        // Post-processors give no picture size: the surfaces have theirs.
        if (width < 0 || width > kMax_px || height < 0 || height > kMax_px) {
            return VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
        }
        if ((flags & ~VA_PROGRESSIVE) != 0) {
            return VA_STATUS_ERROR_FLAG_NOT_SUPPORTED;
        }
        if (target_count < 0 || (targets == nullptr && target_count > 0)) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        for (const VASurfaceID target :
             std::span(targets, static_cast<std::size_t>(target_count))) {
            if (driver.surfaces.find(target) == nullptr) {
                return VA_STATUS_ERROR_INVALID_SURFACE;
            }
        }
        *id = driver.contexts.insert(std::make_shared<Context>());
        return *id != VA_INVALID_ID ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ALLOCATION_FAILED;
    });
}

VAStatus destroy_context(VADriverContextP ctx, VAContextID id) {
    return guarded([&] {
        return driver_of(ctx).contexts.remove(id) != nullptr ? VA_STATUS_SUCCESS
                                                             : VA_STATUS_ERROR_INVALID_CONTEXT;
    });
}

VAStatus begin_picture(VADriverContextP ctx, VAContextID id, VASurfaceID target) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const auto context = driver.contexts.find(id);
        if (context == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONTEXT;
        }
        auto surface = driver.surfaces.find(target);
        if (surface == nullptr) {
            return VA_STATUS_ERROR_INVALID_SURFACE;
        }
        if (surface->held_by_others()) {
            return VA_STATUS_ERROR_SURFACE_BUSY;
        }
        return context->begin(std::move(surface));
    });
}

VAStatus render_picture(VADriverContextP ctx, VAContextID id, VABufferID* buffers, int count) {
    return guarded([&] {
        Driver& driver = driver_of(ctx);
        const auto context = driver.contexts.find(id);
        if (context == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONTEXT;
        }
        if (buffers == nullptr || count <= 0) {
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        const auto target = context->target();
        if (target == nullptr) {
            return VA_STATUS_ERROR_OPERATION_FAILED;
        }
        std::vector<ProcessingStep> steps;
        for (const VABufferID buffer_id : std::span(buffers, static_cast<std::size_t>(count))) {
            const auto buffer = driver.buffers.find(buffer_id);
            const auto parameters =
                buffer != nullptr && buffer->type() == VAProcPipelineParameterBufferType
                    ? buffer->first<VAProcPipelineParameterBuffer>()
                    : std::nullopt;
            if (!parameters) {
                return VA_STATUS_ERROR_INVALID_BUFFER;
            }
            auto step = make_step(driver, target, *parameters);
            if (!step.ok()) {
                return report(ctx, step.error());
            }
            steps.push_back(*std::move(step));
        }
        return context->render(steps);
    });
}

VAStatus end_picture(VADriverContextP ctx, VAContextID id) {
    return guarded([&] {
        const auto context = driver_of(ctx).contexts.find(id);
        return context != nullptr ? context->end() : VA_STATUS_ERROR_INVALID_CONTEXT;
    });
}

VAStatus query_pipeline_caps(VADriverContextP ctx, VAContextID id, VABufferID* filters,
                             unsigned filter_count, VAProcPipelineCaps* caps) {
    // The structure has pointers to non-const; nobody writes through them.
    static std::array standards{VAProcColorStandardBT601, VAProcColorStandardBT709};
    static const std::vector<std::uint32_t> fourccs = [] {
        std::vector<std::uint32_t> all;
        for (const PixelFormat& format : pixel_formats()) {
            all.push_back(format.va_fourcc);
        }
        return all;
    }();
    return guarded([&] {
        if (driver_of(ctx).contexts.find(id) == nullptr) {
            return VA_STATUS_ERROR_INVALID_CONTEXT;
        }
        const auto known = read_filters(driver_of(ctx), filters, filter_count);
        if (!known.ok()) {
            return report(ctx, known.error());
        }
        *caps = {};
        caps->filter_flags = VA_FILTER_SCALING_FAST | VA_FILTER_SCALING_HQ;
        caps->rotation_flags = 1U << VA_ROTATION_NONE | 1U << VA_ROTATION_90 |
                               1U << VA_ROTATION_180 | 1U << VA_ROTATION_270;
        caps->mirror_flags = VA_MIRROR_HORIZONTAL | VA_MIRROR_VERTICAL;
        caps->input_color_standards = standards.data();
        caps->num_input_color_standards = standards.size();
        caps->output_color_standards = standards.data();
        caps->num_output_color_standards = standards.size();
        caps->input_pixel_format = const_cast<std::uint32_t*>(fourccs.data());
        caps->num_input_pixel_formats = static_cast<std::uint32_t>(fourccs.size());
        caps->output_pixel_format = const_cast<std::uint32_t*>(fourccs.data());
        caps->num_output_pixel_formats = static_cast<std::uint32_t>(fourccs.size());
        caps->min_input_width = caps->min_output_width = kMinSize_px;
        caps->min_input_height = caps->min_output_height = kMinSize_px;
        caps->max_input_width = caps->max_output_width = kMaxSize_px;
        caps->max_input_height = caps->max_output_height = kMaxSize_px;
        return VA_STATUS_SUCCESS;
    });
}

}  // namespace mrda::va_soft
