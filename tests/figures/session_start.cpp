// SPDX-License-Identifier: MIT
// From asking for a session to its first packet, against spawning a process that opens the same
// encoder and encodes one frame, in turn.
//     session_start TIMES X264_ONE_FRAME
// Prints one line: medians of ours and of the peer in milliseconds.
#include <mrda/guest/guest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kPatienceNs = 20'000'000'000;
constexpr std::chrono::milliseconds kRest{500};
constexpr std::uint32_t kWidthPx = 1920;
constexpr std::uint32_t kHeightPx = 1080;
constexpr std::uint32_t kKbps = 8000;

double ms_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void expect(bool holds, const char* what, const char* words) {
    if (!holds) {
        std::fprintf(stderr, "%s: %s\n", what, words);
        std::exit(1);
    }
}

/// Not asleep: how long a virtual processor takes to wake is its host's doing, and neither's.
void rest() {
    const auto end = Clock::now() + kRest;
    while (Clock::now() < end) {
    }
}

double session() {
    mrda_guest_config config;
    mrda_guest_config_init(&config);
    config.width_px = kWidthPx;
    config.height_px = kHeightPx;
    config.vbr = 1;
    config.bitrate_kbps = kKbps;
    const auto begin = Clock::now();
    mrda_guest_session* session = nullptr;
    char message[1024] = "";
    expect(mrda_guest_create(&config, &session, message, sizeof message) == MRDA_GUEST_OK, "create",
           message);
    mrda_guest_buffer buffer;
    expect(mrda_guest_get_buffer(session, &buffer, kPatienceNs) == MRDA_GUEST_OK, "buffer",
           mrda_guest_last_error(session));
    std::memset(buffer.planes[0], 128, buffer.size_bytes);
    expect(mrda_guest_send_frame(session, &buffer, 0, 0) == MRDA_GUEST_OK &&
               mrda_guest_send_frame(session, nullptr, 0, 0) == MRDA_GUEST_OK,
           "send", mrda_guest_last_error(session));
    mrda_guest_packet packet;
    expect(mrda_guest_receive(session, &packet, kPatienceNs) == MRDA_GUEST_OK, "receive",
           mrda_guest_last_error(session));
    const double taken_ms = ms_since(begin);
    mrda_guest_release(session, &packet);
    mrda_guest_destroy(session);
    return taken_ms;
}

double process(const char* program) {
    char name[] = "x264_one_frame";
    char width[] = "1920";
    char height[] = "1080";
    char kbps[] = "8000";
    char* const arguments[] = {name, width, height, kbps, nullptr};
    char* const environment[] = {nullptr};
    const auto begin = Clock::now();
    pid_t child = -1;
    int status = -1;
    expect(::posix_spawn(&child, program, nullptr, nullptr, arguments, environment) == 0, "spawn",
           program);
    expect(::waitpid(child, &status, 0) == child && status == 0, program, "failed");
    return ms_since(begin);
}

double median(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: session_start TIMES X264_ONE_FRAME\n", stderr);
        return 2;
    }
    std::vector<double> ours;
    std::vector<double> peers;
    session();  // What only the first one pays, page cache and all.
    process(argv[2]);
    for (int i = std::max(1, std::atoi(argv[1])); i > 0; --i) {
        // Of a service at rest, as it is where sessions begin now and then.
        rest();
        ours.push_back(session());
        rest();
        peers.push_back(process(argv[2]));
    }
    std::printf("%.2f %.2f\n", median(ours), median(peers));
    return 0;
}
