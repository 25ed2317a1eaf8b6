// SPDX-License-Identifier: MIT
// A guest application: raw frames go from a file, a pipe or a pattern straight into shared memory,
// the host encodes them there, and the bitstream is written from shared memory.
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "mrda/guest/guest.hpp"
#include "mrda/interop/exit_code.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "source.h"
#include "verifier.h"

namespace mrda_sample_app {
namespace {

using mrda::Error;
using mrda::Result;
using mrda::guest::Received;
using mrda::guest::Session;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kTicksPerSecond = 90'000;

/// Where frames come from, and packets go.
struct Ends {
    Source source;
    Output output;
    std::unique_ptr<Verifier> verifier;  ///< Null: nothing is decoded here.
    Progress& progress;
};

/// Takes the packets that are there, or come within `timeout_ns`. True: and after the last one.
Result<bool> take_packets(Session& session, std::uint64_t timeout_ns, Ends& ends) {
    for (;;) {
        MRDA_ASSIGN(const Received received, session.receive(timeout_ns));
        if (received.status != Received::Status::packet) {
            return received.status == Received::Status::end_of_stream;
        }
        const mrda::guest::Packet& packet = received.packet;
        MRDA_TRY(ends.output.write_packet(packet.data(), packet.pts()));
        ends.progress.packet(packet.data().size(), packet.latency_ns());
        if (ends.verifier != nullptr) {
            MRDA_TRY(ends.verifier->decode(packet));
        }
        timeout_ns = 0;
    }
}

/// Sends the next frame. False: there is none; or no buffer was free, and packets must be taken.
Result<bool> send_frame(Session& session, std::uint32_t fps, Ends& ends, bool& more) {
    MRDA_ASSIGN(mrda::guest::Buffer buffer, session.get_buffer(kNsPerSecond));
    if (!buffer.valid()) {
        return false;
    }
    std::vector<std::uint8_t> luma;
    const bool kept = ends.verifier != nullptr && ends.verifier->compares();
    MRDA_ASSIGN(more, ends.source.read(buffer, kept ? &luma : nullptr));
    if (!more) {
        return false;
    }
    const auto number = static_cast<std::int64_t>(ends.source.frames() - 1);
    const std::int64_t pts = number * kTicksPerSecond / fps;
    if (kept) {
        ends.verifier->keep(std::move(luma), pts);
    }
    MRDA_TRY(session.send_frame(buffer, pts));
    ends.progress.frame();
    return true;
}

Result<void> send_all(std::uint32_t fps, Session& session, Ends& ends) {
    for (bool more = true; more;) {
        // A pipe that has nothing yet must not hold up packets that are on their way.
        const bool waits =
            !ends.source.is_ready() && ends.source.frames() > ends.progress.packets();
        MRDA_TRY(take_packets(session, waits ? kNsPerSecond / fps : 0, ends));
        MRDA_TRY(send_frame(session, fps, ends, more));
    }
    return {};
}

Result<void> take_rest(Session& session, Ends& ends) {
    MRDA_TRY(session.send_end());
    for (bool ended = false; !ended;) {
        MRDA_ASSIGN(ended, take_packets(session, kNsPerSecond, ends));
    }
    return ends.output.close();
}

/// What was decoded is told, also where it is not what was sent.
Result<void> finish_verifying(const mrda_guest_info& info, Ends& ends) {
    if (ends.verifier == nullptr) {
        return {};
    }
    const auto finished = ends.verifier->finish(info.frames_sent - info.frames_lost -
                                                info.frames_discarded - info.frames_failed);
    ends.progress.verified(ends.verifier->result());
    return finished;
}

/// As for whoever else looks for a service: not there is not found.
Result<Session> create(const Options& options) {
    auto session = Session::create(config_of(options));
    if (session.ok() || session.error().code != mrda::Errc::device_lost) {
        return session;
    }
    Error error = std::move(session).error();
    error.code = mrda::Errc::not_found;
    return error;
}

void note_lines(const char* lines, Progress& progress) {
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) {
        progress.notice(line);
    }
}

Result<void> run(const Options& options, Progress& progress) {
    MRDA_ASSIGN(Source source, Source::open(options));
    std::unique_ptr<Verifier> verifier;
    if (!options.decoder.empty()) {
        MRDA_ASSIGN(verifier, Verifier::open(options));
    }
    MRDA_ASSIGN(Session session, create(options));
    note_lines(session.info().notices, progress);
    MRDA_ASSIGN(Output output, Output::open(options.output, source.fd()));
    if (options.codec == MRDA_GUEST_VP9) {
        MRDA_TRY(output.begin_ivf(options.width_px, options.height_px));
    }
    Ends ends{std::move(source), std::move(output), std::move(verifier), progress};
    progress.begin(ends.source.expected_frames());
    const auto sent = send_all(options.fps, session, ends);
    // Of an input that ends too early, what was whole is encoded all the same.
    auto done =
        sent.ok() || sent.error().code == mrda::Errc::corrupt ? take_rest(session, ends) : sent;
    progress.settled(session.info());
    if (done.ok()) {
        done = finish_verifying(session.info(), ends);
    }
    progress.copied(ends.source.copied_bytes(),
                    "yuv420p was interleaved to NV12 while it was read");
    return sent.ok() ? done : sent;
}

}  // namespace
}  // namespace mrda_sample_app

int main(int argc, char** argv) {
    const auto parsed = mrda_sample_app::parse_options(argc, argv);
    if (!parsed.options) {
        return parsed.exit_code;
    }
    const auto& options = *parsed.options;
    mrda_sample_app::Progress progress(options.json, options.output == "-");
    for (const std::string& notice : options.notices) {
        progress.notice(notice);
    }
    const auto done = mrda_sample_app::run(options, progress);
    if (!done.ok()) {
        progress.failed(done.error());
    }
    progress.finish();
    return done.ok() ? 0 : mrda::exit_code_of(done.error().code);
}
