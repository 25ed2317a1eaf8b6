// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device_files.h"
#include "event_loop.h"
#include "holder_connection.h"

namespace mrda::service {

/// The regions of virtual machines' devices, which mrda-doorbell keeps while this service comes and
/// goes; and which machines have them. For the loop's thread, which calls hold up while the holder
/// answers or starts: some milliseconds, and a few seconds where it is stuck. That one is asked
/// nothing more until it speaks again; what it keeps is not lost by that.
class DoorbellHolder {
  public:
    enum class Event : std::uint8_t {
        joined,
        left,
        refused,  ///< Somebody who may not have the region.
        lost,     ///< The holder is gone: machines still see the memory, and nobody else will.
    };
    /// Called from the loop, never within a call.
    using Listener = std::function<void(Event, const std::shared_ptr<SharedRegion>& region,
                                        const std::string& words)>;

    struct Settings {
        std::string runtime_dir;
        std::string socket_dir;  ///< Of the regions, if `program` is started; empty: it chooses.
        std::string program;     ///< Started where no holder runs; empty: somebody else does.
        bool json_log = false;
    };
    DoorbellHolder(EventLoop& loop, Settings settings, Listener listener);
    ~DoorbellHolder();
    DoorbellHolder(const DoorbellHolder&) = delete;
    DoorbellHolder& operator=(const DoorbellHolder&) = delete;

    struct Device {
        std::string name;  ///< The region's.
        std::string vm;
        std::uint64_t size_bytes = 0;
        std::uint32_t vectors = 0;
        uid_t user = 0;  ///< Whose QEMU may have it.
    };
    /// As it is, also from an earlier life of this service, or new; with doorbells. One region is
    /// one SharedRegion as long as anybody uses it. Errors: busy (a machine has one of that name
    /// and another size, number of vectors or user; the holder is stuck), timeout, what the holder
    /// says, and why none runs.
    /// `made`: set, if the holder had none like it before.
    Result<std::shared_ptr<SharedRegion>> keep(const Device& device, bool* made = nullptr);
    /// Its memory is free once nobody has it any more. One that is not there is no error, and one
    /// that a machine has stays, unless `occupied`: then the machine loses its doorbells.
    void forget(const std::string& name, bool occupied = false);
    /// Where a holder is there: it forgets regions of other names, from an earlier life of this
    /// service, once no machine has them.
    void forget_all_but(const std::vector<std::string>& names);
    /// The service ends in order, and the holder may too. No event comes after that.
    void end();

  private:
    struct Known {
        Device device;
        std::weak_ptr<SharedRegion> region;
        std::uint64_t changes = 0;  ///< Of who has it, of which was heard.
    };
    struct Word {
        Event event;
        std::shared_ptr<SharedRegion> region;
        std::string words;
    };

    /// Connects first where that is needed. A connection that does not hold is lost.
    Result<HolderConnection::Answer> ask(const DoorbellRequest& request);
    Result<void> connect();
    Result<void> start() const;
    Result<std::shared_ptr<SharedRegion>> share(const Device& device,
                                                HolderConnection::Answer answer);
    /// Warns, once, where the holder that runs was told of another one than this service.
    void look_at_socket_dir(const std::string& socket_path);
    void note(Known& known, const DoorbellReply& reply);
    void hear();
    void heard(const DoorbellReply& event);
    void lose(const Error& why);
    void lose_region(const std::shared_ptr<SharedRegion>& region);
    void catch_up_in(std::uint64_t delay_ns);
    /// Tells what is untold, and finds out what became of the regions of a lost connection.
    void catch_up();
    void call();
    void called();
    void find_regions();

    EventLoop& loop_;
    Settings settings_;
    Listener listener_;
    std::optional<HolderConnection> connection_;
    // Asked to serve, and not answered yet.
    std::optional<HolderConnection> calling_;
    EventLoop::Id watch_ = 0;  // Of either.
    EventLoop::Id timer_ = 0;
    bool stuck_ = false;   // It let a question wait for too long, and has not spoken since.
    bool sought_ = false;  // Regions are, since a connection was lost.
    bool told_of_socket_dir_ = false;
    std::map<std::string, Known> regions_;
    std::vector<Word> untold_;
};

}  // namespace mrda::service
