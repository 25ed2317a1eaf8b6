// SPDX-License-Identifier: MIT
#include "driver.h"

#include <va/va_backend_vpp.h>

#include "entries.h"
#include "formats.h"
#include "status.h"

namespace mrda::va_soft {

namespace {

VAStatus terminate(VADriverContextP ctx) {
    delete static_cast<Driver*>(ctx->pDriverData);
    ctx->pDriverData = nullptr;
    return VA_STATUS_SUCCESS;
}

void fill_table(VADriverVTable& table) {
    table.vaTerminate = terminate;
    table.vaQueryConfigProfiles = query_config_profiles;
    table.vaQueryConfigEntrypoints = query_config_entrypoints;
    table.vaGetConfigAttributes = get_config_attributes;
    table.vaCreateConfig = create_config;
    table.vaDestroyConfig = destroy_config;
    table.vaQueryConfigAttributes = query_config_attributes;
    table.vaCreateSurfaces = create_surfaces;
    table.vaCreateSurfaces2 = create_surfaces2;
    table.vaDestroySurfaces = destroy_surfaces;
    table.vaQuerySurfaceAttributes = query_surface_attributes;
    table.vaSyncSurface = sync_surface;
    table.vaSyncSurface2 = sync_surface2;
    table.vaQuerySurfaceStatus = query_surface_status;
    table.vaExportSurfaceHandle = export_surface_handle;
    table.vaQueryImageFormats = query_image_formats;
    table.vaCreateImage = create_image;
    table.vaDeriveImage = derive_image;
    table.vaDestroyImage = destroy_image;
    table.vaGetImage = get_image;
    table.vaPutImage = put_image;
    table.vaCreateBuffer = create_buffer;
    table.vaBufferSetNumElements = set_buffer_element_count;
    table.vaMapBuffer = map_buffer;
    table.vaUnmapBuffer = unmap_buffer;
    table.vaDestroyBuffer = destroy_buffer;
    table.vaBufferInfo = buffer_info;
    table.vaSyncBuffer = sync_buffer;
    table.vaAcquireBufferHandle = acquire_buffer_handle;
    table.vaReleaseBufferHandle = release_buffer_handle;
    table.vaCreateContext = create_context;
    table.vaDestroyContext = destroy_context;
    table.vaBeginPicture = begin_picture;
    table.vaRenderPicture = render_picture;
    table.vaEndPicture = end_picture;
    fill_unsupported_entries(table);
}

void fill_video_proc_table(VADriverVTableVPP& table) {
    table.version = VA_DRIVER_VTABLE_VPP_VERSION;
    table.vaQueryVideoProcFilters = query_filters;
    table.vaQueryVideoProcFilterCaps = query_filter_caps;
    table.vaQueryVideoProcPipelineCaps = query_pipeline_caps;
}

VAStatus initialize(VADriverContextP ctx) {
    return guarded([&] {
        ctx->pDriverData = new Driver;
        ctx->version_major = VA_MAJOR_VERSION;
        ctx->version_minor = VA_MINOR_VERSION;
        ctx->max_profiles = 1;
        ctx->max_entrypoints = 1;
        ctx->max_attributes = 1;
        ctx->max_image_formats = static_cast<int>(pixel_formats().size());
        // libva refuses a driver that says 0 here.
        ctx->max_subpic_formats = 1;
        ctx->max_display_attributes = 1;
        ctx->str_vendor = "MRDA software VA driver";
        fill_table(*ctx->vtable);
        if (ctx->vtable_vpp != nullptr) {
            fill_video_proc_table(*ctx->vtable_vpp);
        }
        return VA_STATUS_SUCCESS;
    });
}

}  // namespace

}  // namespace mrda::va_soft

// libva looks for its own minor version first and then for each lower one: the version of the
// headers that this was built against is the oldest libva that fits the tables above.
#define MRDA_INIT_NAME_(major, minor) __vaDriverInit_##major##_##minor
#define MRDA_INIT_NAME(major, minor) MRDA_INIT_NAME_(major, minor)

extern "C" [[gnu::visibility("default")]] VAStatus MRDA_INIT_NAME(
    VA_MAJOR_VERSION, VA_MINOR_VERSION)(VADriverContextP ctx) {
    return mrda::va_soft::initialize(ctx);
}
