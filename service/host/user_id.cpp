// SPDX-License-Identifier: MIT
#include "user_id.h"

#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <vector>

namespace mrda::service {

Result<uid_t> user_id(const std::string& user) {
    if (user.empty()) {
        return ::geteuid();
    }
    uid_t number = 0;
    const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), number);
    // The last number is the kernel's word for nobody.
    if (error == std::errc() && end == user.data() + user.size() && number != uid_t(-1)) {
        return number;
    }
    std::vector<char> room(16'384);
    passwd entry{};
    passwd* found = nullptr;
    const int problem = ::getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found);
    if (problem != 0) {
        return os_error("getpwnam_r", problem, "cannot look up user \"" + user + "\"");
    }
    if (found == nullptr) {
        return make_error(Errc::not_found, "no user is called \"" + user + "\"");
    }
    return found->pw_uid;
}

}  // namespace mrda::service
