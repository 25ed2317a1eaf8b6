// SPDX-License-Identifier: MIT
#pragma once

#include <va/va_backend.h>
#include <va/va_vpp.h>

#include <cstdint>

// The entries of the driver's tables, by the file that they stand in. libva has checked the
// display, and no pointer that it passes for an output; the driver checks everything else.
namespace mrda::va_soft {

// config.cpp
VAStatus query_config_profiles(VADriverContextP ctx, VAProfile* profiles, int* count);
VAStatus query_config_entrypoints(VADriverContextP ctx, VAProfile profile,
                                  VAEntrypoint* entrypoints, int* count);
VAStatus get_config_attributes(VADriverContextP ctx, VAProfile profile, VAEntrypoint entrypoint,
                               VAConfigAttrib* attributes, int count);
VAStatus create_config(VADriverContextP ctx, VAProfile profile, VAEntrypoint entrypoint,
                       VAConfigAttrib* attributes, int count, VAConfigID* id);
VAStatus destroy_config(VADriverContextP ctx, VAConfigID id);
VAStatus query_config_attributes(VADriverContextP ctx, VAConfigID id, VAProfile* profile,
                                 VAEntrypoint* entrypoint, VAConfigAttrib* attributes, int* count);

// surface_entries.cpp
VAStatus create_surfaces(VADriverContextP ctx, int width, int height, int format, int count,
                         VASurfaceID* ids);
VAStatus create_surfaces2(VADriverContextP ctx, unsigned format, unsigned width, unsigned height,
                          VASurfaceID* ids, unsigned count, VASurfaceAttrib* attributes,
                          unsigned attribute_count);
VAStatus destroy_surfaces(VADriverContextP ctx, VASurfaceID* ids, int count);
VAStatus query_surface_attributes(VADriverContextP ctx, VAConfigID config,
                                  VASurfaceAttrib* attributes, unsigned* count);
VAStatus sync_surface(VADriverContextP ctx, VASurfaceID id);
VAStatus sync_surface2(VADriverContextP ctx, VASurfaceID id, std::uint64_t timeout_ns);
VAStatus query_surface_status(VADriverContextP ctx, VASurfaceID id, VASurfaceStatus* status);

// export.cpp
VAStatus export_surface_handle(VADriverContextP ctx, VASurfaceID id, std::uint32_t memory_type,
                               std::uint32_t flags, void* descriptor);

// image.cpp
VAStatus query_image_formats(VADriverContextP ctx, VAImageFormat* formats, int* count);
VAStatus create_image(VADriverContextP ctx, VAImageFormat* format, int width, int height,
                      VAImage* image);
VAStatus derive_image(VADriverContextP ctx, VASurfaceID id, VAImage* image);
VAStatus destroy_image(VADriverContextP ctx, VAImageID id);
VAStatus get_image(VADriverContextP ctx, VASurfaceID surface, int x, int y, unsigned width,
                   unsigned height, VAImageID image);
VAStatus put_image(VADriverContextP ctx, VASurfaceID surface, VAImageID image, int source_x,
                   int source_y, unsigned source_width, unsigned source_height, int target_x,
                   int target_y, unsigned target_width, unsigned target_height);

// buffer.cpp
VAStatus create_buffer(VADriverContextP ctx, VAContextID context, VABufferType type, unsigned size,
                       unsigned count, void* data, VABufferID* id);
VAStatus set_buffer_element_count(VADriverContextP ctx, VABufferID id, unsigned count);
VAStatus map_buffer(VADriverContextP ctx, VABufferID id, void** data);
VAStatus unmap_buffer(VADriverContextP ctx, VABufferID id);
VAStatus destroy_buffer(VADriverContextP ctx, VABufferID id);
VAStatus buffer_info(VADriverContextP ctx, VABufferID id, VABufferType* type, unsigned* size,
                     unsigned* count);
VAStatus sync_buffer(VADriverContextP ctx, VABufferID id, std::uint64_t timeout_ns);
VAStatus acquire_buffer_handle(VADriverContextP ctx, VABufferID id, VABufferInfo* info);
VAStatus release_buffer_handle(VADriverContextP ctx, VABufferID id);

// video_proc.cpp
VAStatus create_context(VADriverContextP ctx, VAConfigID config, int width, int height, int flags,
                        VASurfaceID* targets, int target_count, VAContextID* id);
VAStatus destroy_context(VADriverContextP ctx, VAContextID id);
VAStatus begin_picture(VADriverContextP ctx, VAContextID id, VASurfaceID target);
VAStatus render_picture(VADriverContextP ctx, VAContextID id, VABufferID* buffers, int count);
VAStatus end_picture(VADriverContextP ctx, VAContextID id);
VAStatus query_filters(VADriverContextP ctx, VAContextID id, VAProcFilterType* filters,
                       unsigned* count);
VAStatus query_filter_caps(VADriverContextP ctx, VAContextID id, VAProcFilterType type, void* caps,
                           unsigned* count);
VAStatus query_pipeline_caps(VADriverContextP ctx, VAContextID id, VABufferID* filters,
                             unsigned filter_count, VAProcPipelineCaps* caps);

// unsupported.cpp: what libva calls unasked, and the driver has none of.
void fill_unsupported_entries(VADriverVTable& table);

}  // namespace mrda::va_soft
