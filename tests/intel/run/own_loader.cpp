// SPDX-License-Identifier: MIT
#include "own_loader.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <vector>

namespace mrda::stub {

namespace {

namespace fs = std::filesystem;

constexpr const char* kLoader = "usr/lib64/ld-linux-x86-64.so.2";
constexpr const char* kLibraries = "usr/lib/x86_64-linux-gnu";

bool is_elf(const fs::path& file) {
    std::array<char, 4> begin{};
    std::ifstream(file, std::ios::binary).read(begin.data(), begin.size());
    return begin == std::array<char, 4>{'\x7f', 'E', 'L', 'F'};
}

void run(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    pid_t child = 0;
    int status = 0;
    if (::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0 ||
        ::waitpid(child, &status, 0) != child || status != 0) {
        throw std::runtime_error(words[0] + " failed for " + words.back() +
                                 "; install the package patchelf");
    }
}

void copy_under(const fs::path& set, const fs::path& program, const fs::path& copy) {
    std::error_code ignored;
    if (fs::last_write_time(copy, ignored) >= fs::last_write_time(program)) {
        return;
    }
    // A copy of one's own until it is whole: another run may be making the same.
    const fs::path making = copy.string() + "." + std::to_string(::getpid());
    fs::copy_file(program, making, fs::copy_options::overwrite_existing);
    run({"patchelf", "--set-interpreter", (set / kLoader).string(), making.string()});
    // RPATH and not RUNPATH: what the drivers need is looked for there too.
    run({"patchelf", "--force-rpath", "--add-rpath", (set / kLibraries).string(), making.string()});
    fs::rename(making, copy);
}

}  // namespace

bool has_own_loader(const fs::path& set) {
    return fs::exists(set / kLoader);
}

fs::path under_own_loader(const fs::path& set, const fs::path& program) {
    const fs::path folder = fs::canonical(program).parent_path();
    // Each build tree has its own copies.
    const std::string tree =
        std::to_string(std::hash<std::string>{}(folder.parent_path().string()));
    const fs::path copies = set / "programs" / tree / folder.filename();
    fs::create_directories(copies);
    if (fs::exists(folder.parent_path() / "lib")) {
        std::error_code there;
        fs::create_directory_symlink(folder.parent_path() / "lib", copies.parent_path() / "lib",
                                     there);
    }
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const bool wanted = name == program.filename() || name.starts_with("mrda-");
        if (wanted && entry.is_regular_file() && is_elf(entry.path())) {
            copy_under(set, entry.path(), copies / name);
        }
    }
    return copies / program.filename();
}

}  // namespace mrda::stub
