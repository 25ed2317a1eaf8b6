// SPDX-License-Identifier: MIT
#include "mrda/media/context.h"

#include <algorithm>
#include <utility>

#include "executor.h"
#include "kinds.h"
#include "mrda/media/plugin_folders.h"

namespace mrda::media {

namespace {

Result<const mrda_unit_kind*> find_kind(const LoadedPlugin& plugin, const std::string& name) {
    std::string all;
    for (const mrda_unit_kind* const kind : units_of(plugin.table())) {
        if (name == kind->name) {
            return kind;
        }
        all += std::string(all.empty() ? "" : ", ") + kind->name;
    }
    return make_error(Errc::not_found, "unit \"" + name + "\" asked of plugin " +
                                           plugin.table().name + ", which has " +
                                           (all.empty() ? "none" : all));
}

bool is_of(const Reservation* reservation, const ComputeUnit& unit) {
    const auto units = reservation == nullptr ? std::span<const std::shared_ptr<ComputeUnit>>()
                                              : reservation->units();
    return std::any_of(units.begin(), units.end(),
                       [&](const auto& own) { return own.get() == &unit; });
}

bool has_named(const Reservation* reservation, const std::string& name) {
    const auto units = reservation == nullptr ? std::span<const std::shared_ptr<ComputeUnit>>()
                                              : reservation->units();
    return std::any_of(units.begin(), units.end(),
                       [&](const auto& unit) { return unit != nullptr && unit->name() == name; });
}

}  // namespace

Result<std::shared_ptr<Context>> Context::open(const ContextOptions& options) {
    std::shared_ptr<Context> context(new Context());
    context->folders_ = options.plugin_folders;
    context->find_devices(options);
    for (const UnitPlacement& placement : options.units) {
        MRDA_TRY(context->place(placement));
    }
    return context;
}

void Context::find_devices(const ContextOptions& options) {
    devices_.push_back(make_host_device(0));
    for (const std::string& name : options.device_plugins) {
        auto loaded = plugin(name);
        auto found =
            loaded.ok() ? open_devices(*loaded, static_cast<std::uint32_t>(devices_.size()), notes_)
                        : Result<std::vector<std::shared_ptr<Device>>>(loaded.error());
        if (!found.ok()) {
            notes_.push_back("no devices of plugin " + name + ": " + to_string(found.error()));
        } else if (found->empty()) {
            notes_.push_back("plugin " + name + " found no devices");
        } else {
            devices_.insert(devices_.end(), found->begin(), found->end());
        }
    }
    for (std::size_t device = 0; device < devices_.size(); ++device) {
        units_.push_back({std::make_shared<Executor>(), {}});
    }
}

Result<std::shared_ptr<Device>> Context::device(std::uint32_t index) const {
    if (index >= devices_.size()) {
        return make_error(Errc::invalid_argument, "device " + std::to_string(index) + " of " +
                                                      std::to_string(devices_.size()) +
                                                      ", which are numbered from 0");
    }
    return devices_[index];
}

Result<std::shared_ptr<const LoadedPlugin>> Context::load(const std::string& name) const {
    MRDA_ASSIGN(const std::string folder, find_plugin(folders_, name));
    return LoadedPlugin::load(folder, name);
}

Result<std::shared_ptr<const LoadedPlugin>> Context::plugin(const std::string& name) {
    const std::lock_guard lock(mutex_);
    auto& loaded = plugins_[name];
    if (loaded == nullptr) {
        auto made = load(name);
        if (!made.ok()) {
            plugins_.erase(name);
            return made;
        }
        loaded = std::move(*made);
    }
    return loaded;
}

Result<void> Context::place(const UnitPlacement& placement) {
    MRDA_ASSIGN(const auto on, device(placement.device));
    MRDA_ASSIGN(const auto from, plugin(placement.plugin));
    MRDA_ASSIGN(const mrda_unit_kind* const kind, find_kind(*from, placement.unit));
    const std::lock_guard lock(mutex_);
    Units& units = units_[placement.device];
    if (placement.count > MRDA_MAX_UNITS - units.list.size()) {
        return make_error(Errc::exhausted, std::to_string(placement.count) + " units " +
                                               placement.unit + " asked of device " + on->name() +
                                               ", which has " + std::to_string(units.list.size()) +
                                               " of at most " + std::to_string(MRDA_MAX_UNITS));
    }
    MRDA_TRY(units.executor->allow(std::size_t{placement.count} * kind->in_flight));
    std::vector<std::shared_ptr<ComputeUnit>> placed;
    for (std::uint32_t count = 0; count < placement.count; ++count) {
        MRDA_ASSIGN(auto code, on->load(*kind));
        const auto index = static_cast<std::uint32_t>(units.list.size() + placed.size());
        placed.push_back(
            std::make_shared<ComputeUnit>(on, from, index, *kind, std::move(code), units.executor));
    }
    units.list.insert(units.list.end(), placed.begin(), placed.end());
    return {};
}

std::vector<std::shared_ptr<ComputeUnit>> Context::units(std::uint32_t device) const {
    const std::lock_guard lock(mutex_);
    return device < units_.size() ? units_[device].list
                                  : std::vector<std::shared_ptr<ComputeUnit>>();
}

Result<std::shared_ptr<ComputeUnit>> Context::find_unit(const UnitChoice& choice) const {
    const std::lock_guard lock(mutex_);
    return choose(choice);
}

Result<std::shared_ptr<UnitAccess>> Context::use_unit(const UnitChoice& choice, std::int32_t bank,
                                                      std::uint32_t channel) const {
    // Held until it counts as used, so that two sessions do not find the same least used one.
    const std::lock_guard lock(mutex_);
    MRDA_ASSIGN(auto unit, choose(choice));
    return std::make_shared<UnitAccess>(std::move(unit), bank, channel);
}

Result<std::shared_ptr<ComputeUnit>> Context::choose(const UnitChoice& choice) const {
    const bool reserved = has_named(choice.reservation.get(), choice.name);
    std::shared_ptr<ComputeUnit> best;
    bool taken = false;
    for (std::size_t device = 0; device < units_.size(); ++device) {
        if (choice.device >= 0 && static_cast<std::size_t>(choice.device) != device) {
            continue;
        }
        for (const auto& unit : units_[device].list) {
            if ((!choice.name.empty() && unit->name() != choice.name) ||
                (!choice.plugin.empty() && unit->plugin_name() != choice.plugin) ||
                (reserved && !is_of(choice.reservation.get(), *unit)) ||
                (choice.index >= 0 && unit->index() != static_cast<std::uint32_t>(choice.index))) {
                continue;
            }
            if (reserved_.contains(unit.get()) && !is_of(choice.reservation.get(), *unit)) {
                taken = true;
            } else if (best == nullptr ||
                       unit->statistics().sessions < best->statistics().sessions) {
                best = unit;
            }
        }
    }
    if (best != nullptr) {
        return best;
    }
    const std::string asked =
        "unit " + (choice.name.empty() ? "of any name" : "\"" + choice.name + "\"") + ", index " +
        std::to_string(choice.index) + " on device " + std::to_string(choice.device) + " (-1: any)";
    return taken ? make_error(Errc::busy, asked + " is reserved for others")
                 : make_error(Errc::not_found,
                              "there is no " + asked + "; units are placed when the context opens");
}

Result<std::vector<const mrda_session_kind*>> Context::kinds_of_stages(
    std::span<const StageNeed> stages) {
    std::vector<const mrda_session_kind*> kinds;
    for (const StageNeed& stage : stages) {
        MRDA_ASSIGN(const auto from, plugin(stage.plugin));
        MRDA_ASSIGN(const mrda_session_kind* const kind, from->find(stage.type, stage.codec));
        kinds.push_back(kind);
    }
    return kinds;
}

Result<std::vector<std::shared_ptr<ComputeUnit>>> Context::free_units(
    std::span<const StageNeed> stages, std::span<const mrda_session_kind* const> kinds,
    std::uint32_t device) const {
    std::vector<std::shared_ptr<ComputeUnit>> found;
    std::set<const ComputeUnit*> taken = reserved_;
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
        const char* const own = kinds[stage]->unit;
        const std::string name = !stages[stage].unit.empty() ? stages[stage].unit
                                 : own != nullptr            ? own
                                                             : "";
        std::shared_ptr<ComputeUnit> unit;
        bool exists = name.empty();
        for (const auto& candidate : units_[device].list) {
            if (candidate->name() != name ||
                (stages[stage].unit.empty() && candidate->plugin_name() != stages[stage].plugin)) {
                continue;
            }
            exists = true;
            if (unit == nullptr && candidate->statistics().sessions == 0 &&
                taken.insert(candidate.get()).second) {
                unit = candidate;
            }
        }
        if (!name.empty() && unit == nullptr) {
            return make_error(exists ? Errc::busy : Errc::not_found,
                              (exists ? "no free unit " : "no unit ") + name + " on device " +
                                  devices_[device]->name());
        }
        found.push_back(std::move(unit));
    }
    return found;
}

void Context::choose_bank(Reservation& reservation, std::span<const StageNeed> stages,
                          std::span<const mrda_session_kind* const> kinds,
                          std::int32_t bank) const {
    const auto banks = devices_[reservation.device_]->banks();
    std::optional<std::uint32_t> chosen;
    for (std::uint32_t index = 0; index < banks.size(); ++index) {
        const std::uint32_t memory = banks[index].memory;
        const auto unfit = std::find_if_not(kinds.begin(), kinds.end(), [&](const auto* kind) {
            return works_with(*kind, memory);
        });
        if (bank >= 0 && index != static_cast<std::uint32_t>(bank)) {
            continue;
        }
        if (unfit != kinds.end()) {
            const StageNeed& stage = stages[static_cast<std::size_t>(unfit - kinds.begin())];
            reservation.why_not_ += (reservation.why_not_.empty() ? "" : "; ") +
                                    std::string("the ") + std::string(to_string(stage.type)) +
                                    " of " + stage.plugin + " does not work with bank " +
                                    banks[index].name;
        } else if (!chosen || (memory & MRDA_MEMORY_PAGES) == 0) {
            chosen = index;
        }
    }
    if (chosen) {
        reservation.why_not_.clear();
    }
    reservation.bank_ = chosen.value_or(bank >= 0 ? static_cast<std::uint32_t>(bank) : 0);
}

Result<std::shared_ptr<const Reservation>> Context::reserve(std::span<const StageNeed> stages,
                                                            std::int32_t device,
                                                            std::int32_t bank) {
    MRDA_ASSIGN(const auto kinds, kinds_of_stages(stages));
    std::shared_ptr<Reservation> made(new Reservation());
    const std::lock_guard lock(mutex_);
    Result<std::vector<std::shared_ptr<ComputeUnit>>> units =
        make_error(Errc::invalid_argument,
                   "device " + std::to_string(device) + " of " + std::to_string(devices_.size()));
    for (std::uint32_t index = 0; index < devices_.size(); ++index) {
        if (device >= 0 && index != static_cast<std::uint32_t>(device)) {
            continue;
        }
        units = free_units(stages, kinds, index);
        if (units.ok()) {
            made->device_ = index;
            break;
        }
    }
    if (!units.ok()) {
        return units.error();
    }
    if (bank >= 0 && static_cast<std::size_t>(bank) >= devices_[made->device_]->banks().size()) {
        return make_error(Errc::invalid_argument, "bank " + std::to_string(bank) + " of " +
                                                      devices_[made->device_]->name());
    }
    choose_bank(*made, stages, kinds, bank);
    for (const auto& unit : *units) {
        if (unit != nullptr) {
            reserved_.insert(unit.get());
        }
    }
    made->units_ = std::move(*units);
    made->context_ = shared_from_this();
    return std::shared_ptr<const Reservation>(std::move(made));
}

Reservation::~Reservation() {
    if (context_ != nullptr) {
        const std::lock_guard lock(context_->mutex_);
        for (const auto& unit : units_) {
            context_->reserved_.erase(unit.get());
        }
    }
}

}  // namespace mrda::media
