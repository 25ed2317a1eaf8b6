// SPDX-License-Identifier: MIT
#include "mrda/media/loaded_plugin.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstring>
#include <span>

#include "mrda/media/plugin_folders.h"
#include "plugin_files.h"

namespace mrda::media {

namespace {

/// All that this version of the ABI began with. Members that come later are looked at only where a
/// table is long enough.
constexpr std::size_t kLeastTableBytes =
    offsetof(mrda_plugin, devices) + sizeof(mrda_plugin::devices);
constexpr std::size_t kLeastKindBytes =
    offsetof(mrda_session_kind, unit) + sizeof(mrda_session_kind::unit);
constexpr std::size_t kLeastUnitBytes = offsetof(mrda_unit_kind, run) + sizeof(mrda_unit_kind::run);
constexpr std::size_t kLeastDevicesBytes =
    offsetof(mrda_device_kind, run) + sizeof(mrda_device_kind::run);

/// A list that ends with a null; null: an empty one.
template <typename T>
std::span<const T* const> until_null(const T* const* list) {
    std::size_t count = 0;
    while (list != nullptr && list[count] != nullptr) {
        ++count;
    }
    return {list, count};
}

bool takes_frames(std::uint32_t type) {
    return type != MRDA_SESSION_DECODER && type != MRDA_SESSION_KERNEL;
}
bool gives_frames(std::uint32_t type) {
    return type != MRDA_SESSION_ENCODER && type != MRDA_SESSION_KERNEL;
}

/// What a host calls without asking.
bool has_functions(const mrda_session_kind& kind) {
    if (kind.init == nullptr || kind.close == nullptr) {
        return false;
    }
    if (kind.type == MRDA_SESSION_KERNEL) {
        return kind.write != nullptr && kind.read != nullptr;
    }
    // What a host would take for the sign of another type.
    if ((kind.type == MRDA_SESSION_ENCODER && kind.receive_frame != nullptr) ||
        (kind.type == MRDA_SESSION_DECODER && kind.send_frame != nullptr)) {
        return false;
    }
    const bool takes = takes_frames(kind.type)
                           ? kind.send_frame != nullptr
                           : kind.send_packet != nullptr && kind.describe != nullptr;
    const bool gives =
        gives_frames(kind.type) ? kind.receive_frame != nullptr : kind.receive_packet != nullptr;
    return takes && gives;
}

Result<void> check_kind(const mrda_session_kind& kind, const std::string& who) {
    if (kind.size_bytes < kLeastKindBytes || kind.type > MRDA_SESSION_KERNEL) {
        return make_error(Errc::unsupported,
                          who + "a kind of session of " + std::to_string(kind.size_bytes) +
                              " bytes and type " + std::to_string(kind.type) + ", of at least " +
                              std::to_string(kLeastKindBytes) + " bytes");
    }
    const auto type = static_cast<mrda_session_type>(kind.type);
    const std::string what = who + "its " + std::string(to_string(type));
    if (!has_functions(kind)) {
        return make_error(Errc::unsupported,
                          what + " lacks a mandatory function, or has one of another type's");
    }
    const bool coded = type == MRDA_SESSION_ENCODER || type == MRDA_SESSION_DECODER;
    if ((coded && kind.codecs == nullptr) || (takes_frames(type) && kind.inputs == nullptr) ||
        (gives_frames(type) && kind.outputs == nullptr)) {
        return make_error(Errc::unsupported, what + " does not list its codecs or formats");
    }
    if ((takes_frames(type) && kind.input_memory == 0) ||
        (gives_frames(type) && kind.output_memory == 0)) {
        return make_error(Errc::unsupported, what + " does not say which memory it works with");
    }
    return {};
}

/// Whether `bytes` at `offset_bytes` lie within a map of `map_bytes`.
bool within(std::uint32_t offset_bytes, std::uint32_t bytes, std::uint32_t map_bytes) {
    return offset_bytes <= map_bytes && bytes <= map_bytes - offset_bytes;
}

Result<void> check_argument(const mrda_unit_argument& argument, const mrda_unit_kind& kind,
                            const std::string& what) {
    if (argument.name == nullptr || argument.kind > MRDA_ARGUMENT_RESULT) {
        return make_error(Errc::unsupported, what + " has an argument of no name or known kind");
    }
    const std::uint32_t wanted = argument.kind == MRDA_ARGUMENT_BUFFER   ? sizeof(std::uint64_t)
                                 : argument.kind == MRDA_ARGUMENT_RESULT ? sizeof(std::int32_t)
                                                                         : argument.size_bytes;
    if (argument.size_bytes == 0 || argument.size_bytes != wanted ||
        !within(argument.offset_bytes, argument.size_bytes, kind.register_bytes)) {
        return make_error(Errc::unsupported,
                          what + ": argument " + argument.name + " of " +
                              std::to_string(argument.size_bytes) + " bytes at offset " +
                              std::to_string(argument.offset_bytes) + " of a register map of " +
                              std::to_string(kind.register_bytes));
    }
    return {};
}

Result<void> check_unit_kind(const mrda_unit_kind& kind, const std::string& who) {
    if (kind.size_bytes < kLeastUnitBytes || kind.name == nullptr) {
        return make_error(Errc::unsupported, who + "a unit of " + std::to_string(kind.size_bytes) +
                                                 " bytes or no name, of at least " +
                                                 std::to_string(kLeastUnitBytes) + " bytes");
    }
    const std::string what = who + "its unit " + kind.name;
    if (kind.register_bytes > MRDA_MAX_REGISTER_BYTES) {
        return make_error(Errc::unsupported, what + " has a register map of " +
                                                 std::to_string(kind.register_bytes) +
                                                 " bytes, of less than 4096");
    }
    if (kind.in_flight == 0) {
        return make_error(Errc::unsupported, what + " has no item in flight; say 1 at least");
    }
    for (const std::uint32_t offset_bytes :
         {kind.channel_in_offset, kind.channel_out_offset, kind.global_size_offset}) {
        if (offset_bytes != MRDA_NO_REGISTER &&
            !within(offset_bytes, sizeof(std::uint32_t), kind.register_bytes)) {
            return make_error(Errc::unsupported,
                              what + " has a word at offset " + std::to_string(offset_bytes) +
                                  " of a register map of " + std::to_string(kind.register_bytes));
        }
    }
    if ((kind.argument_count > 0 && kind.arguments == nullptr) ||
        (kind.image_count > 0 && kind.images == nullptr) ||
        (kind.image_count == 0 && kind.run == nullptr)) {
        return make_error(Errc::unsupported, what + " has no code, or lists that are not there");
    }
    for (const mrda_unit_image& image : std::span(kind.images, kind.image_count)) {
        if (image.data == nullptr || image.length_bytes == 0) {
            return make_error(Errc::unsupported, what + " has an image of no bytes");
        }
    }
    for (const mrda_unit_argument& argument : std::span(kind.arguments, kind.argument_count)) {
        MRDA_TRY(check_argument(argument, kind, what));
    }
    return {};
}

Result<void> check_device_kind(const mrda_device_kind& kind, const std::string& who) {
    if (kind.size_bytes < kLeastDevicesBytes || kind.count == nullptr || kind.open == nullptr ||
        kind.close == nullptr || kind.allocate == nullptr || kind.release == nullptr ||
        kind.copy_out == nullptr || kind.copy_in == nullptr || kind.load == nullptr ||
        kind.unload == nullptr || kind.run == nullptr) {
        return make_error(Errc::unsupported, who + "its devices lack a mandatory function");
    }
    return {};
}

Result<void> check_table(const mrda_plugin* table, const std::string& name) {
    const std::string who = "plugin " + name + ": ";
    if (table == nullptr) {
        return make_error(Errc::unsupported, who + MRDA_PLUGIN_ENTRY " returned nothing");
    }
    if (table->abi != MRDA_PLUGIN_ABI) {
        return make_error(
            Errc::unsupported,
            who + "built for plugin ABI " + std::to_string(table->abi) + ", this host has " +
                std::to_string(MRDA_PLUGIN_ABI) +
                (table->abi < MRDA_PLUGIN_ABI ? "; rebuild the plugin" : "; take a newer MRDA"));
    }
    if (table->size_bytes < kLeastTableBytes) {
        return make_error(Errc::unsupported,
                          who + "a table of " + std::to_string(table->size_bytes) +
                              " bytes, of at least " + std::to_string(kLeastTableBytes));
    }
    if (table->name == nullptr || name != table->name || table->version == nullptr) {
        return make_error(Errc::unsupported, who + "its table has no version, or another name");
    }
    if (kinds_of(*table).empty() && units_of(*table).empty() && table->devices == nullptr) {
        return make_error(Errc::unsupported, who + "it has no sessions, units or devices");
    }
    for (const mrda_session_kind* const kind : kinds_of(*table)) {
        MRDA_TRY(check_kind(*kind, who));
    }
    for (const mrda_unit_kind* const kind : units_of(*table)) {
        MRDA_TRY(check_unit_kind(*kind, who));
    }
    return table->devices == nullptr ? Result<void>() : check_device_kind(*table->devices, who);
}

}  // namespace

std::string_view to_string(mrda_session_type type) {
    switch (type) {
        case MRDA_SESSION_ENCODER:
            return "encoder";
        case MRDA_SESSION_DECODER:
            return "decoder";
        case MRDA_SESSION_SCALER:
            return "scaler";
        case MRDA_SESSION_FILTER:
            return "filter";
        case MRDA_SESSION_KERNEL:
            return "kernel";
    }
    return "session of no known type";
}

std::span<const mrda_session_kind* const> kinds_of(const mrda_plugin& table) {
    return until_null(table.kinds);
}

std::span<const mrda_unit_kind* const> units_of(const mrda_plugin& table) {
    return until_null(table.units);
}

Result<std::shared_ptr<const LoadedPlugin>> LoadedPlugin::load(const std::string& directory,
                                                               const std::string& name) {
    MRDA_TRY(check_plugin_name(name));
    MRDA_ASSIGN(const std::string folder, trusted_path(directory));
    MRDA_ASSIGN(const std::string path, trusted_path(plugin_path(folder, name)));
    std::shared_ptr<LoadedPlugin> plugin(new LoadedPlugin());
    plugin->library_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (plugin->library_ == nullptr) {
        return make_error(Errc::unsupported, "cannot load plugin " + name + ": " + ::dlerror());
    }
    void* const symbol = ::dlsym(plugin->library_, MRDA_PLUGIN_ENTRY);
    if (symbol == nullptr) {
        return make_error(Errc::unsupported, path + " is no plugin: it has no " MRDA_PLUGIN_ENTRY);
    }
    mrda_plugin_entry_fn entry = nullptr;
    std::memcpy(&entry, &symbol, sizeof entry);
    const mrda_plugin* const table = entry(MRDA_PLUGIN_ABI);
    MRDA_TRY(check_table(table, name));
    plugin->table_ = table;
    return std::shared_ptr<const LoadedPlugin>(std::move(plugin));
}

Result<std::shared_ptr<const LoadedPlugin>> LoadedPlugin::load(
    std::span<const std::string> directories, const std::string& name) {
    MRDA_ASSIGN(const std::string directory, find_plugin(directories, name));
    return load(directory, name);
}

Result<const mrda_session_kind*> LoadedPlugin::find(mrda_session_type type,
                                                    std::string_view codec) const {
    std::string all;
    bool typed = false;
    for (const mrda_session_kind* const kind : kinds_of(*table_)) {
        if (kind->type != static_cast<std::uint32_t>(type)) {
            continue;
        }
        typed = true;
        if (kind->codecs == nullptr) {
            return kind;
        }
        for (const char* const* known = kind->codecs; *known != nullptr; ++known) {
            if (codec == *known) {
                return kind;
            }
            all += std::string(all.empty() ? "" : ", ") + *known;
        }
    }
    const std::string who = std::string("plugin ") + table_->name;
    if (!typed) {
        return make_error(Errc::unsupported, who + " has no " + std::string(to_string(type)));
    }
    return make_error(Errc::unsupported, "codec \"" + std::string(codec) + "\" asked of " + who +
                                             ", whose " + std::string(to_string(type)) + " has " +
                                             all);
}

void LoadedPlugin::prepare(const std::string& device) const {
    if (table_->prepare != nullptr) {
        table_->prepare(device.c_str());
    }
}

LoadedPlugin::~LoadedPlugin() {
    if (library_ != nullptr) {
        ::dlclose(library_);
    }
}

}  // namespace mrda::media
