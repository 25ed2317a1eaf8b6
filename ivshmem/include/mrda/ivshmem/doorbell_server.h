// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::ivshmem {

/// QEMU lets a device have more, and interrupts of them are rarely to be had.
inline constexpr std::uint32_t kMaxVectors = 64;
/// Who is who on a doorbell: a guest rings the host by storing kHostPeer << 16 | vector.
inline constexpr std::uint16_t kHostPeer = 0;
inline constexpr std::uint16_t kGuestPeer = 1;

/// The socket of one region's doorbells, to which QEMU connects (`-chardev socket,path=…
/// -device ivshmem-doorbell`), and the eventfds behind them. One virtual machine at a time has the
/// region: others are refused. For one thread, which polls fd() and calls serve(); nothing waits.
class DoorbellServer {
  public:
    enum class Event : std::uint8_t {
        joined,   ///< A machine has taken the memory and every eventfd.
        left,     ///< It is gone, or was dropped; the next one may come.
        refused,  ///< Somebody was turned away, or did not take what it was sent.
    };
    /// `words` names the region, and who it was. Called by serve() and reserve(); may not destroy
    /// the server.
    using Listener = std::function<void(Event event, const std::string& words)>;

    struct Settings {
        std::string name;         ///< The region's, for words.
        std::string socket_path;  ///< Replaced; gone with the server.
        std::uint32_t vectors = 16;
        uid_t user = 0;  ///< Whose QEMU may connect, beside this process' user's and root's.
        /// How long one that has not read the first two messages keeps the place from another. QEMU
        /// connects before it allocates its machine's memory, and reads after that. Who was sent
        /// the region keeps the place until the connection ends: nothing takes it back.
        std::uint64_t greeting_timeout_ns = 30'000'000'000;
    };

    /// `memory`: what the machine maps. The socket is this user's alone, and `user`'s (root needs
    /// no leave). Errors: invalid_argument (no or too many vectors; a path too long), exhausted,
    /// io, and what admit_user() says.
    static Result<std::unique_ptr<DoorbellServer>> listen(Fd memory, Settings settings,
                                                          Listener listener);
    ~DoorbellServer();
    DoorbellServer(const DoorbellServer&) = delete;
    DoorbellServer& operator=(const DoorbellServer&) = delete;

    /// Can be read when serve() has something to do; also when a deadline has passed.
    [[nodiscard]] int fd() const { return epoll_.get(); }
    void serve();

    /// Nobody else may come: no socket is there until open_socket(). Who has the region keeps it.
    void close_socket();
    /// Errors: as listen().
    Result<void> open_socket();

    /// One for each vector. Host's: can be read once the guest has rung. Guest's: written, they
    /// interrupt it. Non-blocking, but whoever has one can change that: mind how they are read.
    [[nodiscard]] std::span<const Fd> host_doorbells() const { return host_; }
    [[nodiscard]] std::span<const Fd> guest_doorbells() const { return guest_; }

    /// Between `joined` and `left`.
    [[nodiscard]] bool connected() const { return joined_; }
    /// A machine has the region, or is about to.
    [[nodiscard]] bool occupied() const { return client_.valid() || !reserved_for_.empty(); }

    /// Refuses everybody, as if `whom` had connected, until release(). Errors: busy (a machine has
    /// the region: which).
    Result<void> reserve(const std::string& whom);
    void release() { reserved_for_.clear(); }

    [[nodiscard]] const Settings& settings() const { return settings_; }

  private:
    DoorbellServer(Fd memory, Settings settings, Listener listener);
    Result<void> make_doorbells();
    Result<void> open();
    void accept_all();
    void pause_accepting();
    void begin(Fd client, std::string who);
    /// Why this one may not have the region; empty: it may.
    [[nodiscard]] std::string refusal(uid_t user) const;
    void serve_client();
    Result<void> greet();
    [[nodiscard]] bool all_read() const;
    /// Drops who keeps the place and has not begun to read in time.
    void drop_if_overdue();
    void drop(const std::string& why);
    void serve_timer();
    void arm_timer() const;

    Settings settings_;
    Listener listener_;
    Fd memory_;
    std::vector<Fd> host_;
    std::vector<Fd> guest_;
    Fd epoll_;
    Fd timer_;
    Fd listening_;
    std::string reserved_for_;
    Fd client_;
    std::string client_name_;
    std::size_t sent_ = 0;  // Messages of the greeting.
    bool joined_ = false;
    std::uint64_t overdue_at_ns_ = 0;
    std::uint64_t accepts_again_ns_ = 0;  // 0: it does accept.
};

}  // namespace mrda::ivshmem
