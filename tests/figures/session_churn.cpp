// SPDX-License-Identifier: MIT
// Sessions made and ended again and again, by one guest:
//     session_churn cycles N            creates and stops
//     session_churn kill N SERVICE_PID  has its worker killed with a frame inside, and begins anew
// Prints one line: how many, the seconds of all, and p50 and p99 in milliseconds: of a cycle, or
// from the kill to the first packet of the next session.
#include <dirent.h>
#include <mrda/guest/guest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kPatienceNs = 10'000'000'000;

double ms_since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

mrda_guest_session* create() {
    mrda_guest_config config;
    mrda_guest_config_init(&config);
    config.codec = MRDA_GUEST_COPY;
    config.width_px = 320;
    config.height_px = 240;
    mrda_guest_session* session = nullptr;
    char message[1024] = "";
    if (mrda_guest_create(&config, &session, message, sizeof message) != MRDA_GUEST_OK) {
        std::fprintf(stderr, "create: %s\n", message);
        std::exit(1);
    }
    return session;
}

mrda_guest_status send_one(mrda_guest_session* session) {
    mrda_guest_buffer buffer;
    const auto got = mrda_guest_get_buffer(session, &buffer, kPatienceNs);
    return got == MRDA_GUEST_OK ? mrda_guest_send_frame(session, &buffer, 0, 0) : got;
}

void expect(mrda_guest_session* session, const char* what, bool holds) {
    if (!holds) {
        std::fprintf(stderr, "%s: %s\n", what, mrda_guest_last_error(session));
        std::exit(1);
    }
}

void take_one(mrda_guest_session* session) {
    mrda_guest_packet packet;
    expect(session, "receive", mrda_guest_receive(session, &packet, kPatienceNs) == MRDA_GUEST_OK);
    expect(session, "release", mrda_guest_release(session, &packet) == MRDA_GUEST_OK);
}

/// The service's children that have a session: its workers, without the spare.
std::set<pid_t> workers_of(pid_t service) {
    std::set<pid_t> found;
    DIR* const proc = ::opendir("/proc");
    while (const dirent* const entry = ::readdir(proc)) {
        const pid_t pid = std::atoi(entry->d_name);
        std::ifstream file("/proc/" + std::string(entry->d_name) + "/stat");
        std::string text;
        if (pid > 0 && std::getline(file, text)) {
            const std::size_t end = text.rfind(") ");
            char state = 0;
            int parent = 0;
            if (end != std::string::npos && text.find("(mrda-worker)") != std::string::npos &&
                std::sscanf(text.c_str() + end + 2, "%c %d", &state, &parent) == 2 &&
                parent == service && state != 'Z') {
                found.insert(pid);
            }
        }
    }
    ::closedir(proc);
    return found;
}

double cycle() {
    const auto begin = Clock::now();
    mrda_guest_destroy(create());
    return ms_since(begin);
}

struct Guest {
    mrda_guest_session* session;
    pid_t worker;
};

/// A session, and the worker that came with it.
Guest create_with_worker(pid_t service) {
    const std::set<pid_t> before = workers_of(service);
    mrda_guest_session* const session = create();
    for (const pid_t pid : workers_of(service)) {
        if (before.count(pid) == 0) {
            return {session, pid};
        }
    }
    std::fputs("the session has no worker\n", stderr);
    std::exit(1);
}

/// Its time runs from the kill to the next session's first packet.
double kill_worker(pid_t service) {
    const Guest guest = create_with_worker(service);
    mrda_guest_session* session = guest.session;
    expect(session, "send", send_one(session) == MRDA_GUEST_OK);
    const auto begin = Clock::now();
    ::kill(guest.worker, SIGKILL);
    // The frame may have come back before the kill; the session ends in any case.
    mrda_guest_packet packet;
    mrda_guest_status status = MRDA_GUEST_OK;
    while (status == MRDA_GUEST_OK) {
        status = mrda_guest_receive(session, &packet, kPatienceNs);
    }
    if (status != MRDA_GUEST_FAILED) {
        std::fprintf(stderr, "status %d after %.1f ms\n", static_cast<int>(status),
                     ms_since(begin));
    }
    expect(session, "a killed worker's session must fail", status == MRDA_GUEST_FAILED);
    mrda_guest_destroy(session);
    session = create();
    expect(session, "send", send_one(session) == MRDA_GUEST_OK);
    take_one(session);
    const double ready_ms = ms_since(begin);
    mrda_guest_destroy(session);
    return ready_ms;
}

}  // namespace

int main(int argc, char** argv) {
    const bool kills = argc == 4 && std::strcmp(argv[1], "kill") == 0;
    if (!kills && (argc != 3 || std::strcmp(argv[1], "cycles") != 0)) {
        std::fputs("usage: session_churn cycles N | kill N SERVICE_PID\n", stderr);
        return 2;
    }
    const int count = std::max(1, std::atoi(argv[2]));
    const pid_t service = kills ? std::atoi(argv[3]) : 0;
    std::vector<double> times;
    const auto begin = Clock::now();
    for (int i = 0; i < count; ++i) {
        times.push_back(kills ? kill_worker(service) : cycle());
    }
    const double seconds = ms_since(begin) / 1000;
    std::sort(times.begin(), times.end());
    std::printf("%d %.1f %.2f %.2f\n", count, seconds, times[times.size() / 2],
                times[times.size() * 99 / 100]);
    return 0;
}
