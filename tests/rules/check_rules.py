#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the sources against the house rules: who may include whom, SPDX lines, no linked driver.

    check_rules.py ROOT         prints each breach as FILE:LINE: what, and exits 1 if there is one
"""

import os
import re
import stat
import subprocess
import sys

# ---- The table ------------------------------------------------------------------------------------

# Groups of other people's headers, by how the name in <> or "" begins.
VENDORS = {
    "level_zero": r"level_zero/",
    "va": r"va/",
    "drm_fourcc": r"(libdrm/)?drm_fourcc\.h$",
    "drm": r"(libdrm/)?(xf86drm\w*|drm|drm_mode|i915_drm|xe_drm)\.h$|drm/",
    "vpl": r"vpl/",
    "x264": r"x264\w*\.h$",
    "x265": r"x265\w*\.h$",
    "svtav1": r"svt-av1/",
    "openh264": r"wels/",
    "dav1d": r"dav1d/",
    "de265": r"libde265/",
    "vpx": r"vpx/",
    "libyuv": r"libyuv(\.h$|/)",
    "ffmpeg": r"lib(av\w+|sw\w+)/",
    "cli11": r"CLI/",
    "json": r"nlohmann/",
    "grpc": r"(grpc|grpcpp|google/protobuf)/|mrda/v1/\w+\.(grpc\.)?pb\.h$",
    "iceoryx": r"iceoryx_(posh|hoofs)/|iox/",
    "spdlog": r"spdlog/",
    "toml": r"toml\+\+/",
    "systemd": r"systemd/",
    "seccomp": r"seccomp\.h$",
    "test": r"(gtest|gmock|rapidcheck)(\.h$|/)",
}

# Codec libraries that plugins alone bring in.
PLUGIN_VENDORS = {"openh264", "dav1d", "de265", "vpx"}

# Who may include which of our modules ("mrda/MODULE/...") and which vendors' headers. The longest
# prefix of a file's path decides. Public headers of a wrapper come with their vendor's.
ALL_MODULES = {"interop", "media", "ivshmem", "guest", "l0", "ze_soft", "vaapi", "vpl"}
ROOMS = {
    "interop": ({"interop"}, {"drm_fourcc"}),
    "l0": ({"interop", "l0"}, {"level_zero", "drm_fourcc"}),
    "l0/soft": ({"interop", "ze_soft"}, {"level_zero"}),
    "l0/plugin": ({"interop", "media", "l0"}, {"level_zero"}),
    "vaapi": ({"interop", "vaapi"}, {"va", "drm", "drm_fourcc"}),
    "vaapi/plugin": ({"interop", "media", "vaapi"}, {"va", "drm_fourcc"}),
    "vaapi/soft": ({"interop"}, {"va", "drm", "drm_fourcc", "libyuv"}),
    "vpl": ({"interop", "vaapi", "vpl"}, {"vpl", "va", "drm_fourcc"}),
    "vpl/soft": (
        {"interop"},
        {"vpl", "va", "drm", "drm_fourcc", "x264", "x265", "svtav1", "libyuv"},
    ),
    "interop/media": ({"interop", "media"}, set()),
    "ivshmem": ({"interop", "ivshmem"}, set()),
    "vpl/plugin": (
        {"interop", "media", "l0", "vaapi", "vpl"},
        {"level_zero", "vpl", "va", "drm_fourcc"},
    ),
    "service/common": ({"interop", "ivshmem"}, {"json", "spdlog"}),
    "service/doorbell": ({"interop", "ivshmem"}, {"cli11", "systemd"}),
    "service/plugins": ({"interop", "media"}, {"drm_fourcc", "libyuv"} | PLUGIN_VENDORS),
    "service/worker": ({"interop", "media", "ivshmem"}, {"seccomp"}),
    "service/host": ({"interop", "ivshmem"}, {"grpc", "json", "cli11", "toml", "systemd"}),
    "service/guest": ({"interop", "ivshmem", "guest"}, {"grpc"}),
    "service/ctl": ({"interop", "ivshmem"}, {"grpc", "json", "cli11"}),
    "service/probe": (
        {"interop", "media", "l0", "vaapi", "vpl"},
        {"level_zero", "va", "vpl", "drm_fourcc", "cli11", "json"},
    ),
    "samples": (ALL_MODULES, set(VENDORS) - {"test", "x264", "x265", "svtav1"} - PLUGIN_VENDORS),
    "tests": (ALL_MODULES, set(VENDORS) - PLUGIN_VENDORS),
}

# Single headers that a room may include beyond its row.
EXCEPTIONS = {
    # The extension buffer by which the runtime tells the wrapper what a codec made it copy.
    ("vpl/soft", "mrda/vpl/copy_report.h"),
}

# The C++, C and POSIX headers, and the kernel's; whatever else stands in <> must be in VENDORS.
SYSTEM = re.compile(
    r"[a-z0-9_]+$"
    r"|(sys|linux|asm|net|netinet|arpa|bits)/"
    r"|(assert|ctype|dirent|dlfcn|elf|endian|errno|execinfo|fcntl|fenv|float|ftw|getopt|glob|grp|immintrin|"
    r"inttypes|limits|link|locale|malloc|math|mntent|netdb|poll|pthread|pwd|sched|semaphore|setjmp|"
    r"signal|spawn|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|syscall|"
    r"sysexits|syslog|termios|threads|time|uchar|ucontext|unistd|utime|wchar)\.h$"
)

# CMake commands whose arguments can make one target link another.
LINKING = {"target_link_libraries", "link_libraries", "mrda_library", "mrda_program", "mrda_test",
           "mrda_driver"}

# ---- The checks -----------------------------------------------------------------------------------

CODE = (".h", ".hpp", ".c", ".cc", ".cpp", ".h.in", ".cpp.in")
SCRIPT = (".cmake", ".cmake.in", ".py", ".sh", ".proto", ".map")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMAND = re.compile(r"^\s*(\w+)\s*\(([^()]*)\)", re.MULTILINE)


def ask_git(root, *arguments):
    """What git says in root; None if it says nothing (no git, no work tree, not ours to read)."""
    # A hook's environment names the hook's repository, whatever folder is asked about.
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("GIT_")}
    try:
        asked = subprocess.run(["git", "-C", root, *arguments], capture_output=True, check=True,
                               env=environment)
    except (OSError, subprocess.CalledProcessError):
        return None
    return os.fsdecode(asked.stdout)


def is_work_tree(root):
    """Whether root is the top of one: a folder inside somebody else's is not."""
    top = ask_git(root, "rev-parse", "--show-toplevel")
    return top is not None and os.path.realpath(top.rstrip("\n")) == os.path.realpath(root)


def walk(root):
    """What lies under root; what is built or hidden does not count."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name for name in folders
            if not name.startswith("build") and (name == ".ci" or not name.startswith("."))
        )
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), root)


def project_files(root):
    """Paths of the project's own regular files, relative to root."""
    listed = None
    if is_work_tree(root):
        listed = ask_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    # A file whose merge is unfinished is listed once for each side.
    paths = walk(root) if listed is None else sorted(set(listed.split("\0")) - {""})
    for path in paths:
        try:
            mode = os.lstat(os.path.join(root, path)).st_mode
        except FileNotFoundError:  # Deleted, and not yet committed so.
            continue
        if stat.S_ISREG(mode):
            yield path


def room_of(path):
    rooms = [room for room in ROOMS if path.startswith(room + "/")]
    return max(rooms, key=len, default=None)


def vendor_of(header):
    for vendor, pattern in VENDORS.items():
        if re.match(pattern, header):
            return vendor
    return None


def check_include(path, quote, header):
    """What is wrong with this include, or None."""
    room = room_of(path)
    if room is None:
        return f"{path} is in no room of the table; give its folder a row in ROOMS"
    modules, vendors = ROOMS[room]
    if (room, header) in EXCEPTIONS:
        return None
    ours = re.match(r"mrda/(\w+)/", header)
    if ours and vendor_of(header) is None:
        if ours.group(1) not in modules:
            return f"{room} may not include mrda/{ours.group(1)}/ ({header})"
        return None
    vendor = vendor_of(header)
    if vendor is not None:
        return None if vendor in vendors else f"{room} may not include {vendor}'s {header}"
    if quote == "<":
        if SYSTEM.match(header):
            return None
        return f"<{header}> is neither the system's nor in VENDORS"
    if ".." in header.split("/") or re.match(r"(include|src)/", header):
        return f'"{header}" reaches out of its folder; include it as mrda/MODULE/...'
    into = room_of(header)
    if into is not None and into != room and room != "tests":
        return f'{room} may not include "{header}" of {into}'
    return None


def check_includes(path, text):
    for number, line in enumerate(text.splitlines(), start=1):
        found = INCLUDE.match(line)
        problem = found and check_include(path, *found.groups())
        if problem:
            yield f"{path}:{number}: {problem}"


def needs_spdx(path, text):
    name = os.path.basename(path)
    return name.endswith(CODE + SCRIPT) or name == "CMakeLists.txt" or text.startswith("#!")


def check_spdx(path, text):
    head = text.splitlines()[:2]
    if not any("SPDX-License-Identifier: MIT" in line for line in head):
        yield f"{path}:1: no line SPDX-License-Identifier: MIT at the top"


def commands(text):
    without_comments = re.sub(r"#[^\n]*", "", text)
    for found in COMMAND.finditer(without_comments):
        line = without_comments.count("\n", 0, found.start(1)) + 1
        yield line, found.group(1).lower(), found.group(2).replace('"', " ").split()


def check_links(cmake_files):
    """Nothing links a software driver: the loaders load it."""
    drivers = set()
    for _, text in cmake_files:
        for _, command, words in commands(text):
            if command == "mrda_driver" and len(words) >= 2:
                drivers.update({words[0], words[1]})
    for path, text in cmake_files:
        for line, command, words in commands(text):
            if command not in LINKING:
                continue
            linked = words[2:] if command == "mrda_driver" else words[1:]
            for word in linked:
                name = re.sub(r"^(-l|mrda::)|\.so[.\d]*$", "", os.path.basename(word))
                if {name, "lib" + name, name + ".so", "lib" + name + ".so"} & drivers:
                    yield f"{path}:{line}: {words[0]} links the software driver {word}"


def check(root):
    cmake_files = []
    for path in project_files(root):
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        if needs_spdx(path, text):
            yield from check_spdx(path, text)
        if path.endswith(CODE):
            yield from check_includes(path, text)
        if path.endswith((".cmake", "CMakeLists.txt")):
            cmake_files.append((path, text))
    yield from check_links(cmake_files)


def main():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit(__doc__)
    breaches = list(check(sys.argv[1]))
    print("\n".join(breaches) if breaches else "the house rules hold")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
