// SPDX-License-Identifier: MIT
#include "codec_config.h"

#include "mrda/media/layout.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::service {

std::vector<mrda_buffer> input_buffers(const WorkerJob& job, const ivshmem::Region& region,
                                       const ivshmem::Mapping& mapping) {
    // A file can shrink under who imports it.
    const bool sealed = region.kind() == ivshmem::Region::Kind::memfd;
    std::vector<mrda_buffer> buffers;
    for (std::uint32_t slot = 0; slot < job.layout.input_slots(); ++slot) {
        const std::uint64_t offset_bytes = job.layout.input_slot_offset(slot);
        mrda_buffer buffer{};
        buffer.size_bytes = sizeof buffer;
        buffer.memory = MRDA_MEMORY_PAGES | (sealed ? std::uint32_t{MRDA_MEMORY_OBJECT} : 0U);
        buffer.id = slot + 1;
        buffer.length_bytes = job.layout.input_slot_bytes();
        buffer.pages = mapping.data() + offset_bytes;
        buffer.fd = sealed ? region.fd() : -1;
        buffer.flags = sealed ? std::uint32_t{MRDA_BUFFER_SEALED} : 0U;
        buffer.offset_bytes = job.input.offset_bytes + offset_bytes;
        buffers.push_back(buffer);
    }
    return buffers;
}

mrda_session_config codec_config(const WorkerJob& job) {
    const EncodeParams& params = job.params;
    mrda_session_config config{};
    config.size_bytes = sizeof config;
    media::copy_text(config.device, job.device);
    media::copy_text(config.path, params.path);
    media::copy_text(config.codec.codec, params.codec);
    media::copy_text(config.codec.profile, params.profile);
    config.codec.width_px = params.width_px;
    config.codec.height_px = params.height_px;
    config.codec.fps_num = params.fps_num;
    config.codec.fps_den = params.fps_den;
    config.codec.rate_control = params.vbr ? MRDA_RATE_VBR : MRDA_RATE_CQP;
    config.codec.qp = params.qp;
    config.codec.bitrate_kbps = params.bitrate_kbps;
    config.codec.gop_size = params.gop_size;
    config.codec.gop_ref_dist = params.gop_ref_dist;
    config.codec.num_ref_frames = params.num_ref_frames;
    config.codec.target_usage = params.target_usage;
    config.codec.async_depth = params.async_depth;
    config.input.layout = media::to_media(job.frame);
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
