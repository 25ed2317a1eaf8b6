// SPDX-License-Identifier: MIT
#include "fake_host.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cstring>
#include <utility>

#include "mrda/ivshmem/wakeup.h"

namespace mrda::guest::test {

using ivshmem::Channel;
using ivshmem::Descriptor;
using ivshmem::Extent;
using ivshmem::Mapping;
using ivshmem::Region;
using ivshmem::SessionLayout;

namespace {

constexpr std::uint32_t kSlots = 4;

FrameLayout frame_of(const v1::EncodeConfig& encode, std::uint32_t alignment) {
    return FrameLayout::linear(encode.drm_fourcc(), encode.width_px(), encode.height_px(),
                               {alignment, 2})
        .value();
}

SessionLayout layout_of(const v1::CreateRequest& request, const FrameLayout& frame) {
    return SessionLayout::make(
               {.input_slots = request.input_slots() == 0 ? kSlots : request.input_slots(),
                .input_slot_bytes = frame.size_bytes(),
                .output_slots = request.output_slots() == 0 ? kSlots : request.output_slots(),
                .output_slot_bytes = 64 * 1024})
        .value();
}

Descriptor message(ivshmem::HostKind kind) {
    Descriptor descriptor{};
    descriptor.kind = static_cast<std::uint16_t>(kind);
    return descriptor;
}

}  // namespace

FakeHost::FakeHost(const v1::CreateRequest& request, const Identity& identity, bool scripted)
    : identity_(identity),
      frame_(frame_of(request.encode(), identity.frame_alignment)),
      layout_(layout_of(request, frame_)),
      region_(Region::create_memfd("fake_host",
                                   layout_.input_extent_bytes() + layout_.output_extent_bytes())
                  .value()) {
    const Extent in{0, layout_.input_extent_bytes()};
    const Extent out{in.size_bytes, layout_.output_extent_bytes()};
    input_ = Mapping::map(region_.fd(), in).value();
    output_ = Mapping::map(region_.fd(), out).value();
    if (scripted) {
        write_header(layout_.header(identity.session_id, identity.epoch, ivshmem::kFeatureFutex));
        channel_.emplace(Channel::attach(control(), layout_, Channel::Side::host).value());
        return;
    }
    service::WorkerJob job{.session_id = identity.session_id,
                           .epoch = identity.epoch,
                           .params = {},
                           .frame = frame_,
                           .layout = layout_,
                           .input = in,
                           .output = out,
                           .platform = "software",
                           .device = {},
                           .plugin_dirs = {MRDA_PLUGIN_DIR}};
    job.params.codec = "copy";
    job.params.plugin = "copy";
    job.params.width_px = request.encode().width_px();
    job.params.height_px = request.encode().height_px();
    pipeline_ =
        service::Pipeline::create(
            std::move(job),
            {duplicate_fd(region_.fd()).value(), duplicate_fd(region_.fd()).value(), {}, {}},
            [](const auto&) {})
            .value();
    thread_ = std::thread([this] { static_cast<void>(pipeline_->run().ok()); });
}

FakeHost::~FakeHost() {
    stop();
}

void FakeHost::stop() {
    if (thread_.joinable()) {
        pipeline_->request(service::WorkerCommand::stop);
        thread_.join();
    }
}

void FakeHost::reset() {
    if (pipeline_) {
        pipeline_->request(service::WorkerCommand::reset);
    }
}

void FakeHost::describe(v1::CreateReply& reply) const {
    reply.set_ring_capacity(layout_.ring_capacity());
    reply.set_input_slots(layout_.input_slots());
    reply.set_input_slot_bytes(layout_.input_slot_bytes());
    reply.set_output_slots(layout_.output_slots());
    reply.set_output_slot_bytes(layout_.output_slot_bytes());
    v1::FrameLayout& frame = *reply.mutable_frame();
    frame.set_drm_fourcc(frame_.format().drm_fourcc);
    frame.set_width_px(frame_.width_px());
    frame.set_height_px(frame_.height_px());
    for (const PlaneLayout& plane : frame_.planes()) {
        v1::Plane& told = *frame.add_planes();
        told.set_offset_bytes(plane.offset_bytes);
        told.set_pitch_bytes(plane.pitch_bytes);
    }
    for (v1::Region* const region : {reply.mutable_in_region(), reply.mutable_out_region()}) {
        region->set_size_bytes(region_.size_bytes());
    }
    reply.mutable_in_region()->set_extent_bytes(layout_.input_extent_bytes());
    reply.mutable_out_region()->set_extent_offset_bytes(layout_.input_extent_bytes());
    reply.mutable_out_region()->set_extent_bytes(layout_.output_extent_bytes());
}

std::byte* FakeHost::input_slot(std::uint32_t slot) const {
    return input_.data() + layout_.input_slot_offset(slot);
}

std::optional<Descriptor> FakeHost::next() {
    static_cast<void>(channel_->wait(ivshmem::now_ns() + kSecond));
    return channel_->receive().value();
}

void FakeHost::send(const Descriptor& descriptor) {
    static_cast<void>(channel_->send(descriptor).value());
}

void FakeHost::send(ivshmem::HostKind kind) {
    send(message(kind));
}

void FakeHost::send_packet(std::uint32_t slot, std::string_view bytes, std::uint64_t cookie,
                           std::int64_t pts) {
    std::memcpy(output_.data() + layout_.output_slot_offset(slot), bytes.data(), bytes.size());
    Descriptor descriptor = message(ivshmem::HostKind::packet);
    descriptor.slot = slot;
    descriptor.bytes = bytes.size();
    descriptor.cookie = cookie;
    descriptor.pts = pts;
    send(descriptor);
}

void FakeHost::send_frame_done(std::uint32_t slot, ivshmem::FrameStatus status) {
    Descriptor descriptor = message(ivshmem::HostKind::frame_done);
    descriptor.slot = slot;
    descriptor.status = static_cast<std::uint32_t>(status);
    send(descriptor);
}

void FakeHost::send_end(ivshmem::EndStatus status) {
    Descriptor descriptor = message(ivshmem::HostKind::end_of_stream);
    descriptor.status = static_cast<std::uint32_t>(status);
    send(descriptor);
}

void FakeHost::fail(Errc code) {
    Descriptor descriptor = message(ivshmem::HostKind::failed);
    descriptor.status = static_cast<std::uint32_t>(code);
    send(descriptor);
}

void FakeHost::write_header(ivshmem::SessionHeader header) {
    static_cast<void>(Channel::initialise(control(), layout_, header).ok());
}

void FakeHost::empty_memory() {
    ::fallocate(region_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                static_cast<off_t>(region_.size_bytes()));
}

}  // namespace mrda::guest::test
