// SPDX-License-Identifier: MIT
#include "call_plugin.h"

#include <algorithm>
#include <cstring>

namespace mrda::media {

std::string text_of(std::span<const char> field) {
    return {field.data(), ::strnlen(field.data(), field.size())};
}

Error error_of(const LoadedPlugin& plugin, std::string_view call, int status,
               const mrda_media_error& error) {
    const std::string who = std::string("plugin ") + plugin.table().name + ": " + std::string(call);
    if (status >= 0 || status < -1 - static_cast<int>(Errc::internal)) {
        return make_error(Errc::internal, who + " returned " + std::to_string(status));
    }
    std::string message = text_of(error.message);
    return make_error(static_cast<Errc>(-1 - status),
                      message.empty() ? who + " failed" : std::move(message));
}

int fail(const Error& error, mrda_media_error* out) {
    copy_text(out->message, to_string(error));
    return -1 - static_cast<int>(error.code);
}

void copy_text(std::span<char> out, std::string_view text) {
    const std::size_t length = std::min(text.size(), out.size() - 1);
    std::copy_n(text.begin(), length, out.begin());
    out[length] = '\0';
}

}  // namespace mrda::media
