// SPDX-License-Identifier: MIT
// Runs a program on Intel's own drivers, over a stand-in for the kernel's render node. Needs
// neither root nor a GPU.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "own_loader.h"
#include "stub/fault.h"
#include "stub/kinds.h"
#include "stub/settings.h"
#include "stub/tree.h"

namespace {

namespace fs = std::filesystem;
namespace stub = mrda::stub;

constexpr int kBadUse = 2;
constexpr int kSkipped = 77;
constexpr std::array<std::string_view, 4> kSets{"debian12", "debian12-nonfree", "newer",
                                                "newer-nonfree"};

struct Options {
    std::string devices = "adlp";
    std::string drivers = "debian12";
    std::string va_drivers;
    fs::path folder = MRDA_INTEL_DIR;
    std::string trace;
    std::string fail;
    std::string bytes;
    std::vector<std::string> program;
};

void set(const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), 1);
}

/// Points the vendors' loaders at the drivers, and the preloaded library at the tree.
void set_environment(const Options& options, const fs::path& root) {
    const fs::path libraries = options.folder / options.drivers / "usr/lib/x86_64-linux-gnu";
    const fs::path va = options.folder /
                        (options.va_drivers.empty() ? options.drivers : options.va_drivers) /
                        "usr/lib/x86_64-linux-gnu/dri";
    if (!stub::has_own_loader(options.folder / options.drivers)) {
        const char* before = std::getenv("LD_LIBRARY_PATH");
        set("LD_LIBRARY_PATH",
            libraries.string() + (before == nullptr ? "" : ":" + std::string(before)));
    }
    set("LIBVA_DRIVERS_PATH", va);
    set("ZE_ENABLE_ALT_DRIVERS", libraries / "libze_intel_gpu.so.1");
    set("ONEVPL_SEARCH_PATH", libraries);
    // Level Zero on xe would write commands into a ring that runs on by itself; the node executes
    // what is submitted by ioctl.
    set("NEOReadDebugKeys", "1");
    set("EnableDirectSubmission", "0");
    set(stub::kRootVariable, root);
    set(stub::kDevicesVariable, options.devices);
    set(stub::kTraceVariable, options.trace.empty() ? "" : fs::absolute(options.trace).string());
    set(stub::kFailVariable, options.fail);
    if (!options.bytes.empty()) {
        set(stub::kBytesVariable, options.bytes);
    }
    const char* preloaded = std::getenv("LD_PRELOAD");
    set("LD_PRELOAD",
        (preloaded == nullptr ? "" : std::string(preloaded) + ":") +
            (fs::read_symlink("/proc/self/exe").parent_path() / "libmrda_stub_node.so").string());
}

volatile std::sig_atomic_t child_id = 0;

void pass_on(int signal) {
    if (child_id > 0) {
        ::kill(static_cast<pid_t>(child_id), signal);
    }
}

/// The program as execvp() would find it.
std::string find_program(const std::string& name) {
    std::istringstream folders(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
    for (std::string folder;
         name.find('/') == std::string::npos && std::getline(folders, folder, ':');) {
        if (::access((fs::path(folder) / name).c_str(), X_OK) == 0) {
            return fs::path(folder) / name;
        }
    }
    return name;
}

int run(const Options& options, const fs::path& root) {
    std::vector<std::string> words = options.program;
    if (stub::has_own_loader(options.folder / options.drivers)) {
        words[0] = stub::under_own_loader(options.folder / options.drivers, find_program(words[0]));
    }
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        set_environment(options, root);
        ::execvp(arguments[0], arguments.data());
        std::perror(arguments[0]);
        ::_exit(127);
    }
    child_id = child;
    std::signal(SIGINT, pass_on);
    std::signal(SIGTERM, pass_on);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        std::fprintf(stderr, "stub_run: %s ended by signal %d\n", words[0].c_str(),
                     WTERMSIG(status));
        return 128 + WTERMSIG(status);
    }
    return WEXITSTATUS(status);
}

std::string kinds_for_help() {
    std::string text = "KIND[@PCI],…: the devices; KIND is one of";
    for (const stub::DeviceKind& kind : stub::device_kinds()) {
        text += "\n  " + std::string(kind.name) + " (" + std::string(kind.what) + ", " +
                stub::name_of(kind.driver) + ")";
    }
    return text;
}

int refuse(int code, const std::string& why) {
    std::cerr << "stub_run: " << why << '\n';
    return code;
}

/// 0, or the exit code for options that cannot be followed.
int check(const Options& options) {
    const auto devices = stub::parse_devices(options.devices);
    if (devices.empty()) {
        return refuse(kBadUse,
                      "no such device, or not its address: " + options.devices + "; see --help");
    }
    for (const stub::Device& device : devices) {
        if (!MRDA_STUB_HAS_XE && device.kind->driver == stub::KernelDriver::xe) {
            return refuse(
                kSkipped,
                std::string(device.kind->name) +
                    " needs the header that declares xe; run tests/intel/fetch.sh xe-header, "
                    "then configure and build again");
        }
    }
    if (!options.fail.empty() && stub::parse_faults(options.fail).empty()) {
        return refuse(kBadUse,
                      "not WHAT:WHEN:HOW: " + options.fail + "; see tests/intel/stub/fault.h");
    }
    for (const std::string& set : {options.drivers, options.va_drivers}) {
        if (!set.empty() && std::find(kSets.begin(), kSets.end(), set) == kSets.end()) {
            return refuse(kBadUse,
                          "there are no drivers " + set + "; see tests/intel/fetch.sh --help");
        }
        if (!set.empty() && !fs::exists(options.folder / (set + ".complete"))) {
            return refuse(kSkipped,
                          "the drivers " + set + " are not there; run tests/intel/fetch.sh " + set);
        }
    }
    if (!options.trace.empty() && !std::ofstream(options.trace, std::ios::app)) {
        return refuse(kBadUse, "cannot write the trace " + options.trace);
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    Options options;
    CLI::App app(
        "stub_run [OPTIONS] PROGRAM [ARGUMENTS]: runs PROGRAM on Intel's own drivers, over a "
        "stand-in for the kernel's render node.");
    app.prefix_command();  // The first word that is no option of ours begins the program's.
    app.add_option("--device", options.devices, kinds_for_help());
    app.add_option("--drivers", options.drivers, "a set of tests/intel/fetch.sh");
    app.add_option("--va-drivers", options.va_drivers, "another set, for the VA driver alone");
    app.add_option("--drivers-dir", options.folder, "where the sets are");
    app.add_option("--trace", options.trace,
                   "append a line for each ioctl that matters to this file");
    app.add_option("--fail", options.fail, "WHAT:WHEN:HOW,…: ioctls that are to fail");
    app.add_option("--bytes", options.bytes, "how long an encoded frame is");
    CLI11_PARSE(app, count, words);
    options.program = app.remaining();
    if (options.program.empty() || options.program.front().starts_with("-")) {
        return refuse(kBadUse, options.program.empty()
                                   ? "no program; see --help"
                                   : "no such option: " + options.program.front() + "; see --help");
    }
    if (const int problem = check(options); problem != 0) {
        return problem;
    }
    std::string root = (fs::canonical(fs::temp_directory_path()) / "mrda-stub.XXXXXX").string();
    if (::mkdtemp(root.data()) == nullptr) {
        std::perror("stub_run: a folder for the tree");
        return 1;
    }
    int result = 1;
    try {
        options.folder = fs::absolute(options.folder);
        stub::make_tree(root, stub::parse_devices(options.devices));
        result = run(options, root);
    } catch (const std::exception& problem) {
        std::cerr << "stub_run: " << problem.what() << '\n';
    }
    std::error_code ignored;
    fs::remove_all(root, ignored);
    return result;
}
