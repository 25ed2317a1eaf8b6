// SPDX-License-Identifier: MIT
// A process that opens the encoder that a session opens, encodes one frame and ends: what a
// session's start is measured against.
//     x264_one_frame WIDTH HEIGHT KBPS
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>

// Knows the types above by their being there.
#include <x264.h>

namespace {

/// As vpl/soft/encode_x264.cpp opens it for VBR, AsyncDepth 4, TargetUsage 4, GOPs of 60.
void set(x264_param_t& param, int width_px, int height_px, int kbps) {
    x264_param_default_preset(&param, "veryfast", nullptr);
    param.i_log_level = X264_LOG_NONE;
    param.i_width = width_px;
    param.i_height = height_px;
    param.i_csp = X264_CSP_NV12;
    param.i_fps_num = 30;
    param.i_fps_den = 1;
    param.b_vfr_input = 0;
    param.i_keyint_max = 60;
    param.i_keyint_min = 1;
    param.i_scenecut_threshold = 0;
    param.i_bframe = 0;
    param.i_frame_reference = 1;
    param.rc.i_lookahead = 0;
    param.i_sync_lookahead = 0;
    param.rc.b_mb_tree = 0;
    param.rc.i_rc_method = X264_RC_ABR;
    param.rc.i_bitrate = kbps;
    param.rc.i_vbv_max_bitrate = kbps;
    param.rc.i_vbv_buffer_size = kbps;
    // As many as the runtime takes for that depth.
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    param.i_threads = static_cast<int>(std::min(4U, cores * 3 / 2));
    x264_param_apply_profile(&param, "high");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        return 2;
    }
    x264_param_t param;
    set(param, std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]));
    x264_t* const encoder = x264_encoder_open(&param);
    x264_picture_t in;
    if (encoder == nullptr ||
        x264_picture_alloc(&in, X264_CSP_NV12, param.i_width, param.i_height) < 0) {
        return 1;
    }
    std::memset(in.img.plane[0], 128,
                static_cast<std::size_t>(in.img.i_stride[0]) *
                    static_cast<std::size_t>(param.i_height) * 3 / 2);
    x264_nal_t* nals = nullptr;
    int nal_count = 0;
    x264_picture_t out;
    int size = x264_encoder_encode(encoder, &nals, &nal_count, &in, &out);
    while (size == 0 && x264_encoder_delayed_frames(encoder) > 0) {
        size = x264_encoder_encode(encoder, &nals, &nal_count, nullptr, &out);
    }
    return size > 0 ? 0 : 1;
}
