// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "device_watch.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// Which is asked first whether it has room.
enum class Strategy : std::uint8_t {
    gpu_first,
    cpu_first,
    gpu_only,  ///< Where the platform was named, and not chosen.
};

struct ResourceLimits {
    Strategy strategy = Strategy::gpu_first;
    /// Pixels per second that sessions on the processor may ask for together; 0: kPixelsPerCore for
    /// each core.
    std::uint64_t pixels_per_second = 0;
    /// The same for each GPU. Four 4K streams at 60 frames per second.
    std::uint64_t gpu_pixels_per_second = std::uint64_t{4} * 3840 * 2160 * 60;
    /// Of a GPU's busiest engine: above it no session is placed there.
    double gpu_load = 0.9;
    /// Of all cores: above it no session begins on the processor. 1: never refused for this,
    /// because others' work is no reason to refuse a user of a machine that is not for this alone.
    double cpu_load = 1;
    /// Of memory that must stay available.
    std::uint64_t memory_reserve_bytes = std::uint64_t{256} << 20;
    /// What one worker may have of its own; 0: half of the machine's.
    std::uint64_t worker_memory_bytes = 0;
};

/// Where a session's codec runs.
struct Placement {
    std::string pci_address;  ///< Of a GPU; empty: the processor, by the software drivers.

    [[nodiscard]] bool on_gpu() const { return !pci_address.empty(); }
};

/// A GPU, and what it has to do.
struct GpuState {
    DeviceReading reading;
    double load = -1;  ///< 0 to 1; negative: not known.
    std::uint64_t pixels_reserved = 0;
    std::uint32_t sessions = 0;
    bool gone = false;  ///< Not in the last reading: nothing new is placed there.
};

/// What the kernel says of this machine.
struct ResourceSample {
    double cpu_load = 0;  ///< 0 to 1, since the sample before.
    std::uint32_t cpu_count = 1;
    std::uint64_t memory_total_bytes = 0;
    std::uint64_t memory_available_bytes = 0;
};

/// The counters of /proc/stat's first line. Errors: corrupt.
struct CpuTicks {
    std::uint64_t busy = 0;
    std::uint64_t total = 0;
};
Result<CpuTicks> parse_cpu_ticks(std::string_view proc_stat);
/// A line of /proc/meminfo, in bytes. Errors: corrupt.
Result<std::uint64_t> parse_meminfo(std::string_view meminfo, std::string_view field);

/// What this machine has left, and whether a session may have some of it. For the loop's thread.
class ResourceManager {
  public:
    /// About what one core encodes at a middling speed: 1080p at 30 frames per second.
    static constexpr std::uint64_t kPixelsPerCore = std::uint64_t{1920} * 1080 * 30;

    explicit ResourceManager(ResourceLimits limits);

    /// Reads the kernel's figures; cheap enough for once a second. Errors: io, corrupt.
    Result<void> sample();
    [[nodiscard]] const ResourceSample& last() const { return sample_; }
    [[nodiscard]] std::uint64_t pixels_ceiling() const;
    [[nodiscard]] std::uint64_t pixels_reserved() const { return reserved_; }

    /// Tells what there is. GPUs that are known keep their sessions.
    void set_devices(std::vector<DeviceReading> readings);
    [[nodiscard]] const std::vector<GpuState>& devices() const { return devices_; }

    /// Where a session of so many pixels per second goes: by the strategy, over GPUs in turn.
    /// Reserves nothing. Errors: exhausted, with what was asked, what is in use, and the limits.
    [[nodiscard]] Result<Placement> place(std::uint64_t pixels_per_second);
    /// Where place() would put a small session now; the processor, if it would refuse.
    [[nodiscard]] Placement next_placement() const;
    void reserve(const Placement& placement, std::uint64_t pixels_per_second);
    void release(const Placement& placement, std::uint64_t pixels_per_second);

  private:
    ResourceLimits limits_;
    ResourceSample sample_;
    [[nodiscard]] Result<void> admit_to_cpu(std::uint64_t pixels_per_second) const;
    [[nodiscard]] Result<void> admit_to_gpu(const GpuState& gpu,
                                            std::uint64_t pixels_per_second) const;
    Result<Placement> place_on_gpu(std::uint64_t pixels_per_second);
    GpuState* find(const Placement& placement);

    CpuTicks ticks_;
    std::uint64_t reserved_ = 0;  ///< On the processor.
    std::vector<GpuState> devices_;
    std::size_t next_device_ = 0;  ///< Whose turn it is.
};

}  // namespace mrda::service
