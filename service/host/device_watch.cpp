// SPDX-License-Identifier: MIT
#include "device_watch.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "mrda/interop/run_child.h"

namespace mrda::service {

namespace {

using nlohmann::json;

constexpr std::uint64_t kProbeTimeoutNs = 20'000'000'000;

std::string text_of(const json& object, const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_of(const json& object, const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

DeviceReading reading_of(const json& device) {
    DeviceReading reading{text_of(device, "pci"), text_of(device, "name"), {}};
    const auto load = device.find("load");
    const auto engines =
        load != device.end() && load->is_object() ? load->find("engines") : device.end();
    if (load == device.end() || !load->is_object() || engines == load->end() ||
        !engines->is_array()) {
        return reading;
    }
    for (const json& engine : *engines) {
        if (engine.is_object()) {
            reading.engines.push_back(
                {number_of(engine, "active_us"), number_of(engine, "timestamp_us")});
        }
    }
    return reading;
}

}  // namespace

Result<std::vector<DeviceReading>> parse_devices(std::string_view probe_output) {
    const json parsed = json::parse(probe_output, nullptr, false);
    const auto devices = parsed.is_object() ? parsed.find("level_zero") : parsed.end();
    if (!parsed.is_object() || devices == parsed.end()) {
        return make_error(Errc::corrupt, "mrda-probe said nothing of Level Zero's devices");
    }
    if (devices->is_object()) {
        return make_error(Errc::not_found, text_of(*devices, "error"));
    }
    if (!devices->is_array()) {
        return make_error(Errc::corrupt, "mrda-probe's devices are no list");
    }
    std::vector<DeviceReading> readings;
    for (const json& device : *devices) {
        if (device.is_object() && !text_of(device, "pci").empty()) {
            readings.push_back(reading_of(device));
        }
    }
    return readings;
}

Result<std::vector<DeviceReading>> probe_devices(const std::string& probe_program) {
    MRDA_ASSIGN(const ChildOutcome child, run_child({probe_program}, kProbeTimeoutNs));
    if (child.exit_code != 0) {
        return make_error(
            Errc::device_lost,
            child.signal != 0
                ? "a driver ended mrda-probe by signal " + std::to_string(child.signal)
                : "mrda-probe ended with " + std::to_string(child.exit_code));
    }
    return parse_devices(child.output);
}

double load_between(const DeviceReading& before, const DeviceReading& now) {
    double busiest = -1;
    for (std::size_t i = 0; i < std::min(before.engines.size(), now.engines.size()); ++i) {
        const auto& first = before.engines[i];
        const auto& second = now.engines[i];
        if (second.timestamp_us <= first.timestamp_us || second.active_us < first.active_us) {
            continue;  // The counters began anew.
        }
        const double load = static_cast<double>(second.active_us - first.active_us) /
                            static_cast<double>(second.timestamp_us - first.timestamp_us);
        busiest = std::max(busiest, std::min(load, 1.0));
    }
    return busiest;
}

DeviceWatch::DeviceWatch(std::string probe_program, std::uint64_t period_ns, Seen seen)
    : thread_([this, program = std::move(probe_program), period_ns, told = std::move(seen)] {
          run(program, period_ns, told);
      }) {}

DeviceWatch::~DeviceWatch() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    ended_.notify_all();
    thread_.join();
}

void DeviceWatch::run(const std::string& probe_program, std::uint64_t period_ns, const Seen& seen) {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        lock.unlock();
        seen(probe_devices(probe_program));
        lock.lock();
        ended_.wait_for(lock, std::chrono::nanoseconds(period_ns), [this] { return ending_; });
    }
}

}  // namespace mrda::service
