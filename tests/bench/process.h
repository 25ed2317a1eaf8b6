// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "mrda/interop/fd.h"
#include "mrda/interop/result.h"

namespace mrda::bench {

/// The first of the descriptors that a child finds open, beside the standard three.
inline constexpr int kFirstPassedFd = 3;

/// Where a process may run.
enum class Core : std::uint8_t { any, first, second };

struct ProcessSpec {
    std::vector<std::string> command;  ///< command[0] without '/': looked for in PATH.
    std::string log_file;              ///< Where what it prints goes.
    std::vector<int> passed;           ///< Its descriptors from kFirstPassedFd on; borrowed.
    std::vector<std::pair<std::string, std::string>> environment;  ///< Beside ours.
    Core core = Core::any;  ///< Its threads' and its own children's, too.
};

/// A child, which ends with its owner: it is asked to by SIGTERM, and then made to. It also ends
/// when the thread that started it does. Move-only.
class Process {
  public:
    /// Errors: io. A program that cannot be run is one that ended at once.
    static Result<Process> start(const ProcessSpec& spec);

    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;
    Process(const Process&) = delete;
    ~Process();

    /// Whether it ended within the time.
    bool ended_within(std::uint64_t timeout_ns);
    /// Where it prints to, and its last line there.
    [[nodiscard]] std::string last_words() const;

  private:
    Process(pid_t pid, Fd handle, std::string log_file)
        : pid_(pid), handle_(std::move(handle)), log_file_(std::move(log_file)) {}

    pid_t pid_;
    Fd handle_;
    std::string log_file_;
};

/// A new folder of this user's alone, which goes with its owner and everything in it. Move-only.
class TempFolder {
  public:
    static Result<TempFolder> make();
    TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TempFolder& operator=(TempFolder&&) = delete;
    TempFolder(const TempFolder&) = delete;
    ~TempFolder();

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    explicit TempFolder(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

/// How many processors this program may use.
int core_count();

}  // namespace mrda::bench
