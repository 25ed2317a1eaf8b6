// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

/// Everything that the guest library asks of the operating system beyond mrda::ivshmem. Another
/// system's guest has another file beside os_linux.cpp.
namespace mrda::guest::os {

/// Nanoseconds of the clock that mrda::ivshmem's deadlines are in.
std::uint64_t now_ns();
/// Later than any time there is, where the sum would be.
std::uint64_t deadline_after(std::uint64_t timeout_ns);

/// Nothing: not set, or empty.
std::optional<std::string> environment(const char* name);

/// The user's own runtime folder. Errors: as mrda::runtime_dir().
Result<std::string> runtime_folder();

/// The first line of a small file that this user alone can read. Errors: not_found,
/// permission_denied (others can read it: it is named), corrupt (empty, too long, no text).
Result<std::string> read_secret(const std::string& path);

/// Shared memory by its name; a symbolic link is refused. Errors: not_found, permission_denied, io.
Result<Fd> open_region(const std::string& path);

/// Shared memory from whoever listens on the unix socket `socket_path`: `token` is sent, and the
/// answer must bring exactly one descriptor. Errors: not_found (nobody listens), permission_denied
/// (the token opens nothing), corrupt (no descriptor, or several), timeout, io.
Result<Fd> receive_region(const std::string& socket_path, std::string_view token,
                          std::uint64_t deadline_ns);

/// Puts private pages in the place of the mapped `pages`, page-aligned at both ends: no peer sees
/// or changes them any more. What lies in the ranges `keep` keeps its content, everything else is
/// zero. Errors: out_of_memory; the old pages may be gone then.
Result<void> make_private(std::span<std::byte> pages,
                          std::span<const std::span<const std::byte>> keep);

}  // namespace mrda::guest::os
