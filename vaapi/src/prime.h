// SPDX-License-Identifier: MIT
#pragma once

#include <va/va.h>
#include <va/va_drmcommon.h>

#include "mrda/interop/dma_buf.h"
#include "mrda/interop/frame_layout.h"
#include "mrda/interop/result.h"
#include "mrda/vaapi/surface.h"

namespace mrda::vaapi {

/// PRIME_2's description of `layout` in `object`. The descriptor in it stays `object`'s.
Result<VADRMPRIMESurfaceDescriptor> to_prime_descriptor(const DmaBuf& object,
                                                        const FrameLayout& layout);

/// What vaExportSurfaceHandle described. Takes ownership of every descriptor in it, also on error.
Result<SurfaceExport> from_prime_descriptor(const VADRMPRIMESurfaceDescriptor& descriptor);

/// The older description, of linear memory: `handle` is a descriptor (PRIME) or an address
/// (USER_PTR), and must live as long as the result is used. Planes begin `base_bytes` into the
/// object.
Result<VASurfaceAttribExternalBuffers> to_external_buffers(std::uintptr_t* handle,
                                                           std::uint64_t base_bytes,
                                                           std::uint64_t object_bytes,
                                                           const FrameLayout& layout);

}  // namespace mrda::vaapi
