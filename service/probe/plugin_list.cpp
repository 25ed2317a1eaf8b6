// SPDX-License-Identifier: MIT
#include "plugin_list.h"

#include <array>
#include <cstring>
#include <memory>

#include "mrda/interop/pixel_format.h"
#include "mrda/interop/run_child.h"
#include "mrda/media/loaded_plugin.h"
#include "mrda/media/plugin_folders.h"

namespace mrda::probe {

namespace {

using nlohmann::json;

/// A list of plugins is longer than what other children say.
constexpr std::size_t kMostAnswerBytes = std::size_t{1} << 24U;

constexpr std::uint64_t kPatienceNs = 10'000'000'000;

json memory_names(std::uint32_t memory) {
    constexpr std::array<std::pair<std::uint32_t, const char*>, 3> kNames{
        {{MRDA_MEMORY_PAGES, "pages"},
         {MRDA_MEMORY_OBJECT, "object"},
         {MRDA_MEMORY_ADDRESS, "address"}}};
    json names = json::array();
    for (const auto& [bit, name] : kNames) {
        if ((memory & bit) != 0) {
            names.push_back(name);
        }
    }
    return names;
}

json formats_of(const mrda_format* formats) {
    json listed = json::array();
    for (; formats != nullptr && formats->drm_fourcc != 0; ++formats) {
        const auto known = find_pixel_format(formats->drm_fourcc);
        listed.push_back({{"name", known.ok() ? std::string((*known)->name)
                                              : fourcc_string(formats->drm_fourcc)},
                          {"bits_per_pixel", formats->bits_per_pixel}});
    }
    return listed;
}

json kind_of(const mrda_session_kind& kind) {
    json codecs = json::array();
    for (const char* const* codec = kind.codecs; codec != nullptr && *codec != nullptr; ++codec) {
        codecs.push_back(*codec);
    }
    return {{"type", media::to_string(static_cast<mrda_session_type>(kind.type))},
            {"codecs", std::move(codecs)},
            {"inputs", formats_of(kind.inputs)},
            {"outputs", formats_of(kind.outputs)},
            {"input_memory", memory_names(kind.input_memory)},
            {"output_memory", memory_names(kind.output_memory)},
            {"unit", kind.unit == nullptr ? "" : kind.unit}};
}

json unit_of(const mrda_unit_kind& kind) {
    json arguments = json::array();
    for (std::uint32_t i = 0; i < kind.argument_count; ++i) {
        arguments.push_back(kind.arguments[i].name);
    }
    return {{"name", kind.name},
            {"arguments", std::move(arguments)},
            {"register_bytes", kind.register_bytes},
            {"in_flight", kind.in_flight},
            {"images", kind.image_count},
            {"runs_here", kind.run != nullptr}};
}

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
    return {field, ::strnlen(field, N)};
}

json device_of(const mrda_device_kind& kind, std::uint32_t index) {
    mrda_device_info info{};
    info.size_bytes = sizeof info;
    void* device = nullptr;
    mrda_media_error error{};
    if (kind.open(index, &info, &device, &error) != MRDA_MEDIA_OK) {
        return {{"refused", text_of(error.message)}};
    }
    json banks = json::array();
    for (std::uint32_t i = 0; i < std::min(info.bank_count, MRDA_MAX_BANKS); ++i) {
        banks.push_back({{"name", text_of(info.banks[i].name)},
                         {"memory", memory_names(info.banks[i].memory)},
                         {"size_bytes", info.banks[i].size_bytes}});
    }
    kind.close(device);
    return {{"name", text_of(info.name)},
            {"address", text_of(info.address)},
            {"banks", std::move(banks)}};
}

json devices_of(const mrda_device_kind* kind) {
    json listed = json::array();
    std::uint32_t count = 0;
    mrda_media_error error{};
    if (kind != nullptr && kind->count(&count, &error) != MRDA_MEDIA_OK) {
        listed.push_back({{"refused", text_of(error.message)}});
        return listed;
    }
    for (std::uint32_t index = 0; index < count; ++index) {
        listed.push_back(device_of(*kind, index));
    }
    return listed;
}

/// What became of a child that loaded a plugin, as describe_plugin().
json answer_of(const Result<ChildOutcome>& child) {
    if (!child.ok()) {
        return {{"refused", child.error().code == Errc::timeout
                                ? std::string("it is not loaded within 10 s")
                                : to_string(child.error())}};
    }
    if (child->signal != 0) {
        const char* const name = ::sigabbrev_np(child->signal);
        return {{"refused",
                 "loading it ends the process by signal " +
                     (name == nullptr ? std::to_string(child->signal) : std::string("SIG") + name) +
                     " (" + ::strsignal(child->signal) + ")"}};
    }
    json said = json::parse(child->output, nullptr, false);
    if (child->exit_code != 0 || !said.is_object()) {
        return {{"refused", "loading it ends the process with exit code " +
                                std::to_string(child->exit_code) + ", and no answer"}};
    }
    return said;
}

}  // namespace

json describe_plugin(const std::string& folder, const std::string& name) {
    const auto loaded = media::LoadedPlugin::load(folder, name);
    if (!loaded.ok()) {
        return {{"refused", to_string(loaded.error())}};
    }
    const mrda_plugin& table = (*loaded)->table();
    json kinds = json::array();
    for (const mrda_session_kind* const kind : media::kinds_of(table)) {
        kinds.push_back(kind_of(*kind));
    }
    json units = json::array();
    for (const mrda_unit_kind* const kind : media::units_of(table)) {
        units.push_back(unit_of(*kind));
    }
    return {{"version", table.version},
            {"abi", table.abi},
            {"kinds", std::move(kinds)},
            {"units", std::move(units)},
            {"devices", devices_of(table.devices)}};
}

json list_plugins(const std::string& program, const std::vector<std::string>& folders) {
    const media::PluginListing found = media::list_plugins(folders);
    json plugins = json::array();
    for (const media::FoundPlugin& plugin : found.plugins) {
        json entry = json::object();
        if (plugin.shadowed_by.empty()) {
            entry =
                answer_of(run_child({program, "--plugins", plugin.folder, "--plugin", plugin.name},
                                    kPatienceNs, kMostAnswerBytes));
        }
        entry["name"] = plugin.name;
        entry["folder"] = plugin.folder;
        entry["shadowed_by"] = plugin.shadowed_by;
        plugins.push_back(std::move(entry));
    }
    json refused = json::array();
    for (const media::PluginListing::Refused& folder : found.refused) {
        refused.push_back({{"folder", folder.folder}, {"refused", folder.why}});
    }
    return {{"plugins", std::move(plugins)}, {"folders", std::move(refused)}};
}

}  // namespace mrda::probe
