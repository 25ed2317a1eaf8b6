// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "mrda/ivshmem/channel.h"
#include "mrda/ivshmem/message.h"
#include "mrda/ivshmem/region.h"
#include "mrda/media/session.h"
#include "worker_protocol.h"

namespace mrda::service {

/// What comes with a job. The events: none where nobody wakes that side so.
struct PipelineDescriptors {
    Fd input;
    Fd output;
    Fd host_event;
    Fd guest_event;
};

/// One session's work: frames come out of the guest's ring, go to the codec in place, and packets
/// go into output slots and the host's ring. run() is for one thread; request() and stats() for
/// any.
class Pipeline {
  public:
    using Report = std::function<void(const WorkerEvent&)>;

    /// Maps the extents, opens the codec and writes the control pages. `report` hears, on run()'s
    /// thread, of what happens. Errors: invalid_argument (extents that are not the regions'), what
    /// the codec says.
    static Result<std::unique_ptr<Pipeline>> create(WorkerJob job, PipelineDescriptors with,
                                                    Report report);

    /// Works until stop is requested. Errors: corrupt (the guest broke the protocol: what it sent
    /// is named), what the codec says; the guest has been told then.
    Result<void> run();

    void request(WorkerCommand command);
    [[nodiscard]] WorkerEvent stats() const;
    /// What was settled at the start: path, reason, implementation.
    [[nodiscard]] WorkerEvent running_event() const;

  private:
    /// A frame that the codec has, or will have.
    struct Frame {
        std::uint32_t slot;
        std::int64_t pts;
        std::uint64_t cookie;
        bool key_frame;
    };
    enum class State : std::uint8_t { running, draining, drained };

    Pipeline(WorkerJob job, ivshmem::Region region, ivshmem::Mapping input, ivshmem::Mapping output,
             ivshmem::Channel channel, std::vector<mrda_buffer> buffers, media::Session encoder,
             Report report);

    Result<void> work();
    /// Waits until something can have happened.
    void rest();
    /// Takes what the guest's ring holds.
    Result<void> take_messages();
    Result<void> take_frame(const ivshmem::Descriptor& descriptor);
    Result<void> take_end();
    Result<void> feed_codec();
    /// Moves one packet out, waiting for it where there is nothing else to do. True: something was.
    Result<bool> take_packet();
    Result<void> send_packet(const mrda_media_packet& packet);
    /// True: a slot was.
    Result<bool> give_back_done();
    Result<void> give_back(std::uint32_t slot, ivshmem::FrameStatus status, std::uint64_t cookie);
    Result<void> start_draining();
    Result<void> end_stream();
    Result<void> reset();
    Result<void> send(const ivshmem::Descriptor& descriptor);
    void tell_failure(const Error& error);
    void count_copies();
    std::uint64_t cookie_of(std::int64_t pts);

    WorkerJob job_;
    ivshmem::Region input_region_;  // The encoder borrows its descriptor.
    ivshmem::Mapping input_mapping_;
    ivshmem::Mapping output_mapping_;
    ivshmem::Channel channel_;
    std::vector<mrda_buffer> buffers_;  // The input slots, as the encoder knows them.
    media::Session encoder_;            // Reads the input mapping until it is closed.
    Report report_;
    ivshmem::SlotOwners input_;
    ivshmem::SlotOwners output_;
    std::vector<std::uint32_t> free_outputs_;
    std::deque<Frame> waiting_;                // Taken from the ring, not yet the codec's.
    std::vector<std::uint64_t> slot_cookies_;  // By input slot.
    std::vector<Frame> coding_;                // Sent, and their packet has not come.
    State state_ = State::running;
    bool drain_commanded_ = false;   // By the service, not by the guest's end of stream.
    bool frames_refused_ = false;    // Since then.
    std::uint32_t codec_slots_ = 0;  // Sent to the codec, and not given back by it.
    std::uint64_t pause_ns_;

    std::atomic<bool> stop_ = false;
    std::atomic<bool> reset_ = false;
    std::atomic<bool> drain_ = false;
    std::atomic<bool> stats_ = false;
    std::atomic<std::uint64_t> frames_ = 0;
    std::atomic<std::uint64_t> packets_ = 0;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> cpu_copied_bytes_ = 0;
    std::atomic<std::uint64_t> codec_copied_bytes_ = 0;
};

}  // namespace mrda::service
