// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::service {

/// The whole file, which must be this user's alone; nothing: it is not there. Errors:
/// permission_denied, io, corrupt (over 1 MiB).
Result<std::optional<std::string>> read_private_file(const std::string& path);
/// Replaces the file as a whole, 0600: readers see the old text or the new one. Errors: io.
Result<void> write_private_file(const std::string& path, std::string_view text);
/// The same for several files: all of them are replaced, or none. Errors: io.
struct FileText {
    std::string path;
    std::string text;
};
Result<void> write_private_files(const std::vector<FileText>& files);

/// Holds the folder for this process. Errors: busy (another service has it).
Result<Fd> lock_dir(const std::string& path);
/// One more than the last time. Errors: as above; corrupt (no number).
Result<std::uint32_t> next_epoch(const std::string& state_dir);

/// 32 random bytes as 64 hexadecimal digits. Errors: io.
Result<std::string> random_token();
/// Whether both are equal, in a time that depends on their lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace mrda::service
