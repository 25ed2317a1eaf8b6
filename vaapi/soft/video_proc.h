// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <memory>
#include <mutex>
#include <vector>

#include "convert.h"
#include "filters.h"
#include "frame_view.h"
#include "sharpness.h"
#include "surface.h"

namespace mrda::va_soft {

/// One VAProcPipelineParameterBuffer, checked: nothing of the client's is referenced any more.
struct ProcessingStep {
    std::shared_ptr<Surface> source;
    FrameView from;
    FrameView to;
    ConvertOptions options;
    Filters filters;
};

/// A VAContext of VAEntrypointVideoProc. Thread-safe. Pictures are processed within vaEndPicture;
/// another thread's vaSyncSurface on the target waits for that.
class Context {
  public:
    VAStatus begin(std::shared_ptr<Surface> target);
    VAStatus render(const std::vector<ProcessingStep>& steps);
    VAStatus end();
    /// Null outside a picture.
    [[nodiscard]] std::shared_ptr<Surface> target() const;

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<Surface> target_;
    std::vector<ProcessingStep> steps_;
    Converter converter_;
    Sharpener sharpener_;
};

}  // namespace mrda::va_soft
