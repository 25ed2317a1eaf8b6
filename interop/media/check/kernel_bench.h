// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mrda/media/compute_unit.h"
#include "mrda/media/unit_access.h"
#include "subject.h"
#include "verdict.h"

namespace mrda::check {

/// Holds a unit's work back, so that it is in flight for as long as a check needs it to be.
class Gate {
  public:
    void shut();
    void open();
    /// What comes now does no work: its registers may hold what no unit can work with.
    void set_idle(bool idle);
    /// Waits while it is shut. Whether to work.
    bool pass();

  private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool shut_ = false;
    bool idle_ = false;
};

/// Shut for as long as it lives. Declared behind the sessions whose end waits for their work.
class ShutGate {
  public:
    explicit ShutGate(Gate& gate) : gate_(gate) { gate_.shut(); }
    ~ShutGate() { gate_.open(); }
    ShutGate(const ShutGate&) = delete;
    ShutGate& operator=(const ShutGate&) = delete;

  private:
    Gate& gate_;
};

/// The unit of that name. Errors: not_found.
Result<const mrda_unit_kind*> find_unit(const mrda_plugin& table, const std::string& name);

/// A unit's code on the first device that takes it: the machine itself, then the plugin's own.
struct LoadedUnit {
    std::shared_ptr<media::Device> device;
    std::unique_ptr<media::UnitCode> code;
};
/// Errors: unsupported, with each device's refusal, or what opening the devices says.
Result<LoadedUnit> load_unit(const std::shared_ptr<const media::LoadedPlugin>& plugin,
                             const mrda_unit_kind& kind);

/// A compute unit for a kernel's sessions, behind a gate: the one that the plugin says they run on
/// or, where it names none, one of the check's that adds.
class Bench {
  public:
    /// Errors: why there is none here; what is then to be skipped.
    static Result<std::unique_ptr<Bench>> make(
        const std::shared_ptr<const media::LoadedPlugin>& plugin, const mrda_session_kind& kind);

    [[nodiscard]] const std::shared_ptr<media::ComputeUnit>& unit() const { return unit_; }
    [[nodiscard]] Gate& gate() { return gate_; }
    /// Whether its work is known: the unit is the check's.
    [[nodiscard]] bool adds() const { return adds_; }
    /// Whether a session has taken the work that is suggested: then all must.
    [[nodiscard]] bool took_work() const { return took_work_; }
    void note_taken_work() { took_work_ = true; }

  private:
    Bench() = default;

    Gate gate_;
    bool adds_ = false;
    std::atomic<bool> took_work_{false};
    std::shared_ptr<media::ComputeUnit> unit_;
};

/// A kernel session on a bench, with work as its unit's arguments suggest it: a buffer of a page
/// for each BUFFER, 1 for each VALUE.
class KernelSubject {
  public:
    KernelSubject(Bench& bench, const mrda_session_kind& kind);

    Fault open();
    int write();
    int write(std::span<const mrda_parameter> parameters) { return subject_.write(parameters); }
    int read(std::uint64_t timeout_ns) { return subject_.read(timeout_ns, {}); }
    void close() { subject_.close(); }
    [[nodiscard]] const std::string& words() const { return subject_.words(); }
    [[nodiscard]] std::span<const mrda_parameter> work() const { return parameters_; }
    /// For as long as the session.
    void lend(std::shared_ptr<const media::Buffer> buffer) { access_.lend(std::move(buffer)); }

    /// Skipped, if the session says that it knows other parameters, and none has taken these.
    Finding check_written(int status);
    /// Waits for the work; an error with words is an end of it, too: the values are ours.
    Fault check_next_result();
    /// After a call that came back: the lock is free, and nothing was written behind the data.
    Fault check_after(const std::string& call);
    /// The sum, where the unit adds.
    Fault check_sum() const;

  private:
    void add_argument(const mrda_unit_argument& argument);

    Bench& bench_;
    std::uint32_t number_;
    std::vector<std::shared_ptr<const media::Buffer>> buffers_;
    std::vector<mrda_parameter> parameters_;
    media::UnitAccess access_;  // Outlives the session.
    Subject subject_;
};

}  // namespace mrda::check
