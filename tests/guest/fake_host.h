// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "mrda/interop/frame_layout.h"
#include "mrda/ivshmem/channel.h"
#include "mrda/ivshmem/region.h"
#include "mrda/v1/sessions.pb.h"
#include "pipeline.h"

namespace mrda::guest::test {

inline constexpr std::uint64_t kSecond = 1'000'000'000;

/// What the host has of one session: its memory in a memfd, and somebody who answers: the worker's
/// own pipeline with the `copy` codec, or the test, message by message.
class FakeHost {
  public:
    /// What the service's answer says of the session.
    struct Identity {
        std::uint64_t session_id = 0;
        std::uint32_t epoch = 1;
        std::uint32_t frame_alignment = 64;
    };
    FakeHost(const v1::CreateRequest& request, const Identity& identity, bool scripted);
    ~FakeHost();
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    /// Puts what a guest must know into the service's answer.
    void describe(v1::CreateReply& reply) const;
    [[nodiscard]] int region_fd() const { return region_.fd(); }
    [[nodiscard]] const ivshmem::SessionLayout& layout() const { return layout_; }
    [[nodiscard]] const FrameLayout& frame() const { return frame_; }
    [[nodiscard]] std::byte* input_slot(std::uint32_t slot) const;

    /// For the pipeline. After stop(), nobody answers any more.
    void reset();
    void stop();
    /// As a worker that failed: before the service says why, the ring does.
    void fail(Errc code);

    /// For the test. The guest's next message; nothing: none came in a second.
    std::optional<ivshmem::Descriptor> next();
    void send(const ivshmem::Descriptor& descriptor);
    void send_packet(std::uint32_t slot, std::string_view bytes, std::uint64_t cookie,
                     std::int64_t pts = 0);
    void send_frame_done(std::uint32_t slot, ivshmem::FrameStatus status);
    void send(ivshmem::HostKind kind);
    void send_end(ivshmem::EndStatus status);
    /// Writes another header than the service told.
    void write_header(ivshmem::SessionHeader header);
    /// As a host that gives the memory back.
    void empty_memory();

  private:
    [[nodiscard]] ivshmem::PeerMemory control() const {
        return input_.control(layout_.control_bytes());
    }

    Identity identity_;
    FrameLayout frame_;
    ivshmem::SessionLayout layout_;
    ivshmem::Region region_;
    ivshmem::Mapping input_;
    ivshmem::Mapping output_;
    std::optional<ivshmem::Channel> channel_;      // Of a scripted host.
    std::unique_ptr<service::Pipeline> pipeline_;  // Of all others.
    std::thread thread_;
};

}  // namespace mrda::guest::test
