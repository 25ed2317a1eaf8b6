// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mrda/interop/result.h"
#include "mrda/media/plugin.h"

namespace mrda::media {

std::string_view to_string(mrda_session_type type);

/// A loaded plugin. Sessions keep it loaded. Const calls may be made from several threads at once.
class LoadedPlugin {
  public:
    /// Loads DIR/libmrda_NAME.so. `name` must match [a-z0-9_-]+. Neither the file nor its folder,
    /// where links lead to, may be writable by anybody but root, this process's user and its group,
    /// nor any folder above that is not sticky. Errors: invalid_argument (the name), not_found,
    /// permission_denied, unsupported (no plugin, another ABI: both named, a missing function),
    /// with what the dynamic loader said.
    static Result<std::shared_ptr<const LoadedPlugin>> load(const std::string& directory,
                                                            const std::string& name);
    /// The same of the first directory that has the file: one that is refused there is not looked
    /// for in the next. Errors: as above; not_found (naming the directories).
    static Result<std::shared_ptr<const LoadedPlugin>> load(
        std::span<const std::string> directories, const std::string& name);
    ~LoadedPlugin();
    LoadedPlugin(const LoadedPlugin&) = delete;
    LoadedPlugin& operator=(const LoadedPlugin&) = delete;

    [[nodiscard]] const mrda_plugin& table() const { return *table_; }
    /// The kind of session of that type, for `codec` where the type has codecs.
    /// Errors: unsupported, naming what there is.
    [[nodiscard]] Result<const mrda_session_kind*> find(mrda_session_type type,
                                                        std::string_view codec) const;
    /// Lets it load what a session on `device` will need, where it can: see plugin.h.
    void prepare(const std::string& device) const;

  private:
    LoadedPlugin() = default;

    void* library_ = nullptr;
    const mrda_plugin* table_ = nullptr;
};

/// What a table lists.
std::span<const mrda_session_kind* const> kinds_of(const mrda_plugin& table);
std::span<const mrda_unit_kind* const> units_of(const mrda_plugin& table);

/// For plugins in C++: fills the C side's error and gives the status to return.
int fail(const Error& error, mrda_media_error* out);
/// Copies `text` into a C array, cut where it does not fit.
void copy_text(std::span<char> out, std::string_view text);

}  // namespace mrda::media
