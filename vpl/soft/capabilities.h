// SPDX-License-Identifier: MIT
#pragma once

#include <vpl/mfxcommon.h>

namespace mrda::vpl::soft {

/// The software runtime calls itself what it is. MRDA_VPL_IMPL=hardware makes it pass for a
/// hardware one, for clients that will have nothing else (sample_encode -hw, ffmpeg's qsv). Read
/// once.
mfxIMPL implementation();

mfxVersion api_version();

/// MFXQueryImplsDescription; the description lives as long as the library.
/// Null for a format, one of mfxImplCapsDeliveryFormat or of a later API, that is not offered.
mfxHDL* describe(mfxU32 format, mfxU32& count);

}  // namespace mrda::vpl::soft
