// SPDX-License-Identifier: MIT
// A worker's pipeline with the copy codec, and its guest on the same thread, for callgrind to count
// the instructions of the pipeline. The guest has its turn where the worker would wait (the linker
// calls it in place of Channel::wait()), so nothing is ever waited for, and each run does the same.
//     worker_instructions PLUGIN_DIR FRAMES AT_ONCE
// Builds unchanged in older trees, too: it touches nothing of the media library.
#include <drm_fourcc.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pipeline.h"

namespace {

using mrda::Fd;
using mrda::Result;
using mrda::ivshmem::Channel;
using mrda::ivshmem::Descriptor;
using mrda::ivshmem::GuestKind;
using mrda::ivshmem::HostKind;
using mrda::ivshmem::Mapping;
using mrda::ivshmem::Region;
using mrda::ivshmem::SessionLayout;
using mrda::service::Pipeline;
using mrda::service::WorkerJob;

constexpr std::uint32_t kSlots = 8;
constexpr std::int64_t kFrameTicks = 3000;

template <typename T>
T expect(Result<T> result) {
    if (!result.ok()) {
        std::fprintf(stderr, "worker_instructions: %s\n", to_string(result.error()).c_str());
        std::exit(1);
    }
    return std::move(*result);
}

/// Sends so many frames at once, and the next when all have come back with their packets.
class Guest {
  public:
    Guest(Channel channel, Pipeline& pipeline, std::uint64_t frames, std::uint32_t at_once)
        : channel_(std::move(channel)), pipeline_(pipeline), left_(frames), at_once_(at_once) {
        for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
            free_.push_back(slot);
        }
    }

    /// True: there is something for the worker.
    bool take_turn() {
        take_messages();
        if (free_.size() != kSlots || packets_ != sent_) {
            std::fprintf(stderr, "worker_instructions: the worker waits, with %zu slots\n",
                         kSlots - free_.size());
            std::exit(1);
        }
        if (left_ == 0) {
            pipeline_.request(mrda::service::WorkerCommand::stop);
            return false;
        }
        for (std::uint32_t i = 0; i < at_once_ && left_ > 0; ++i, --left_) {
            send_frame();
        }
        return true;
    }

    [[nodiscard]] std::uint64_t packets() const { return packets_; }

  private:
    void take_messages() {
        for (;;) {
            const auto received = channel_.receive();
            if (!expect(received) || !*received) {
                return;
            }
            const auto& descriptor = *received;
            if (descriptor->kind == static_cast<std::uint16_t>(HostKind::packet)) {
                ++packets_;
                send(GuestKind::release, descriptor->slot);
            } else if (descriptor->kind == static_cast<std::uint16_t>(HostKind::frame_done)) {
                free_.push_back(descriptor->slot);
            }
        }
    }

    void send_frame() {
        send(GuestKind::frame, free_.front());
        free_.pop_front();
        ++sent_;
    }

    void send(GuestKind kind, std::uint32_t slot) {
        Descriptor descriptor{};
        descriptor.kind = static_cast<std::uint16_t>(kind);
        descriptor.slot = slot;
        descriptor.pts = kFrameTicks * static_cast<std::int64_t>(sent_);
        descriptor.cookie = sent_;
        if (!expect(channel_.send(descriptor))) {
            std::fputs("worker_instructions: the guest's ring is full\n", stderr);
            std::exit(1);
        }
    }

    Channel channel_;
    Pipeline& pipeline_;
    std::uint64_t left_;
    std::uint32_t at_once_;
    std::uint64_t sent_ = 0;
    std::uint64_t packets_ = 0;
    std::deque<std::uint32_t> free_;
};

std::optional<Guest> guest;

/// The older commit knows one folder.
template <typename Job>
void set_folder(Job& job, const std::string& folder) {
    if constexpr (requires { job.plugin_dirs; }) {
        job.plugin_dirs = {folder};
    } else {
        job.plugin_dir = folder;
    }
}

WorkerJob make_job(const std::string& plugin_dir) {
    const auto frame = expect(mrda::FrameLayout::linear(DRM_FORMAT_NV12, 192, 128));
    const auto layout = expect(SessionLayout::make({kSlots, frame.size_bytes(), kSlots, 4096}));
    WorkerJob job{.frame = frame, .layout = layout};
    job.params.codec = "copy";
    job.params.plugin = "copy";
    job.params.width_px = frame.width_px();
    job.params.height_px = frame.height_px();
    job.input = {0, layout.input_extent_bytes()};
    job.output = {job.input.size_bytes, layout.output_extent_bytes()};
    job.session_id = 1;
    job.epoch = 1;
    job.platform = "software";
    set_folder(job, plugin_dir);
    return job;
}

void run(const std::string& plugin_dir, std::uint64_t frames, std::uint32_t at_once) {
    const WorkerJob job = make_job(plugin_dir);
    const auto region =
        expect(Region::create_memfd("figures", job.input.size_bytes + job.output.size_bytes));
    Fd input = expect(mrda::duplicate_fd(region.fd()));
    Fd output = expect(mrda::duplicate_fd(region.fd()));
    const auto pipeline = expect(
        Pipeline::create(job, {std::move(input), std::move(output), {}, {}}, [](const auto&) {}));
    const Mapping mapping = expect(Mapping::map(region.fd(), job.input));
    guest.emplace(expect(Channel::attach(mapping.control(job.layout.control_bytes()), job.layout,
                                         Channel::Side::guest)),
                  *pipeline, frames, at_once);
    if (const auto worked = pipeline->run(); !worked.ok()) {
        std::fprintf(stderr, "worker_instructions: %s\n", to_string(worked.error()).c_str());
        std::exit(1);
    }
    std::printf("%llu\n", static_cast<unsigned long long>(guest->packets()));
    guest.reset();
}

}  // namespace

/// Stands where the worker calls Channel::wait().
extern "C" bool __wrap__ZN4mrda7ivshmem7Channel4waitEm(Channel* /*worker*/,
                                                       std::uint64_t /*deadline_ns*/) {
    return guest->take_turn();
}

int main(int argc, char** argv) {
    const std::uint64_t frames = argc == 4 ? std::strtoull(argv[2], nullptr, 10) : 0;
    const unsigned long at_once = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0;
    if (frames == 0 || at_once == 0 || at_once > kSlots) {
        std::fputs("usage: worker_instructions PLUGIN_DIR FRAMES AT_ONCE (1 to 8)\n", stderr);
        return 2;
    }
    run(argv[1], frames, static_cast<std::uint32_t>(at_once));
    return 0;
}
