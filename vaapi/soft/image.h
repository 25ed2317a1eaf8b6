// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>

#include <memory>

#include "frame_view.h"
#include "memory.h"

namespace mrda::va_soft {

/// A VAImage: its pixels stay for as long as it does, whatever becomes of its buffer or surface.
struct Image {
    VABufferID buffer_id = VA_INVALID_ID;
    std::shared_ptr<MemoryObject> memory;
    FrameView view;
};

}  // namespace mrda::va_soft
