// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "mrda/interop/result.h"
#include "mrda/media/loaded_plugin.h"

namespace mrda::media {

/// A C array that ends with 0, or is full.
std::string text_of(std::span<const char> field);

/// The Error in a status that is none of a call's good ones. A plugin may return nonsense: that is
/// its bug, named.
Error error_of(const LoadedPlugin& plugin, std::string_view call, int status,
               const mrda_media_error& error);

/// A call that can only succeed or fail.
template <typename Call>
Result<void> call_plugin(const LoadedPlugin& plugin, std::string_view name, Call call) {
    mrda_media_error error;
    error.message[0] = '\0';
    const int status = call(&error);
    if (status != MRDA_MEDIA_OK) {
        return error_of(plugin, name, status, error);
    }
    return {};
}

}  // namespace mrda::media
