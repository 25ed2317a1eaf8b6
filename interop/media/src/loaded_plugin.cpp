// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "mrda/media/loaded_plugin.h"

namespace mrda::media {

namespace {

/// With everything that is mandatory.
constexpr std::size_t kLeastTableBytes = offsetof(mrda_plugin, prepare);
constexpr std::size_t kTableWithPrepareBytes = kLeastTableBytes + sizeof(mrda_plugin::prepare);

bool is_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

/// Whoever can write what we load can be us.
Result<void> check_trusted(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return os_error("stat", errno, "no plugin at " + path);
    }
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return make_error(Errc::permission_denied,
                          path + " belongs to user " + std::to_string(status.st_uid) +
                              "; plugins are root's or the service user's own");
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return make_error(Errc::permission_denied,
                          path + " can be written by everybody; chmod o-w it");
    }
    // A user's own group is the user alone, on systems that make files group-writable.
    const bool own_group = status.st_gid == 0 || status.st_gid == ::getegid();
    if ((status.st_mode & S_IWGRP) != 0 && !own_group) {
        return make_error(
            Errc::permission_denied,
            path + " can be written by group " + std::to_string(status.st_gid) + "; chmod g-w it");
    }
    return {};
}

bool takes_frames(std::uint32_t type) {
    return type != MRDA_SESSION_DECODER;
}
bool gives_frames(std::uint32_t type) {
    return type != MRDA_SESSION_ENCODER;
}

/// What a host calls without asking.
bool has_functions(const mrda_session_kind& kind) {
    const bool takes = takes_frames(kind.type)
                           ? kind.send_frame != nullptr
                           : kind.send_packet != nullptr && kind.describe != nullptr;
    const bool gives =
        gives_frames(kind.type) ? kind.receive_frame != nullptr : kind.receive_packet != nullptr;
    return kind.init != nullptr && takes && gives && kind.close != nullptr;
}

Result<void> check_kind(const mrda_session_kind& kind, const std::string& who) {
    if (kind.size_bytes < sizeof kind || kind.type > MRDA_SESSION_FILTER) {
        return make_error(Errc::unsupported,
                          who + "a kind of session of " + std::to_string(kind.size_bytes) +
                              " bytes and type " + std::to_string(kind.type) + ", of at least " +
                              std::to_string(sizeof kind) + " bytes");
    }
    const auto type = static_cast<mrda_session_type>(kind.type);
    const std::string what = who + "its " + std::string(to_string(type));
    if (!has_functions(kind)) {
        return make_error(Errc::unsupported, what + " lacks a mandatory function");
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

Result<void> check_table(const mrda_plugin* table, const std::string& name) {
    const std::string who = "plugin " + name + ": ";
    if (table == nullptr) {
        return make_error(Errc::unsupported, who + MRDA_PLUGIN_ENTRY " returned nothing");
    }
    if (table->abi != MRDA_PLUGIN_ABI) {
        return make_error(Errc::unsupported, who + "built for plugin ABI " +
                                                 std::to_string(table->abi) + ", this host has " +
                                                 std::to_string(MRDA_PLUGIN_ABI) +
                                                 "; rebuild the older one");
    }
    if (table->size_bytes < kLeastTableBytes) {
        return make_error(Errc::unsupported,
                          who + "a table of " + std::to_string(table->size_bytes) +
                              " bytes, of at least " + std::to_string(kLeastTableBytes));
    }
    if (table->name == nullptr || name != table->name || table->version == nullptr ||
        table->kinds == nullptr || table->kinds[0] == nullptr) {
        return make_error(Errc::unsupported,
                          who + "its table has no version or sessions, or another name");
    }
    for (const mrda_session_kind* const kind : kinds_of(*table)) {
        MRDA_TRY(check_kind(*kind, who));
    }
    return {};
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
    }
    return "session of no known type";
}

std::span<const mrda_session_kind* const> kinds_of(const mrda_plugin& table) {
    std::size_t count = 0;
    while (table.kinds[count] != nullptr) {
        ++count;
    }
    return {table.kinds, count};
}

Result<std::shared_ptr<const LoadedPlugin>> LoadedPlugin::load(const std::string& directory,
                                                               const std::string& name) {
    if (!is_name(name)) {
        return make_error(Errc::invalid_argument,
                          "plugin \"" + name + "\": names have letters a-z, digits, _ and -");
    }
    const std::string path = directory + "/libmrda_" + name + ".so";
    MRDA_TRY(check_trusted(directory));
    MRDA_TRY(check_trusted(path));
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
    if (table_->size_bytes >= kTableWithPrepareBytes && table_->prepare != nullptr) {
        table_->prepare(device.c_str());
    }
}

LoadedPlugin::~LoadedPlugin() {
    if (library_ != nullptr) {
        ::dlclose(library_);
    }
}

}  // namespace mrda::media
