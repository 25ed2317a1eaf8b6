// SPDX-License-Identifier: MIT
// A guest application: raw frames go from a file, a pipe or a pattern straight into shared memory,
// the host encodes them there, and the bitstream is written from shared memory.
#include <sstream>

#include "mrda/guest/guest.hpp"
#include "mrda/interop/exit_code.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "source.h"

namespace mrda_sample_app {
namespace {

using mrda::Error;
using mrda::Result;
using mrda::guest::Received;
using mrda::guest::Session;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kTicksPerSecond = 90'000;

/// Writes the packets that are there, or come within `timeout_ns`. True: and after the last one.
Result<bool> take_packets(Session& session, std::uint64_t timeout_ns, Output& output,
                          Progress& progress) {
    for (;;) {
        MRDA_ASSIGN(const Received received, session.receive(timeout_ns));
        if (received.status != Received::Status::packet) {
            return received.status == Received::Status::end_of_stream;
        }
        MRDA_TRY(output.write(received.packet.data()));
        progress.packet(received.packet.data().size(), received.packet.latency_ns());
        timeout_ns = 0;
    }
}

/// Sends the next frame. False: there is none; or no buffer was free, and packets must be taken.
Result<bool> send_frame(Session& session, Source& source, std::uint32_t fps, Progress& progress,
                        bool& more) {
    MRDA_ASSIGN(mrda::guest::Buffer buffer, session.get_buffer(kNsPerSecond));
    if (!buffer.valid()) {
        return false;
    }
    MRDA_ASSIGN(more, source.read(buffer));
    if (!more) {
        return false;
    }
    const auto number = static_cast<std::int64_t>(source.frames() - 1);
    MRDA_TRY(session.send_frame(buffer, number * kTicksPerSecond / fps));
    progress.frame();
    return true;
}

Result<void> send_all(const Options& options, Session& session, Source& source, Output& output,
                      Progress& progress) {
    for (bool more = true; more;) {
        // A pipe that has nothing yet must not hold up packets that are on their way.
        const bool waits = !source.is_ready() && source.frames() > progress.packets();
        MRDA_TRY(take_packets(session, waits ? kNsPerSecond / options.fps : 0, output, progress));
        MRDA_TRY(send_frame(session, source, options.fps, progress, more));
    }
    return {};
}

Result<void> take_rest(Session& session, Output& output, Progress& progress) {
    MRDA_TRY(session.send_end());
    for (bool ended = false; !ended;) {
        MRDA_ASSIGN(ended, take_packets(session, kNsPerSecond, output, progress));
    }
    return output.close();
}

void note_lines(const char* lines, Progress& progress) {
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) {
        progress.notice(line);
    }
}

Result<void> run(const Options& options, Progress& progress) {
    MRDA_ASSIGN(Source source, Source::open(options));
    MRDA_ASSIGN(Session session, Session::create(config_of(options)));
    note_lines(session.info().notices, progress);
    MRDA_ASSIGN(Output output, Output::open(options.output, source.fd()));
    progress.begin(source.expected_frames());
    const auto sent = send_all(options, session, source, output, progress);
    // Of an input that ends too early, what was whole is encoded all the same.
    auto done = sent.ok() || sent.error().code == mrda::Errc::corrupt
                    ? take_rest(session, output, progress)
                    : sent;
    progress.settled(session.info());
    progress.copied(source.copied_bytes(), "yuv420p was interleaved to NV12 while it was read");
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
