// SPDX-License-Identifier: MIT
#include "resource_manager.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "mrda/interop/fd.h"

namespace mrda::service {

namespace {

constexpr std::size_t kMaxProcBytes = 64 * 1024;

Result<std::string> read_proc(const char* path) {
    const Fd file(::open(path, O_RDONLY | O_CLOEXEC));
    if (!file) {
        return os_error("open", errno, std::string("cannot read ") + path);
    }
    std::string text(kMaxProcBytes, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    if (count < 0) {
        return os_error("read", errno, std::string("cannot read ") + path);
    }
    text.resize(static_cast<std::size_t>(count));
    return text;
}

/// The number at the front of `text`, which is cut behind it; false: there is none.
bool take_number(std::string_view& text, std::uint64_t& number) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(first);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc();
}

std::string percent(double part) {
    char text[16];
    std::snprintf(text, sizeof text, "%.0f %%", part * 100);
    return text;
}

}  // namespace

Result<CpuTicks> parse_cpu_ticks(std::string_view proc_stat) {
    constexpr std::string_view kPrefix = "cpu ";
    if (proc_stat.substr(0, kPrefix.size()) != kPrefix) {
        return make_error(Errc::corrupt, "/proc/stat does not begin with the sum of all cores");
    }
    std::string_view line = proc_stat.substr(kPrefix.size(), proc_stat.find('\n') - kPrefix.size());
    CpuTicks ticks;
    // proc(5): user nice system idle iowait irq softirq steal; guest time is part of user.
    std::uint64_t idle = 0;
    for (int column = 0; column < 8; ++column) {
        std::uint64_t value = 0;
        if (!take_number(line, value)) {
            return make_error(Errc::corrupt, "/proc/stat has fewer than 8 counters");
        }
        ticks.total += value;
        idle += column == 3 || column == 4 ? value : 0;
    }
    ticks.busy = ticks.total - idle;
    return ticks;
}

Result<std::uint64_t> parse_meminfo(std::string_view meminfo, std::string_view field) {
    while (!meminfo.empty()) {
        const std::size_t end = meminfo.find('\n');
        std::string_view line = meminfo.substr(0, end);
        std::uint64_t kib = 0;
        if (line.size() > field.size() && line.substr(0, field.size()) == field &&
            line[field.size()] == ':') {
            line.remove_prefix(field.size() + 1);
            if (take_number(line, kib)) {
                return kib * 1024;
            }
            break;
        }
        meminfo = end == std::string_view::npos ? "" : meminfo.substr(end + 1);
    }
    return make_error(Errc::corrupt, "/proc/meminfo has no " + std::string(field));
}

ResourceManager::ResourceManager(ResourceLimits limits) : limits_(limits) {
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    sample_.cpu_count = cores > 0 ? static_cast<std::uint32_t>(cores) : 1;
}

Result<void> ResourceManager::sample() {
    MRDA_ASSIGN(const std::string stat, read_proc("/proc/stat"));
    MRDA_ASSIGN(const std::string meminfo, read_proc("/proc/meminfo"));
    MRDA_ASSIGN(const CpuTicks now, parse_cpu_ticks(stat));
    MRDA_ASSIGN(sample_.memory_total_bytes, parse_meminfo(meminfo, "MemTotal"));
    MRDA_ASSIGN(sample_.memory_available_bytes, parse_meminfo(meminfo, "MemAvailable"));
    if (ticks_.total != 0 && now.total > ticks_.total) {
        sample_.cpu_load = static_cast<double>(now.busy - ticks_.busy) /
                           static_cast<double>(now.total - ticks_.total);
    }
    ticks_ = now;
    return {};
}

std::uint64_t ResourceManager::pixels_ceiling() const {
    return limits_.pixels_per_second != 0 ? limits_.pixels_per_second
                                          : kPixelsPerCore * sample_.cpu_count;
}

void ResourceManager::set_devices(std::vector<DeviceReading> readings) {
    for (GpuState& gpu : devices_) {
        gpu.gone = true;
    }
    for (DeviceReading& reading : readings) {
        GpuState* known = find({reading.pci_address});
        if (known == nullptr) {
            known = &devices_.emplace_back();
        } else {
            known->load = load_between(known->reading, reading);
        }
        known->reading = std::move(reading);
        known->gone = false;
    }
}

GpuState* ResourceManager::find(const Placement& placement) {
    const auto found = std::find_if(devices_.begin(), devices_.end(), [&](const GpuState& gpu) {
        return gpu.reading.pci_address == placement.pci_address;
    });
    return found == devices_.end() ? nullptr : &*found;
}

Result<void> ResourceManager::admit_to_gpu(const GpuState& gpu,
                                           std::uint64_t pixels_per_second) const {
    const std::string who = "GPU " + gpu.reading.pci_address + ": ";
    const std::uint64_t ceiling = limits_.gpu_pixels_per_second;
    if (gpu.gone) {
        return make_error(Errc::exhausted, who + "it is gone");
    }
    if (gpu.load > limits_.gpu_load) {
        return make_error(Errc::exhausted, who + "its engines are " + percent(gpu.load) +
                                               " busy, and no session begins above " +
                                               percent(limits_.gpu_load));
    }
    if (pixels_per_second > ceiling || gpu.pixels_reserved > ceiling - pixels_per_second) {
        return make_error(Errc::exhausted, who + std::to_string(pixels_per_second) +
                                               " pixels per second asked, " +
                                               std::to_string(gpu.pixels_reserved) +
                                               " are reserved of " + std::to_string(ceiling));
    }
    return {};
}

Result<Placement> ResourceManager::place_on_gpu(std::uint64_t pixels_per_second) {
    std::string reasons = devices_.empty() ? "no GPU" : "";
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        const GpuState& gpu = devices_[(next_device_ + i) % devices_.size()];
        const auto admitted = admit_to_gpu(gpu, pixels_per_second);
        if (admitted.ok()) {
            next_device_ = (next_device_ + i + 1) % devices_.size();
            return Placement{gpu.reading.pci_address};
        }
        reasons += (reasons.empty() ? "" : "\n  ") + admitted.error().message;
    }
    return make_error(Errc::exhausted, reasons);
}

Result<Placement> ResourceManager::place(std::uint64_t pixels_per_second) {
    const auto on_cpu = [&]() -> Result<Placement> {
        MRDA_TRY(admit_to_cpu(pixels_per_second));
        return Placement{};
    };
    if (limits_.strategy == Strategy::gpu_only) {
        return place_on_gpu(pixels_per_second);
    }
    if (devices_.empty()) {
        return on_cpu();
    }
    const bool gpu_first = limits_.strategy == Strategy::gpu_first;
    auto first = gpu_first ? place_on_gpu(pixels_per_second) : on_cpu();
    if (first.ok()) {
        return first;
    }
    auto second = gpu_first ? on_cpu() : place_on_gpu(pixels_per_second);
    if (second.ok()) {
        return second;
    }
    return make_error(Errc::exhausted, first.error().message + "\n  " + second.error().message);
}

Placement ResourceManager::next_placement() const {
    ResourceManager trial = *this;  // Whose turn it is does not change by asking.
    const auto placed = trial.place(0);
    return placed.ok() ? *placed : Placement{};
}

void ResourceManager::reserve(const Placement& placement, std::uint64_t pixels_per_second) {
    if (GpuState* const gpu = find(placement)) {
        gpu->pixels_reserved += pixels_per_second;
        ++gpu->sessions;
    } else {
        reserved_ += pixels_per_second;
    }
}

void ResourceManager::release(const Placement& placement, std::uint64_t pixels_per_second) {
    if (GpuState* const gpu = find(placement)) {
        gpu->pixels_reserved -= pixels_per_second;
        --gpu->sessions;
    } else {
        reserved_ -= pixels_per_second;
    }
}

Result<void> ResourceManager::admit_to_cpu(std::uint64_t pixels_per_second) const {
    const std::uint64_t ceiling = pixels_ceiling();
    if (pixels_per_second > ceiling || reserved_ > ceiling - pixels_per_second) {
        return make_error(Errc::exhausted,
                          std::to_string(pixels_per_second) + " pixels per second asked, " +
                              std::to_string(reserved_) + " are reserved of " +
                              std::to_string(ceiling) +
                              "; stop a session, ask for less, or raise max_pixels_per_second");
    }
    if (sample_.cpu_load > limits_.cpu_load) {
        return make_error(Errc::exhausted, "the processor is " + percent(sample_.cpu_load) +
                                               " busy, and no session begins above " +
                                               percent(limits_.cpu_load) + "; try again later");
    }
    if (sample_.memory_available_bytes < limits_.memory_reserve_bytes) {
        return make_error(Errc::exhausted,
                          std::to_string(sample_.memory_available_bytes >> 20U) +
                              " MiB of memory are available, and no session begins below " +
                              std::to_string(limits_.memory_reserve_bytes >> 20U));
    }
    return {};
}

}  // namespace mrda::service
