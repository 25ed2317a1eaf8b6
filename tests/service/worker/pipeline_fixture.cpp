// SPDX-License-Identifier: MIT
#include "pipeline_fixture.h"

#include <drm_fourcc.h>
#include <unistd.h>

#include <iostream>

namespace mrda::service::test {

EncodeParams small_params(const std::string& codec) {
    EncodeParams params;
    params.codec = codec;
    params.plugin = codec == "copy" ? "copy" : "vpl";
    params.width_px = 192;
    params.height_px = 128;
    params.qp = codec == "av1" ? 100 : 26;
    params.target_usage = 7;
    return params;
}

Result<ivshmem::Region> PipelineTest::make_region(const SessionShape& shape,
                                                  std::uint64_t size_bytes) {
    if (shape.region == ivshmem::Region::Kind::memfd) {
        return ivshmem::Region::create_memfd("worker_test", size_bytes);
    }
    return ivshmem::Region::create_file(dir_.path() + "/region", size_bytes);
}

Result<void> PipelineTest::try_create(const EncodeParams& params, const SessionShape& shape) {
    MRDA_TRY(stop());
    outcome_.reset();
    MRDA_ASSIGN(frame_, FrameLayout::linear(DRM_FORMAT_NV12, params.width_px, params.height_px));
    MRDA_ASSIGN(layout_,
                ivshmem::SessionLayout::make({shape.input_slots, frame_->size_bytes(),
                                              shape.output_slots, shape.output_slot_bytes}));
    WorkerJob job{.params = params, .frame = *frame_, .layout = *layout_};
    // Not at the region's start, so that an offset that is forgotten shows.
    job.input = {ivshmem::kPageBytes, layout_->input_extent_bytes()};
    job.output = {job.input.offset_bytes + job.input.size_bytes, layout_->output_extent_bytes()};
    job.session_id = 7;
    job.epoch = 1;
    job.platform = "software";
    job.plugin_dirs = {MRDA_PLUGIN_DIR};
    MRDA_ASSIGN(region_, make_region(shape, job.output.offset_bytes + job.output.size_bytes));
    input_ = job.input;
    MRDA_ASSIGN(Fd input, duplicate_fd(region_->fd()));
    MRDA_ASSIGN(Fd output, duplicate_fd(region_->fd()));
    MRDA_ASSIGN(auto guest_input, ivshmem::Mapping::map(region_->fd(), job.input));
    MRDA_ASSIGN(auto guest_output, ivshmem::Mapping::map(region_->fd(), job.output));
    MRDA_ASSIGN(pipeline_,
                Pipeline::create(std::move(job), {std::move(input), std::move(output), {}, {}},
                                 [this](const WorkerEvent& event) {
                                     const std::lock_guard lock(mutex_);
                                     events_.push_back(event);
                                 }));
    guest_ =
        std::make_unique<ScriptedGuest>(*layout_, std::move(guest_input), std::move(guest_output));
    return {};
}

void PipelineTest::create(const EncodeParams& params, const SessionShape& shape) {
    if (const auto created = try_create(params, shape); !created.ok()) {
        std::cerr << "no pipeline: " << to_string(created.error()) << '\n';
        std::abort();
    }
}

void PipelineTest::run() {
    thread_ = std::thread([this] { outcome_ = pipeline_->run(); });
}

Result<void> PipelineTest::stop() {
    if (pipeline_) {
        pipeline_->request(WorkerCommand::stop);
    }
    return outcome();
}

Result<void> PipelineTest::outcome() {
    if (thread_.joinable()) {
        thread_.join();
    }
    return outcome_.value_or(Result<void>());
}

std::vector<WorkerEvent> PipelineTest::events() {
    const std::lock_guard lock(mutex_);
    return events_;
}

ivshmem::Mapping PipelineTest::another_view() const {
    return ivshmem::Mapping::map(region_->fd(), input_).value();
}

void PipelineTest::draw(std::uint32_t slot, std::uint64_t number) {
    std::byte* const pixels = guest_->input(slot);
    const std::uint32_t pitch_bytes = frame_->planes()[0].pitch_bytes;
    for (std::uint64_t at = 0; at < frame_->size_bytes(); ++at) {
        const std::uint64_t x = at % pitch_bytes + number * 3;
        const std::uint64_t y = at / pitch_bytes + number;
        pixels[at] = static_cast<std::byte>(64 + (x + y) % 128);
    }
}

void PipelineTest::send_pictures(std::size_t first, std::size_t count) {
    for (std::size_t number = first; number < first + count; ++number) {
        const auto slot = guest_->free_input();
        ASSERT_TRUE(slot);
        draw(*slot, number);
        guest_->send_frame(*slot, static_cast<std::int64_t>(3000 * number), 1000 + number);
    }
}

void PipelineTest::encode(std::size_t count) {
    send_pictures(0, count);
    guest_->send_end();
    guest_->take_until(ivshmem::HostKind::end_of_stream);
}

}  // namespace mrda::service::test
