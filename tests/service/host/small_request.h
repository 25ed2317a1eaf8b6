// SPDX-License-Identifier: MIT
#pragma once

#include <drm_fourcc.h>

#include "mrda/v1/sessions.pb.h"

namespace mrda::service {

/// What a guest asks for that wants 64x64 frames copied.
inline v1::CreateRequest small_request() {
    v1::CreateRequest request;
    request.mutable_wire()->set_oldest_major(1);
    request.mutable_wire()->set_newest_major(1);
    v1::EncodeConfig& encode = *request.mutable_encode();
    encode.set_codec(v1::CODEC_COPY);
    encode.set_drm_fourcc(DRM_FORMAT_NV12);
    encode.set_width_px(64);
    encode.set_height_px(64);
    encode.set_fps_num(30);
    encode.set_fps_den(1);
    encode.set_qp(22);
    encode.set_gop_size(1);
    encode.set_gop_ref_dist(1);
    encode.set_num_ref_frames(1);
    encode.set_target_usage(4);
    encode.set_async_depth(4);
    return request;
}

}  // namespace mrda::service
