// SPDX-License-Identifier: MIT
#include "token.h"

#include <algorithm>
#include <utility>

#include "os.h"
#include "runtime_dir.h"

namespace mrda::guest::core {

Token Token::from(std::string file) {
    Token token;
    token.file_ = std::move(file);
    if (token.file_.empty()) {
        token.value_ = os::environment("MRDA_TOKEN").value_or("");
    }
    if (token.file_.empty() && token.value_.empty()) {
        token.file_ = os::environment("MRDA_TOKEN_FILE").value_or("");
    }
    return token;
}

Result<std::string> Token::read() const {
    if (!value_.empty()) {
        const bool plain =
            std::all_of(value_.begin(), value_.end(), [](char c) { return c > ' ' && c <= '~'; });
        if (!plain) {
            return make_error(Errc::invalid_argument,
                              "MRDA_TOKEN holds spaces or what is no ASCII: that is no token");
        }
        return value_;
    }
    if (!file_.empty()) {
        return os::read_secret(file_);
    }
    MRDA_ASSIGN(const std::string folder, os::runtime_folder());
    auto secret = os::read_secret(folder + "/" + kDefaultTokenName);
    if (!secret.ok() && secret.error().code == Errc::not_found) {
        return std::string();
    }
    return secret;
}

std::string Token::origin() const {
    if (!value_.empty()) {
        return "MRDA_TOKEN";
    }
    if (!file_.empty()) {
        return file_;
    }
    const auto folder = os::runtime_folder();
    return folder.ok() ? *folder + "/" + kDefaultTokenName : kDefaultTokenName;
}

Result<std::string> default_address() {
    if (auto named = os::environment("MRDA_ADDRESS")) {
        return std::move(*named);
    }
    MRDA_ASSIGN(const std::string folder, os::runtime_folder());
    return "unix:" + folder + "/" + kServiceSocketName;
}

}  // namespace mrda::guest::core
