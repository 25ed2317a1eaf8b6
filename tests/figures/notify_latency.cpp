// SPDX-License-Identifier: MIT
// How long a notification takes from a virtual machine to its host and back, by each way of waking:
// a frame of a session whose codec only answers, one at a time, from its sending to its packet.
//     notify_latency guest HOST:PORT DEVICE TRIPS WAY ...   in the machine
//     notify_latency host FILE                              the far end of those that look
// DEVICE is FILE's IVSHMEM device; a WAY is doorbell, asleep, stream, guest_looks or both_look,
// which vm_notify.py explains. The guest prints JSON, in microseconds; the host says "ready", and
// answers until it is killed.
#include <mrda/interop/exit_code.h>
#include <mrda/ivshmem/channel.h>
#include <mrda/ivshmem/pci_device.h>
#include <mrda/ivshmem/region.h>
#include <unistd.h>
#include <mrda/guest/guest.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using mrda::Errc;
using mrda::make_error;
using mrda::Result;
using mrda::ivshmem::Channel;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kPatienceNs = 20'000'000'000;
constexpr std::uint32_t kEdgePx = 64;
constexpr std::chrono::milliseconds kBetweenLooks{5};
/// Before each trip: longer than anybody spins. Where somebody looks, a trip begins anywhere
/// between two looks.
constexpr std::uint32_t kLeastIdleUs = 500;
constexpr std::uint32_t kMostIdleUs = 1'500;
constexpr std::uint32_t kMostIdleOfLooksUs = 5'500;
/// What it takes until a session sleeps at once: waits that came to nothing. Spinning sees most
/// answers before there need be an interrupt.
constexpr int kWaitsInVain = 16;
constexpr std::uint64_t kShortWaitNs = 50'000;
/// Of each way, and not counted: what only a session's first frames pay, until each side knows what
/// spinning is worth.
constexpr int kFirstTrips = 20;

/// What a naive program does in place of being woken: it sleeps 5 ms after each look.
class Looks {
  public:
    void wait_for_next() {
        const auto now = Clock::now();
        while (next_ <= now) {
            next_ += kBetweenLooks;  // It has looked meanwhile, and there was nothing to see.
        }
        std::this_thread::sleep_until(next_);
        next_ = Clock::now() + kBetweenLooks;
    }

  private:
    Clock::time_point next_ = Clock::now();
};

class Way {
  public:
    virtual ~Way() = default;
    [[nodiscard]] virtual std::uint32_t most_idle_us() const = 0;
    /// Comes before each trip.
    virtual Result<void> prepare() { return {}; }
    /// There and back, once: how long that took.
    virtual Result<std::uint64_t> trip_ns() = 0;
    /// How both sides heard of it, in words.
    [[nodiscard]] virtual std::string woken() const = 0;
};

std::uint64_t ns_since(Clock::time_point begin) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count());
}

/// Through the service.
class SessionWay final : public Way {
  public:
    enum class Guest : std::uint8_t {
        waits,   ///< As applications do: it spins where that has been worth it, and sleeps.
        sleeps,  ///< At once.
        looks,   ///< Every 5 ms.
    };

    static Result<std::unique_ptr<Way>> create(const char* address, const char* wake, Guest guest) {
        mrda_guest_config config = mrda::guest::default_config();
        config.address = address;
        config.wake = wake;
        config.codec = MRDA_GUEST_COPY;
        config.width_px = kEdgePx;
        config.height_px = kEdgePx;
        MRDA_ASSIGN(auto session, mrda::guest::Session::create(config));
        return std::unique_ptr<Way>(new SessionWay(std::move(session), guest));
    }

    Result<void> prepare() override {
        for (int wait = 0; guest_ == Guest::sleeps && wait < kWaitsInVain; ++wait) {
            MRDA_TRY(session_.receive(kShortWaitNs));
        }
        return {};
    }
    Result<std::uint64_t> trip_ns() override {
        MRDA_ASSIGN(auto buffer, session_.get_buffer(kPatienceNs));
        if (!buffer.valid()) {
            return make_error(Errc::timeout, "no input buffer came back");
        }
        const auto begin = Clock::now();
        MRDA_TRY(session_.send_frame(buffer, ++sent_));
        MRDA_ASSIGN(const auto received, receive());
        const std::uint64_t taken_ns = ns_since(begin);
        if (received.status != mrda::guest::Received::Status::packet ||
            received.packet.pts() != sent_) {
            return make_error(Errc::corrupt,
                              "no packet, or another's, after frame " + std::to_string(sent_));
        }
        return taken_ns;
    }
    [[nodiscard]] std::uint32_t most_idle_us() const override {
        return guest_ == Guest::looks ? kMostIdleOfLooksUs : kMostIdleUs;
    }
    [[nodiscard]] std::string woken() const override {
        const char* const instead = guest_ == Guest::looks ? "; the guest looks every 5 ms" : "";
        return std::string(session_.info().woken) + instead;
    }

  private:
    SessionWay(mrda::guest::Session session, Guest guest)
        : session_(std::move(session)), guest_(guest) {}

    Result<mrda::guest::Received> receive() {
        if (guest_ != Guest::looks) {
            return session_.receive(kPatienceNs);
        }
        for (const auto begin = Clock::now(); ns_since(begin) < kPatienceNs;) {
            looks_.wait_for_next();
            MRDA_ASSIGN(auto received, session_.receive(0));
            if (received.status != mrda::guest::Received::Status::try_again) {
                return received;
            }
        }
        return mrda::guest::Received{};
    }

    mrda::guest::Session session_;
    Guest guest_;
    Looks looks_;
    std::int64_t sent_ = 0;
};

/// A session's memory without a service, for two sides that only look.
class Rings {
  public:
    static Result<Rings> open(int fd, Channel::Side side) {
        MRDA_ASSIGN(const auto layout,
                    mrda::ivshmem::SessionLayout::make(
                        {1, mrda::ivshmem::kPageBytes, 1, mrda::ivshmem::kPageBytes}));
        MRDA_ASSIGN(auto mapping,
                    mrda::ivshmem::Mapping::map(fd, {0, layout.input_extent_bytes()}));
        const auto control = mapping.control(layout.control_bytes());
        if (side == Channel::Side::host) {
            MRDA_TRY(Channel::initialise(control, layout,
                                         layout.header(1, 1, mrda::ivshmem::kFeaturePolling)));
        }
        MRDA_ASSIGN(auto nobody, mrda::ivshmem::make_polling_wakeup(nullptr));
        MRDA_ASSIGN(auto channel, Channel::attach(control, layout, side, std::move(nobody)));
        return Rings(std::move(mapping), std::move(channel));
    }

    Channel& channel() { return channel_; }

  private:
    Rings(mrda::ivshmem::Mapping mapping, Channel channel)
        : mapping_(std::move(mapping)), channel_(std::move(channel)) {}

    mrda::ivshmem::Mapping mapping_;
    Channel channel_;
};

/// The same rings, and no wake-up at all: both sides look every 5 ms.
class LookingWay final : public Way {
  public:
    static Result<std::unique_ptr<Way>> create(const char* address) {
        MRDA_ASSIGN(const auto parsed, mrda::parse_pci_address(address));
        MRDA_ASSIGN(auto device, mrda::ivshmem::PciDevice::open(parsed));
        MRDA_ASSIGN(auto rings, Rings::open(device->view(0).fd, Channel::Side::guest));
        return std::unique_ptr<Way>(new LookingWay(std::move(device), std::move(rings)));
    }

    Result<std::uint64_t> trip_ns() override {
        mrda::ivshmem::Descriptor descriptor{};
        descriptor.cookie = ++sent_;
        const auto begin = Clock::now();
        MRDA_ASSIGN(const bool sent, rings_.channel().send(descriptor));
        while (sent && ns_since(begin) < kPatienceNs) {
            looks_.wait_for_next();
            MRDA_ASSIGN(const auto answer, rings_.channel().receive());
            if (answer) {
                return answer->cookie == sent_ ? Result<std::uint64_t>(ns_since(begin))
                                               : make_error(Errc::corrupt, "another's answer");
            }
        }
        return make_error(Errc::timeout, "nobody looks on the host");
    }
    [[nodiscard]] std::uint32_t most_idle_us() const override { return kMostIdleOfLooksUs; }
    [[nodiscard]] std::string woken() const override { return "both look every 5 ms"; }

  private:
    LookingWay(std::shared_ptr<mrda::ivshmem::PciDevice> device, Rings rings)
        : device_(std::move(device)), rings_(std::move(rings)) {}

    std::shared_ptr<mrda::ivshmem::PciDevice> device_;
    Rings rings_;
    Looks looks_;
    std::uint64_t sent_ = 0;
};

/// How often this machine's IVSHMEM devices have interrupted it so far.
std::uint64_t interrupts() {
    std::ifstream file("/proc/interrupts");
    std::uint64_t total = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.find("vfio-msix") != std::string::npos) {
            std::istringstream words(line.substr(line.find(':') + 1));
            for (std::uint64_t of_one_cpu = 0; words >> of_one_cpu;) {
                total += of_one_cpu;
            }
        }
    }
    return total;
}

struct Measured {
    std::string_view name;
    std::unique_ptr<Way> way;
    std::vector<std::uint64_t> times_ns;
    std::uint64_t interrupted;  ///< Trips in which there was an interrupt.
};

Result<void> measure(std::vector<Measured>& ways, int trips) {
    std::mt19937 random(1);  // The same idle times in each run.
    for (int trip = -kFirstTrips; trip < trips; ++trip) {
        // In turn, so that whatever else this machine does hits all.
        for (Measured& each : ways) {
            MRDA_TRY(each.way->prepare());
            const std::uint64_t before = interrupts();
            std::uniform_int_distribution<std::uint32_t> idle_us(kLeastIdleUs,
                                                                 each.way->most_idle_us());
            std::this_thread::sleep_for(std::chrono::microseconds(idle_us(random)));
            MRDA_ASSIGN(const std::uint64_t taken_ns, each.way->trip_ns());
            if (trip >= 0) {
                each.times_ns.push_back(taken_ns);
                each.interrupted += interrupts() > before ? 1 : 0;
            }
        }
    }
    return {};
}

nlohmann::ordered_json summary(std::vector<std::uint64_t> times_ns) {
    constexpr double kNsPerUs = 1e3;
    nlohmann::ordered_json told{{"trips", times_ns.size()}};
    if (!times_ns.empty()) {
        std::sort(times_ns.begin(), times_ns.end());
        const auto us = [&](std::size_t percent) {
            const std::size_t rank = (times_ns.size() * percent + 99) / 100;
            return static_cast<double>(times_ns[rank - 1]) / kNsPerUs;
        };
        told["p50_us"] = us(50);
        told["p99_us"] = us(99);
        told["max_us"] = us(100);
    }
    return told;
}

Result<std::unique_ptr<Way>> make_way(std::string_view name, const char* address,
                                      const char* device) {
    using Guest = SessionWay::Guest;
    if (name == "both_look") {
        return LookingWay::create(device);
    }
    const char* const wake = name == "stream" ? "stream" : "interrupt";
    const Guest how = name == "asleep"        ? Guest::sleeps
                      : name == "guest_looks" ? Guest::looks
                                              : Guest::waits;
    return SessionWay::create(address, wake, how);
}

Result<void> guest(const char* address, const char* device, int trips,
                   const std::vector<std::string_view>& names) {
    std::vector<Measured> ways;
    for (const std::string_view name : names) {
        MRDA_ASSIGN(auto way, make_way(name, address, device));
        ways.push_back({name, std::move(way), {}, 0});
    }
    MRDA_TRY(measure(ways, trips));
    nlohmann::ordered_json told;
    for (const Measured& each : ways) {
        nlohmann::ordered_json& of_way = told[std::string(each.name)];
        of_way = summary(each.times_ns);
        of_way["interrupted"] = each.interrupted;
        of_way["woken"] = each.way->woken();
    }
    std::printf("%s\n", told.dump(2).c_str());
    return {};
}

Result<void> host(const char* file) {
    MRDA_ASSIGN(const auto region, mrda::ivshmem::Region::open_file(file, ::geteuid()));
    MRDA_ASSIGN(auto rings, Rings::open(region.fd(), Channel::Side::host));
    std::puts("ready");
    std::fflush(stdout);
    for (;;) {
        for (;;) {
            MRDA_ASSIGN(const auto descriptor, rings.channel().receive());
            if (!descriptor) {
                break;
            }
            MRDA_ASSIGN(const bool sent, rings.channel().send(*descriptor));
            if (!sent) {
                return make_error(Errc::corrupt, "the guest takes nothing from its ring");
            }
        }
        std::this_thread::sleep_for(kBetweenLooks);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    Result<void> done;
    if (words.size() > 4 && words[0] == "guest") {
        done = guest(argv[2], argv[3], std::max(1, std::atoi(argv[4])),
                     {words.begin() + 4, words.end()});
    } else if (words.size() == 2 && words[0] == "host") {
        done = host(argv[2]);
    } else {
        std::fputs("usage: notify_latency guest HOST:PORT DEVICE TRIPS WAY ... | host FILE\n",
                   stderr);
        return mrda::kExitUsage;
    }
    if (!done.ok()) {
        std::fprintf(stderr, "%s\n", to_string(done.error()).c_str());
        return mrda::exit_code_of(done.error().code);
    }
    return 0;
}
