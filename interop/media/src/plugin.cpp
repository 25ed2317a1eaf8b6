// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "mrda/media/encoder_session.h"

namespace mrda::media {

namespace {

/// With every function that is mandatory.
constexpr std::size_t kLeastTableBytes = offsetof(mrda_encoder_plugin, prepare);
constexpr std::size_t kTableWithPrepareBytes =
    kLeastTableBytes + sizeof(mrda_encoder_plugin::prepare);

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

Result<void> check_table(const mrda_encoder_plugin* table, const std::string& name) {
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
        table->codecs == nullptr) {
        return make_error(Errc::unsupported,
                          who + "its table has no version or codecs, or another name");
    }
    if (table->open == nullptr || table->send == nullptr || table->receive == nullptr ||
        table->take_done == nullptr || table->drain == nullptr || table->reset == nullptr ||
        table->report == nullptr || table->close == nullptr) {
        return make_error(Errc::unsupported, who + "a mandatory function is missing");
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<const Plugin>> Plugin::load(const std::string& directory,
                                                   const std::string& name) {
    if (!is_name(name)) {
        return make_error(Errc::invalid_argument,
                          "plugin \"" + name + "\": names have letters a-z, digits, _ and -");
    }
    const std::string path = directory + "/libmrda_" + name + ".so";
    MRDA_TRY(check_trusted(directory));
    MRDA_TRY(check_trusted(path));
    std::shared_ptr<Plugin> plugin(new Plugin());
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
    const mrda_encoder_plugin* const table = entry(MRDA_PLUGIN_ABI);
    MRDA_TRY(check_table(table, name));
    plugin->table_ = table;
    return std::shared_ptr<const Plugin>(std::move(plugin));
}

void Plugin::prepare(const std::string& device) const {
    if (table_->size_bytes >= kTableWithPrepareBytes && table_->prepare != nullptr) {
        table_->prepare(device.c_str());
    }
}

Plugin::~Plugin() {
    if (library_ != nullptr) {
        ::dlclose(library_);
    }
}

}  // namespace mrda::media
