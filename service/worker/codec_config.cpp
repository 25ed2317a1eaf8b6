// SPDX-License-Identifier: MIT
#include "codec_config.h"

#include "mrda/media/encoder_session.h"

namespace mrda::service {

mrda_encoder_config codec_config(const WorkerJob& job, const ivshmem::Region& region,
                                 const ivshmem::Mapping& mapping) {
    const EncodeParams& params = job.params;
    mrda_encoder_config config{};
    config.size_bytes = sizeof config;
    config.rate_control = params.vbr ? MRDA_RATE_VBR : MRDA_RATE_CQP;
    media::copy_text(config.codec, params.codec);
    media::copy_text(config.profile, params.profile);
    media::copy_text(config.device, job.device);
    media::copy_text(config.path, params.path);
    config.width_px = params.width_px;
    config.height_px = params.height_px;
    config.fps_num = params.fps_num;
    config.fps_den = params.fps_den;
    config.qp = params.qp;
    config.bitrate_kbps = params.bitrate_kbps;
    config.gop_size = params.gop_size;
    config.gop_ref_dist = params.gop_ref_dist;
    config.num_ref_frames = params.num_ref_frames;
    config.target_usage = params.target_usage;
    config.async_depth = params.async_depth;
    config.layout.drm_fourcc = job.frame.format().drm_fourcc;
    config.layout.width_px = job.frame.width_px();
    config.layout.height_px = job.frame.height_px();
    config.layout.modifier = job.frame.modifier();
    config.layout.plane_count = static_cast<std::uint32_t>(job.frame.planes().size());
    for (std::size_t plane = 0; plane < job.frame.planes().size(); ++plane) {
        config.layout.planes[plane].offset_bytes = job.frame.planes()[plane].offset_bytes;
        config.layout.planes[plane].pitch_bytes = job.frame.planes()[plane].pitch_bytes;
    }
    config.input.fd = region.fd();
    config.input.slot_count = job.layout.input_slots();
    config.input.first_offset_bytes = job.input.offset_bytes + job.layout.input_slot_offset(0);
    config.input.slot_bytes = job.layout.input_slot_bytes();
    config.input.pages = mapping.data() + job.layout.input_slot_offset(0);
    config.input.sealed = region.kind() == ivshmem::Region::Kind::memfd ? 1 : 0;
    return config;
}

Result<void> check_sizes(const WorkerJob& job) {
    if (job.input.size_bytes != job.layout.input_extent_bytes() ||
        job.output.size_bytes != job.layout.output_extent_bytes()) {
        return make_error(Errc::invalid_argument,
                          "extents of " + std::to_string(job.input.size_bytes) + " and " +
                              std::to_string(job.output.size_bytes) + " bytes; the layout needs " +
                              std::to_string(job.layout.input_extent_bytes()) + " and " +
                              std::to_string(job.layout.output_extent_bytes()));
    }
    return job.frame.check_fits(job.layout.input_slot_bytes());
}

}  // namespace mrda::service
