// SPDX-License-Identifier: MIT
#pragma once

#include <va/va_backend.h>

#include <memory>

#include "buffer.h"
#include "config.h"
#include "handle_table.h"
#include "image.h"
#include "surface.h"
#include "video_proc.h"

namespace mrda::va_soft {

/// Everything behind one VADisplay. The tables are thread-safe, and so is every object in them.
struct Driver {
    HandleTable<Config> configs{HandleKind::config};
    HandleTable<Context> contexts{HandleKind::context};
    HandleTable<Surface> surfaces{HandleKind::surface};
    HandleTable<Buffer> buffers{HandleKind::buffer};
    HandleTable<Image> images{HandleKind::image};
};

inline Driver& driver_of(VADriverContextP ctx) {
    return *static_cast<Driver*>(ctx->pDriverData);
}

}  // namespace mrda::va_soft
