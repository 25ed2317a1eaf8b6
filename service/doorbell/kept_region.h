// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "doorbell_protocol.h"
#include "event_loop.h"
#include "mrda/interop/result.h"
#include "mrda/ivshmem/doorbell_server.h"
#include "mrda/ivshmem/region.h"

namespace mrda::service {

/// A region's memory, never mapped here, and its doorbells; and which machine has it. For the
/// loop's thread.
class KeptRegion {
  public:
    using Event = ivshmem::DoorbellServer::Event;
    /// Of any event a listener may find the region as it is then. It may not destroy the region.
    using Listener = std::function<void(KeptRegion&, Event, const std::string& words)>;

    /// New memory. Errors: as Region::create_memfd() and DoorbellServer::listen().
    static Result<std::shared_ptr<KeptRegion>> make(EventLoop& loop,
                                                    ivshmem::DoorbellServer::Settings settings,
                                                    std::uint64_t size_bytes, Listener listener);
    ~KeptRegion();
    KeptRegion(const KeptRegion&) = delete;
    KeptRegion& operator=(const KeptRegion&) = delete;

    /// It is what this request asks to keep.
    [[nodiscard]] bool is(const DoorbellRequest& request) const;
    [[nodiscard]] const std::string& name() const { return server_->settings().name; }
    [[nodiscard]] Machine machine() const;
    /// How often a machine has come or gone.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    /// A machine has it, or is about to.
    [[nodiscard]] bool occupied() const { return server_->occupied(); }
    [[nodiscard]] DoorbellReply describe() const;
    [[nodiscard]] int memory() const { return region_.fd(); }
    /// Borrowed: memory, the host's doorbells, the guest's.
    [[nodiscard]] std::vector<int> descriptors() const;

    /// Nobody wants it any more, but the machine that has it.
    void retire();
    Result<void> take_back();
    [[nodiscard]] bool retired() const { return retired_; }

    /// Whether what happens to it may be written down now: some at once, and then one a second.
    /// What a machine's user does is not to fill the log. Returns how many were not, just before;
    /// nothing: not now.
    std::optional<std::uint64_t> take_line();

    /// One machine more, by memory alone: until end_claim(). Errors: busy, naming who has it.
    Result<void> claim(const std::string& whom);
    void end_claim(const std::string& why);

  private:
    KeptRegion(EventLoop& loop, ivshmem::Region region, Listener listener)
        : loop_(loop), region_(std::move(region)), listener_(std::move(listener)) {}
    void heard(Event event, const std::string& words);
    void changed(Event event, const std::string& words);

    EventLoop& loop_;
    ivshmem::Region region_;
    Listener listener_;
    std::unique_ptr<ivshmem::DoorbellServer> server_;
    EventLoop::Id watch_ = 0;
    std::string claimed_by_;
    bool retired_ = false;
    std::uint64_t changes_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t lines_since_ns_ = 0;
    std::uint64_t lines_left_out_ = 0;
    // Whoever is refused may come back at once, and again.
    std::uint64_t refusal_told_ns_ = 0;
    std::uint64_t refusals_untold_ = 0;
};

}  // namespace mrda::service
