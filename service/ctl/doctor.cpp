// SPDX-License-Identifier: MIT
#include "doctor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "libraries.h"
#include "mrda/interop/exit_code.h"
#include "mrda/interop/platform.h"
#include "mrda/interop/run_child.h"
#include "plugins.h"
#include "probe_program.h"
#include "runtime_dir.h"

namespace mrda::ctl {

namespace {

using Verdict = Finding::Verdict;

constexpr std::uint64_t kChainTimeoutNs = 30'000'000'000;
/// Eight 4K frames in each direction: what one session of that size takes.
constexpr std::uint64_t kComfortableShmBytes = std::uint64_t{256} << 20;

std::string mib(std::uint64_t size_bytes) {
    return std::to_string(size_bytes >> 20U) + " MiB";
}

/// "/dev/dri/renderD128 (0000:00:02.0, i915)"; a node that sysfs does not tell of has no address.
std::string node_text(const std::string& path) {
    const std::string device = "/sys/class/drm/" + path.substr(path.rfind('/') + 1) + "/device";
    std::error_code ignored;
    const auto address = std::filesystem::read_symlink(device, ignored).filename().string();
    const auto driver =
        std::filesystem::read_symlink(device + "/driver", ignored).filename().string();
    return address.empty() ? path
                           : path + " (" + address + (driver.empty() ? "" : ", " + driver) + ")";
}

Finding render_nodes() {
    Finding finding{Verdict::missing, "render node", "", ""};
    std::error_code error;
    std::string denied;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/dri", error)) {
        const std::string path = entry.path().string();
        if (path.find("renderD") == std::string::npos) {
            continue;
        }
        if (::access(path.c_str(), R_OK | W_OK) == 0) {
            finding.verdict = Verdict::works;
            finding.found += (finding.found.empty() ? "" : ", ") + node_text(path);
        } else {
            denied += " " + path;
        }
    }
    if (!denied.empty()) {
        finding.found += (finding.found.empty() ? "" : "; ") + ("not open to this user:" + denied);
        finding.mend = "usermod -aG render USER, then log in again";
    } else if (finding.found.empty()) {
        finding.found = "none under /dev/dri";
        finding.mend =
            "with an Intel GPU: load i915 or xe, and give containers --device /dev/dri; "
            "without one nothing: the software drivers are used";
    }
    return finding;
}

Finding udmabuf() {
    const int fd = ::open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        ::close(fd);
        std::ifstream limit("/sys/module/udmabuf/parameters/size_limit_mb");
        std::string megabytes;
        limit >> megabytes;
        return {Verdict::works, "/dev/udmabuf",
                "opens; one buffer has at most " + (megabytes.empty() ? "?" : megabytes) + " MiB",
                ""};
    }
    const std::string why = std::strerror(errno);
    return {Verdict::missing, "/dev/udmabuf", why,
            errno == EACCES ? "give this user access: a udev rule, group kvm"
                            : "modprobe udmabuf; without it slots reach a GPU by the copy engine, "
                              "and the software drivers are not affected"};
}

Finding shared_memory() {
    struct statvfs status {};
    if (::statvfs("/dev/shm", &status) != 0) {
        return {Verdict::missing, "/dev/shm", std::strerror(errno),
                "mount a tmpfs there; regions in files need it, regions in memfds do not"};
    }
    const std::uint64_t free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
    const bool enough = free_bytes >= kComfortableShmBytes;
    return {enough ? Verdict::works : Verdict::limited, "/dev/shm", mib(free_bytes) + " free",
            enough ? "" : "mount -o remount,size=1G /dev/shm (or docker run --shm-size 1g)"};
}

Finding memlock() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) {
        return {Verdict::limited, "locked memory", std::strerror(errno), ""};
    }
    if (limit.rlim_cur == RLIM_INFINITY) {
        return {Verdict::works, "locked memory", "no limit", ""};
    }
    const bool enough = limit.rlim_cur >= (rlim_t{64} << 20U);
    return {enough ? Verdict::works : Verdict::limited, "locked memory",
            "at most " + mib(limit.rlim_cur),
            enough ? ""
                   : "a GPU pins user pointers: LimitMEMLOCK=infinity in the unit, or "
                     "/etc/security/limits.d"};
}

/// The whole chain on one platform, walked with one small frame in a child.
Finding chain(const char* platform, const char* what, const char* otherwise) {
    const auto child =
        run_child({probe_program(), "--chain", "--platform", platform}, kChainTimeoutNs);
    if (!child.ok()) {
        return {Verdict::missing, what, to_string(child.error()), otherwise};
    }
    if (child->exit_code == 0) {
        return {Verdict::works, what, "USM -> DMA-BUF -> VA surface -> oneVPL works", ""};
    }
    std::string words = child->output;
    words.erase(words.find_last_not_of(" \n") + 1);
    if (child->signal != 0) {
        words = "a driver ended by signal " + std::to_string(child->signal) +
                (words.empty() ? std::string() : ": " + words);
    } else if (words.empty()) {
        words = "mrda-probe ends with exit code " + std::to_string(child->exit_code) +
                ": it starts only where all loaders are there";
    }
    return {Verdict::missing, what, words, otherwise};
}

Finding service_socket(const std::string& named_dir) {
    const auto dir = named_dir.empty() ? runtime_dir() : Result<std::string>(named_dir);
    if (!dir.ok()) {
        return {Verdict::missing, "mrda-service", to_string(dir.error()), ""};
    }
    const std::string path = *dir + "/" + kServiceSocketName;
    if (::access(path.c_str(), R_OK | W_OK) == 0) {
        return {Verdict::works, "mrda-service", "its socket is " + path, ""};
    }
    return {Verdict::missing, "mrda-service", "no socket at " + path,
            "start mrda-service (--runtime-dir names another folder, here as there)"};
}

}  // namespace

std::vector<Finding> examine(const std::string& runtime_dir) {
    std::vector<Finding> findings{render_nodes()};
    for (Finding& library : libraries()) {
        findings.push_back(std::move(library));
    }
    findings.push_back(
        chain("gpu", "chain on the GPU",
              "nothing, if there is no Intel GPU: the software drivers are used; else see to what "
              "is missing above"));
    findings.push_back(chain("software", "chain on the software drivers",
                             "see to the loaders and software drivers that are missing above"));
    for (Finding& plugin : plugins()) {
        findings.push_back(std::move(plugin));
    }
    findings.push_back(udmabuf());
    findings.push_back(shared_memory());
    findings.push_back(memlock());
    findings.push_back(service_socket(runtime_dir));
    return findings;
}

}  // namespace mrda::ctl
