// SPDX-License-Identifier: MIT
#include "entries.h"

namespace mrda::va_soft {

namespace {

/// An entry of any signature that answers `status`.
template <VAStatus status>
struct Refuse {
    template <typename... Arguments>
    static VAStatus entry(Arguments...) {
        return status;
    }
};

using Unimplemented = Refuse<VA_STATUS_ERROR_UNIMPLEMENTED>;

VAStatus query_subpicture_formats(VADriverContextP, VAImageFormat*, unsigned*, unsigned* count) {
    *count = 0;
    return VA_STATUS_SUCCESS;
}

VAStatus query_display_attributes(VADriverContextP, VADisplayAttribute*, int* count) {
    *count = 0;
    return VA_STATUS_SUCCESS;
}

// Clients ask for attributes without having queried them; each answer says that there is none.
VAStatus get_display_attributes(VADriverContextP, VADisplayAttribute* attributes, int count) {
    for (int index = 0; index < count; ++index) {
        attributes[index].flags = VA_DISPLAY_ATTRIB_NOT_SUPPORTED;
    }
    return VA_STATUS_SUCCESS;
}

}  // namespace

void fill_unsupported_entries(VADriverVTable& table) {
    table.vaQuerySubpictureFormats = query_subpicture_formats;
    table.vaQueryDisplayAttributes = query_display_attributes;
    table.vaGetDisplayAttributes = get_display_attributes;
    table.vaSetDisplayAttributes = Refuse<VA_STATUS_ERROR_ATTR_NOT_SUPPORTED>::entry;
    table.vaSetImagePalette = Unimplemented::entry;
    table.vaCreateSubpicture = Unimplemented::entry;
    table.vaDestroySubpicture = Unimplemented::entry;
    table.vaSetSubpictureImage = Unimplemented::entry;
    table.vaSetSubpictureChromakey = Unimplemented::entry;
    table.vaSetSubpictureGlobalAlpha = Unimplemented::entry;
    table.vaAssociateSubpicture = Unimplemented::entry;
    table.vaDeassociateSubpicture = Unimplemented::entry;
    table.vaPutSurface = Unimplemented::entry;
    table.vaQuerySurfaceError = Unimplemented::entry;
    table.vaLockSurface = Unimplemented::entry;
    table.vaUnlockSurface = Unimplemented::entry;
}

}  // namespace mrda::va_soft
