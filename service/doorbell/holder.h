// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "doorbell_protocol.h"
#include "event_loop.h"
#include "kept_region.h"
#include "mrda/interop/fd.h"
#include "mrda/interop/unix_socket.h"
#include "unix_listener.h"

namespace mrda::service {

/// Keeps virtual machines' regions while the service comes and goes. It says what it is told
/// through a socket in the runtime folder, to its own user and root, and ends the loop when nobody
/// needs it any more. For the loop's thread.
class Holder {
  public:
    struct Settings {
        std::string runtime_dir;
        std::string socket_dir;  ///< For QEMU: the regions' sockets.
        /// How long a service that went without a word may take to come back, if no machine waits.
        std::uint64_t linger_ns = 60'000'000'000;
        bool stay = false;  ///< Also where nobody needs it.
    };

    /// Listens. Makes the folders if they are not there. Errors: busy (another holder has the
    /// runtime folder), invalid_argument (the socket folder is that), permission_denied, io.
    static Result<std::unique_ptr<Holder>> listen(EventLoop& loop, Settings settings);
    ~Holder();
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

  private:
    using Id = std::uint64_t;
    struct Connection {
        Fd socket;
        SocketPeer peer;
        EventLoop::Id watch = 0;
        EventLoop::Id timer = 0;  ///< Until it has said what it wants.
        std::weak_ptr<KeptRegion> claimed;
        bool claims = false;
    };

    Holder(EventLoop& loop, Settings settings) : loop_(loop), settings_(std::move(settings)) {}
    Result<void> open();
    void welcome(Fd socket);
    void hear(Id id);
    Result<void> answer(Id id, const DoorbellRequest& request);
    Result<void> serve(Id id, std::uint32_t version);
    Result<void> keep(Id id, const DoorbellRequest& request);
    Result<std::shared_ptr<KeptRegion>> make(const DoorbellRequest& request);
    Result<void> claim(Id id, const std::string& region);
    Result<void> look(Id id, const std::string& region);
    Result<void> forget(const DoorbellRequest& request);
    void forget_rest();
    /// Those that are retired, once no machine has them.
    void forget_retired();
    void say(Id id, const DoorbellReply& reply, const std::vector<int>& descriptors = {});
    void happened(KeptRegion& region, KeptRegion::Event event, const std::string& words);
    /// Of each region the latest, as soon as the service has read enough of what it was told.
    void tell_service();
    /// `why`: for the log.
    void drop(Id id, const std::string& why);
    /// Without a service: how long to wait for the next one.
    void linger();
    void end_if_idle();

    EventLoop& loop_;
    Settings settings_;
    Fd lock_;
    std::map<Id, Connection> connections_;
    Id next_id_ = 1;
    Id service_ = 0;  // 0: none.
    // The latest of each region: of who has it, and of who was refused.
    std::map<std::pair<std::string, bool>, DoorbellReply> untold_;
    EventLoop::Id tell_timer_ = 0;
    std::set<std::string> wanted_regions_;  // By this service, until forget_rest().
    bool wanted_ = true;                    // By a service that is there, or may come back.
    EventLoop::Id linger_timer_ = 0;
    std::map<std::string, std::shared_ptr<KeptRegion>> regions_;
    std::unique_ptr<UnixListener> listener_;
};

}  // namespace mrda::service
