// SPDX-License-Identifier: MIT
#include "software_display.h"

#include <va/va_backend.h>
#include <va/va_drmcommon.h>

#include <cstdlib>
#include <cstring>
#include <new>

// Exported by libva.so.2 for its own window-system libraries, and declared in no public header.
extern "C" {
VADisplayContextP va_newDisplayContext(void);
VADriverContextP va_newDriverContext(VADisplayContextP display);
}

namespace mrda::vaapi {

namespace {

int display_is_valid(VADisplayContextP display) {
    return display != nullptr && display->pDriverContext != nullptr;
}

// libva allocates both contexts with calloc and leaves freeing them to the display's maker.
void destroy_display(VADisplayContextP display) {
    std::free(display->pDriverContext->drm_state);
    std::free(display->pDriverContext);
    std::free(display->opaque);
    std::free(display);
}

VAStatus driver_name_of(VADisplayContextP display, char** name) {
    *name = ::strdup(static_cast<const char*>(display->opaque));
    return *name != nullptr ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ALLOCATION_FAILED;
}

// libva >= 2.21 asks for a list, through the slot that was reserved[0] before.
VAStatus driver_names_of(VADisplayContextP display, char** names, unsigned* count) {
    if (*count == 0) {
        return VA_STATUS_ERROR_INVALID_PARAMETER;
    }
    *count = 1;
    return driver_name_of(display, names);
}

/// Newer headers name that slot, and what is reserved there begins behind it.
template <typename Context>
void set_driver_names(Context& display) {
    auto names = &driver_names_of;
    if constexpr (requires { display.vaGetDriverNames; }) {
        display.vaGetDriverNames = names;
    } else {
        static_assert(sizeof(display.reserved[0]) == sizeof names);
        std::memcpy(&display.reserved[0], &names, sizeof names);
    }
}

}  // namespace

Result<VADisplay> new_software_display(const char* driver_name) {
    auto out_of_memory = [] {
        return make_error(Errc::out_of_memory, "no memory for a VA display");
    };
    VADisplayContextP display = va_newDisplayContext();
    if (display == nullptr) {
        return out_of_memory();
    }
    VADriverContextP driver = va_newDriverContext(display);
    auto* drm = static_cast<drm_state*>(std::calloc(1, sizeof(drm_state)));
    display->opaque = ::strdup(driver_name);
    if (driver == nullptr || drm == nullptr || display->opaque == nullptr) {
        std::free(drm);
        std::free(driver);
        std::free(display->opaque);
        std::free(display);
        return out_of_memory();
    }
    drm->fd = -1;
    driver->drm_state = drm;
    driver->display_type = VA_DISPLAY_DRM_RENDERNODES;
    display->vaIsValid = display_is_valid;
    display->vaDestroy = destroy_display;
    display->vaGetDriverName = driver_name_of;
    set_driver_names(*display);
    return static_cast<VADisplay>(display);
}

}  // namespace mrda::vaapi
