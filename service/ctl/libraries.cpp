// SPDX-License-Identifier: MIT
#include "libraries.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "mrda/interop/fd.h"
#include "mrda/interop/platform.h"

namespace mrda::ctl {

namespace {

using Verdict = Finding::Verdict;

constexpr unsigned kPatienceSeconds = 10;
/// Where Debian's libva looks, if nothing names another folder.
constexpr const char* kVaDrivers = "/usr/lib/x86_64-linux-gnu/dri";

struct Library {
    const char* file;
    const char* package;  ///< Debian's.
};
constexpr std::array<Library, 4> kLoaders{{{"libze_loader.so.1", "libze1"},
                                           {"libva.so.2", "libva2"},
                                           {"libva-drm.so.2", "libva-drm2"},
                                           {"libvpl.so.2", "libvpl2"}}};
constexpr Library kLevelZero{"libze_intel_gpu.so.1", "intel-opencl-icd"};
constexpr Library kVa{"iHD_drv_video.so", "intel-media-va-driver"};
constexpr Library kVpl{"libmfx-gen.so.1.2", "libmfx-gen1.2"};
constexpr std::array<const char*, 3> kSoftware{"libmrda_ze.so", "mrda_drv_video.so",
                                               "libvplmrda.so"};

/// The child's part: says '+' and which file was loaded, or '-' and why none was.
[[noreturn]] void load(const char* file, int answer) {
    ::alarm(kPatienceSeconds);
    std::string text;
    link_map* loaded = nullptr;
    void* const library = ::dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr || ::dlinfo(library, RTLD_DI_LINKMAP, &loaded) != 0) {
        text = std::string("-") + ::dlerror();
    } else {
        // Behind the links, because that file's name has the whole version.
        std::error_code unresolved;
        const auto path = std::filesystem::canonical(loaded->l_name, unresolved);
        text = "+" + (unresolved ? std::string(loaded->l_name) : path.string());
    }
    ::_exit(::write(answer, text.data(), text.size()) < 0 ? 1 : 0);
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 512> bytes{};
    for (;;) {
        const ssize_t count = ::read(fd, bytes.data(), bytes.size());
        if (count > 0) {
            text.append(bytes.data(), static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

/// The first of the folders in `variables` that has `file`; empty: none has.
std::string find_in(std::initializer_list<const char*> variables, const std::string& file) {
    for (const char* variable : variables) {
        const char* const value = std::getenv(variable);
        std::string folders = value == nullptr ? "" : value;
        while (!folders.empty()) {
            const std::size_t end = folders.find(':');
            const std::string path = folders.substr(0, end) + "/" + file;
            if (::access(path.c_str(), F_OK) == 0) {
                return path;
            }
            folders.erase(0, end == std::string::npos ? end : end + 1);
        }
    }
    return {};
}

Finding gpu_driver(const Library& driver, const std::string& file) {
    return loads(
        std::string("GPU driver ") + driver.file, file,
        std::string("with an Intel GPU: apt install ") + driver.package +
            " (--reinstall where it is); without one nothing: the software drivers are used");
}

Finding va_driver() {
    const char* const named = std::getenv("LIBVA_DRIVERS_PATH");
    const std::string found = find_in({"LIBVA_DRIVERS_PATH"}, kVa.file);
    const std::string folders = named == nullptr ? kVaDrivers : named;
    return gpu_driver(kVa, found.empty() ? folders + "/" + kVa.file : found);
}

Finding vpl_driver() {
    const std::string found = find_in({"ONEVPL_PRIORITY_PATH", "ONEVPL_SEARCH_PATH"}, kVpl.file);
    return gpu_driver(kVpl, found.empty() ? kVpl.file : found);
}

/// Not loaded: that would bind this program by x264's licence. The chain shows whether it goes.
Finding software_driver(const char* file) {
    const auto dir = software_driver_dir();
    const std::string path = dir.ok() ? *dir + "/" + file : "";
    const std::string what = std::string("software driver ") + file;
    if (dir.ok() && ::access(path.c_str(), R_OK) == 0) {
        return {Verdict::works, what, path, ""};
    }
    return {Verdict::missing, what,
            dir.ok() ? path + ": " + std::strerror(errno) : to_string(dir.error()),
            "build MRDA with -DMRDA_SOFTWARE_DRIVERS=ON"};
}

}  // namespace

Finding loads(const std::string& what, const std::string& file, const std::string& mend) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return {Verdict::missing, what, std::strerror(errno), ""};
    }
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        load(file.c_str(), writing.get());
    }
    if (child < 0) {
        return {Verdict::missing, what, std::strerror(errno), ""};
    }
    writing.reset();
    const std::string answer = read_all(reading.get());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (answer.empty()) {
        const std::string end = WIFSIGNALED(status)
                                    ? "was ended by signal " + std::to_string(WTERMSIG(status)) +
                                          " (" + ::strsignal(WTERMSIG(status)) + ")"
                                    : "ended";
        return {Verdict::missing, what, "a process that loaded " + file + " " + end, mend};
    }
    if (answer.front() == '+') {
        return {Verdict::works, what, answer.substr(1), ""};
    }
    return {Verdict::missing, what, answer.substr(1), mend};
}

std::vector<Finding> libraries() {
    std::vector<Finding> findings;
    for (const Library& loader : kLoaders) {
        findings.push_back(loads(std::string("loader ") + loader.file, loader.file,
                                 std::string("apt install ") + loader.package));
    }
    findings.push_back(gpu_driver(kLevelZero, kLevelZero.file));
    findings.push_back(va_driver());
    findings.push_back(vpl_driver());
    for (const char* file : kSoftware) {
        findings.push_back(software_driver(file));
    }
    return findings;
}

}  // namespace mrda::ctl
