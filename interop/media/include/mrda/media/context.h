// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "mrda/interop/result.h"
#include "mrda/media/compute_unit.h"
#include "mrda/media/device.h"
#include "mrda/media/loaded_plugin.h"
#include "mrda/media/unit_access.h"

namespace mrda::media {

class Context;
class Executor;

/// Units of a plugin's kind, on a device.
struct UnitPlacement {
    std::string plugin;
    std::string unit;
    std::uint32_t device = 0;
    std::uint32_t count = 1;
};

struct ContextOptions {
    /// Where plugins are looked for, in this order. Theirs, and the plugins', is this process's
    /// trust: see LoadedPlugin.
    std::vector<std::string> plugin_folders;
    /// Plugins whose devices are wanted beside the machine itself, which is device 0.
    std::vector<std::string> device_plugins;
    std::vector<UnitPlacement> units;
};

/// A stage that shall find its place before it begins.
struct StageNeed {
    mrda_session_type type = MRDA_SESSION_ENCODER;
    std::string plugin;
    std::string codec;  ///< Of encoders and decoders.
    std::string unit;   ///< The name of the unit that it needs; empty: its kind's own, or none.
};

/// A device, a bank and units that are kept for sessions that name it, until it dies. Those take no
/// other unit of such a name.
class Reservation {
  public:
    ~Reservation();
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    [[nodiscard]] std::uint32_t device() const { return device_; }
    [[nodiscard]] std::uint32_t bank() const { return bank_; }
    /// Of each stage; null: it needs none.
    [[nodiscard]] std::span<const std::shared_ptr<ComputeUnit>> units() const { return units_; }
    /// Whether every stage works with the bank's memory, so that frames pass without a copy.
    [[nodiscard]] bool shares_memory() const { return why_not_.empty(); }
    /// Why they do not.
    [[nodiscard]] const std::string& why_not() const { return why_not_; }

  private:
    friend class Context;
    Reservation() = default;

    std::shared_ptr<Context> context_;
    std::uint32_t device_ = 0;
    std::uint32_t bank_ = 0;
    std::vector<std::shared_ptr<ComputeUnit>> units_;
    std::string why_not_;
};

/// Which unit a session wants.
struct UnitChoice {
    std::int32_t device = -1;  ///< -1: any that has it.
    std::int32_t index = -1;   ///< On the device; -1: the least used one of that name.
    std::string name;          ///< Empty: whatever stands at `index`.
    std::string plugin;        ///< Whose kind it must be; empty: anybody's.
    std::shared_ptr<const Reservation> reservation;
};

/// The devices of this machine, the plugins, and the units on the devices: what sessions are made
/// with. Any thread. Each process has its own: nothing is reserved against another's.
class Context : public std::enable_shared_from_this<Context> {
  public:
    /// With the devices found; a plugin whose devices cannot be had is told by notes(). Errors:
    /// what a unit's plugin or device says.
    static Result<std::shared_ptr<Context>> open(const ContextOptions& options);
    /// Sessions live on with what they use of it.
    ~Context() = default;

    [[nodiscard]] std::span<const std::shared_ptr<Device>> devices() const { return devices_; }
    /// Errors: invalid_argument (there is none of that index).
    [[nodiscard]] Result<std::shared_ptr<Device>> device(std::uint32_t index) const;
    /// What was looked for and not found, a line each.
    [[nodiscard]] std::span<const std::string> notes() const { return notes_; }

    /// Loaded once. Errors: as LoadedPlugin::load(), of the first folder that has it.
    [[nodiscard]] Result<std::shared_ptr<const LoadedPlugin>> plugin(const std::string& name);

    /// Errors: exhausted (more than MRDA_MAX_UNITS on the device; none is placed), not_found (no
    /// such unit in the plugin), what the device says.
    [[nodiscard]] Result<void> place(const UnitPlacement& placement);
    /// Of a device, by index.
    [[nodiscard]] std::vector<std::shared_ptr<ComputeUnit>> units(std::uint32_t device) const;
    /// Errors: not_found (none of that index, name or device; what there is), busy (it, or all of
    /// that name, are reserved for others).
    [[nodiscard]] Result<std::shared_ptr<ComputeUnit>> find_unit(const UnitChoice& choice) const;
    /// A session's use of it; `bank` is the session's, -1: the device's default one. Errors: as
    /// find_unit().
    [[nodiscard]] Result<std::shared_ptr<UnitAccess>> use_unit(const UnitChoice& choice,
                                                               std::int32_t bank,
                                                               std::uint32_t channel) const;

    /// A place for all `stages`: on `device`, -1: the first device that has their units free; in
    /// `bank`, -1: the first bank that all of them work with, and of these one that is the device's
    /// alone, if there is. Where no bank suits all, it is the default one, and says so. Errors:
    /// not_found, busy (units that others have reserved or use), what a plugin says.
    [[nodiscard]] Result<std::shared_ptr<const Reservation>> reserve(
        std::span<const StageNeed> stages, std::int32_t device = -1, std::int32_t bank = -1);

  private:
    friend class Reservation;
    Context() = default;

    [[nodiscard]] Result<std::shared_ptr<ComputeUnit>> choose(const UnitChoice& choice) const;
    void find_devices(const ContextOptions& options);
    [[nodiscard]] Result<std::shared_ptr<const LoadedPlugin>> load(const std::string& name) const;
    [[nodiscard]] Result<std::vector<const mrda_session_kind*>> kinds_of_stages(
        std::span<const StageNeed> stages);
    [[nodiscard]] Result<std::vector<std::shared_ptr<ComputeUnit>>> free_units(
        std::span<const StageNeed> stages, std::span<const mrda_session_kind* const> kinds,
        std::uint32_t device) const;
    void choose_bank(Reservation& reservation, std::span<const StageNeed> stages,
                     std::span<const mrda_session_kind* const> kinds, std::int32_t bank) const;

    struct Units {
        std::shared_ptr<Executor> executor;
        std::vector<std::shared_ptr<ComputeUnit>> list;
    };

    std::vector<std::string> folders_;
    std::vector<std::string> notes_;
    std::vector<std::shared_ptr<Device>> devices_;

    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const LoadedPlugin>> plugins_;
    std::vector<Units> units_;  // Of each device.
    std::set<const ComputeUnit*> reserved_;
};

}  // namespace mrda::media
