// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "attach.h"
#include "control.h"
#include "input_pool.h"
#include "keeper.h"
#include "mrda/guest/guest.h"
#include "mrda/ivshmem/bus_guard.h"
#include "mrda/ivshmem/channel.h"
#include "mrda/ivshmem/message.h"
#include "packets.h"
#include "tally.h"
#include "token.h"

namespace mrda::guest::core {

/// What is needed to make a session, checked as far as a guest can.
struct Parameters {
    v1::CreateRequest request;
    std::string address;
    Token token;
    TlsFiles tls;
    Reach reach;
    std::uint64_t connect_timeout_ns = 0;
    std::uint64_t reattach_timeout_ns = 0;
};

/// One session, as guest.h has it. Pointers are not null; everything else that an application
/// passes is checked.
class Session {
  public:
    /// Errors: what Control, attach() and BusGuard say.
    static Result<std::unique_ptr<Session>> create(Parameters parameters);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    mrda_guest_status get_buffer(mrda_guest_buffer& buffer, std::uint64_t timeout_ns);
    mrda_guest_status return_buffer(const mrda_guest_buffer& buffer);
    mrda_guest_status send_frame(const mrda_guest_buffer& buffer, std::int64_t pts,
                                 std::uint32_t flags);
    mrda_guest_status send_end();
    mrda_guest_status receive(mrda_guest_packet& packet, std::uint64_t timeout_ns);
    mrda_guest_status release(const mrda_guest_packet& packet);
    mrda_guest_status reset(std::uint64_t timeout_ns);
    /// Any thread. Sets no last error.
    mrda_guest_status stop();

    void get_info(mrda_guest_info& info) const;
    [[nodiscard]] const char* last_error() const { return words_.c_str(); }
    mrda_guest_status fail(mrda_guest_status status, std::string words);

  private:
    /// A frame as the application sent it.
    struct Waiting {
        std::uint32_t slot;
        std::int64_t pts;
        std::uint64_t cookie;
        bool key_frame;
    };

    /// What the ring says of a host that failed, or shows where a session's memory was taken away.
    /// The service has better words for it.
    struct Failure {
        std::string words;
        std::uint64_t words_until_ns;
    };

    Session(Parameters parameters, std::unique_ptr<Control> control, Attachment attachment,
            ivshmem::Channel channel);

    /// Takes in everything that has happened. TRY_AGAIN: the host failed, and the service has not
    /// yet said why. An error: nothing more will happen.
    mrda_guest_status look();
    /// What a call returns that found nothing else. Nothing: it may go on waiting.
    static std::optional<mrda_guest_status> over(mrda_guest_status looked);
    /// Looks, and sleeps between two looks, until `settled` gives a status or the time is up.
    template <typename Settled>
    mrda_guest_status wait(std::uint64_t timeout_ns, Settled settled);
    Result<void> take_messages();
    Result<void> take(const ivshmem::Descriptor& descriptor, ivshmem::HostKind kind);
    /// Ends the session after a failure that the ring told, if the words for it are late.
    void end_failed(std::uint64_t now_ns);
    /// When to look again, at the latest.
    [[nodiscard]] std::uint64_t next_look_ns() const;
    /// Sends what had to wait for the service.
    Result<void> catch_up();
    Result<void> send(const Waiting& frame);
    Result<void> tell(const ivshmem::Descriptor& descriptor);
    void begin_reset();
    /// Nothing that was sent before is inside any more.
    void finish_reset();
    /// Frames that wait will never be sent; they count as inside until somebody says otherwise.
    void drop_waiting();
    /// The host takes no more frames, and not because its service is about to close.
    void end_drained();
    [[nodiscard]] bool is_drained() const { return host_closing_ && end_received_; }
    /// Null: one may be sent.
    [[nodiscard]] const char* why_no_frame() const;
    mrda_guest_status check_held(const mrda_guest_buffer& buffer, const char* what);

    // In session_adopt.cpp.
    Result<void> adopt(Attachment fresh);
    /// Whether what lies in it is what this session and its host have put there.
    [[nodiscard]] bool memory_is_whole() const;
    [[nodiscard]] bool has_own_header() const;
    /// What a host that closed had not taken, another one gets.
    void take_back_frames();
    /// What the application has, and what it sent and no host took.
    void copy_input(const Attachment& fresh) const;
    Result<void> replace_input(Attachment& fresh);
    void remember(Attachment& attachment);
    const char* keep(std::string text);

    void interrupt();
    /// Makes the loss of its memory survivable, where that was asked for and can happen.
    Result<void> guard_memory();
    [[nodiscard]] bool is_guarded() const { return survive_removal_ && outlives_service_; }
    [[nodiscard]] bool is_memory_gone() const;
    /// The machine wants the device back, or it is gone: nothing of it is touched any more.
    void let_go_of_device();

    const std::unique_ptr<Control> control_;
    const ivshmem::SessionLayout layout_;
    const FrameLayout frame_;
    std::shared_ptr<RemovalWatch> removal_;  // Before what is mapped of its devices. Null: none.
    ivshmem::Mapping input_;
    std::mutex wake_mutex_;                    // Of interrupt() against a change of channel_.
    std::optional<ivshmem::Channel> channel_;  // Nothing: its memory is gone.
    ivshmem::SlotOwners input_owners_;
    ivshmem::SlotOwners output_owners_;
    InputPool inputs_;
    Packets packets_;
    const bool survive_removal_;
    ivshmem::BusGuard input_guard_;  // After what they guard.
    ivshmem::BusGuard output_guard_;
    Tally tally_;
    std::deque<Waiting> waiting_;
    std::deque<Waiting> told_;   // Frames of which the host has not said what became of them.
    bool host_closing_ = false;  // It has ended the stream itself, and takes no more frames.
    std::vector<std::uint32_t>
        releases_;  // Output slots that the host does not know to be its own.
    bool end_sent_ = false;
    bool end_told_ = false;  // To the host.
    bool end_received_ = false;
    bool reset_wanted_ = false;
    bool outlives_service_ = false;  // The session's memory.
    bool in_devices_ = false;
    std::uint64_t resets_done_ = 0;
    std::atomic<bool> stopped_ = false;
    std::optional<Failure> failure_;
    std::optional<Ending> ending_;
    std::string words_;
    mrda_guest_info info_{};  // What is settled, and the counts that nobody else has.
    std::deque<std::string> texts_;
    Keeper keeper_;  // Its thread calls interrupt().
};

}  // namespace mrda::guest::core
