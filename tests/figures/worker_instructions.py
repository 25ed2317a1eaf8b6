#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A worker's instructions per frame with the copy codec, against those before plugins got one table
for all kinds of session. A row: WHAT|GOAL|FIGURE|yes or no; or WHAT|GOAL|REASON|skipped.

    worker_instructions.py BUILD_DIR

Counted by callgrind: (those of 2N frames - those of N) / N, so that no start is in it. Both counts
are the same in every run. As a processor does, and callgrind does not, an instruction that repeats
itself (rep stos) is counted once, however many bytes it clears; stderr has both.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile

BEFORE = "093cec3f19164587fd0d1bcee5ea41aab221be1c"
WHAT = f"instructions per frame of a worker, against {BEFORE[:7]}"
LIMIT = 1.01
FRAMES = 4096
AT_ONCE = (1, 4)  # Frames that the guest sends before it looks for packets.
COUNTED = ("mrda::service::Pipeline::run()",
           "__wrap__ZN4mrda7ivshmem7Channel4waitEm")  # On in the first, off again in the second.
HERE = os.path.dirname(os.path.abspath(__file__))


def say(text):
    print(f"worker_instructions: {text}", file=sys.stderr, flush=True)


def row(figure, holds):
    print(f"{WHAT}|<= {LIMIT}|{figure}|{holds}", flush=True)


def run(*command, **options):
    """What a command writes; the end of it all, with its words, where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          **options)
    if done.returncode != 0:
        sys.exit(done.stdout.decode(errors="replace") + f"\n{' '.join(command)} failed")
    return done.stdout


def cache_of(build):
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        return dict(re.findall(r"^(\w+):\w+=(.*)$", file.read(), re.MULTILINE))


def build_before(source, settings, folder):
    """Builds the older commit's worker and copy plugin, with this commit's program."""
    tree, build = os.path.join(folder, "tree"), os.path.join(folder, "build")
    os.mkdir(tree)
    archive = subprocess.run(["git", "-C", source, "archive", BEFORE], stdout=subprocess.PIPE,
                             check=True).stdout
    run("tar", "-x", "-C", tree, input=archive)
    for name in ("worker_instructions.cpp", "worker_instructions.cmake"):
        shutil.copy(os.path.join(HERE, name), tree)
    with open(os.path.join(tree, "CMakeLists.txt"), "a", encoding="utf-8") as file:
        file.write("include(worker_instructions.cmake)\n")
    same = [f"-D{name}={settings[name]}"
            for name in ("CMAKE_BUILD_TYPE", "CMAKE_CXX_COMPILER", "CMAKE_CXX_FLAGS")]
    # So that ccache knows the files again: this folder has another name each time.
    env = os.environ | {"CCACHE_BASEDIR": folder, "CCACHE_NOHASHDIR": "1"}
    run("cmake", "-G", "Ninja", "-S", tree, "-B", build, *same, "-DMRDA_BUILD_TESTS=OFF",
        "-DMRDA_BUILD_SAMPLES=OFF", "-DMRDA_SOFTWARE_DRIVERS=OFF", env=env)
    run("cmake", "--build", build, "--target", "worker_instructions", env=env)
    return build


@functools.cache
def repeating(binary):
    """The addresses of instructions that repeat themselves, each with that of the one before it."""
    if not os.path.isfile(binary):
        return {}
    found, before = {}, None
    text = run("objdump", "-d", "--no-show-raw-insn", binary).decode(errors="replace")
    for address, instruction in re.findall(r"^\s*([0-9a-f]+):\t(.*)$", text, re.MULTILINE):
        if instruction.startswith("rep"):
            found[int(address, 16)] = before
        before = int(address, 16)
    return found


def costs_of(profile):
    """How often each instruction was counted, by binary and address."""
    costs, binary, inclusive = {}, "", False
    with open(profile, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("ob="):
                binary = line[3:].rstrip("\n")
            elif line.startswith("calls="):
                inclusive = True  # The next line is the called function's, and counted there.
            elif line.startswith("0x"):
                if not inclusive:
                    address, cost = line.split()
                    of_binary = costs.setdefault(binary, {})
                    address = int(address, 16)
                    of_binary[address] = of_binary.get(address, 0) + int(cost)
                inclusive = False
    return costs


def count(build, folder, frames, at_once):
    """Instructions of a run: as a processor counts them, and as callgrind does."""
    profile = os.path.join(folder, "profile")
    run("valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={profile}",
        "--dump-instr=yes", "--dump-line=no", "--compress-pos=no", "--compress-strings=no",
        *(f"--toggle-collect={name}" for name in COUNTED),
        os.path.join(build, "tests", "worker_instructions"),
        os.path.join(build, "lib", "mrda", "plugins"), str(frames), str(at_once))
    costs = costs_of(profile)
    steps = sum(sum(of_binary.values()) for of_binary in costs.values())
    again = 0
    for binary, of_binary in costs.items():
        for address, before in repeating(binary).items():
            if of_binary.get(address, 0) > of_binary.get(before, 0):
                again += of_binary[address] - of_binary.get(before, 0)
    return steps - again, steps


def per_frame(build, folder, at_once):
    once, twice = (count(build, folder, frames, at_once) for frames in (FRAMES, 2 * FRAMES))
    return [(b - a) / FRAMES for a, b in zip(once, twice, strict=True)]


def measure(now, before, folder):
    """Instructions per frame now and before, where the ratio is largest."""
    worst = None
    for at_once in AT_ONCE:
        (ours, our_steps), (theirs, their_steps) = (per_frame(build, folder, at_once)
                                                    for build in (now, before))
        say(f"{at_once} at once: {ours:.1f} now, {theirs:.1f} before: {ours / theirs:.4f}; with each "
            f"step of rep: {our_steps:.1f}, {their_steps:.1f}: {our_steps / their_steps:.4f}")
        if worst is None or ours / theirs > worst[0] / worst[1]:
            worst = ours, theirs
    return worst


def why_not(source):
    """Why it cannot be measured here, or None."""
    for program, package in (("git", "git"), ("valgrind", "valgrind"), ("objdump", "binutils")):
        if shutil.which(program) is None:
            return f"no {program} (install {package})"
    known = subprocess.run(["git", "-C", source, "cat-file", "-e", BEFORE + "^{commit}"],
                           capture_output=True, check=False)
    if known.returncode != 0:
        return f"commit {BEFORE[:7]} is not in this clone (git fetch --unshallow)"
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    now = os.path.abspath(sys.argv[1])
    settings = cache_of(now)
    source = settings["CMAKE_HOME_DIRECTORY"]
    reason = why_not(source)
    if reason:
        row(reason, "skipped")
        return
    os.umask(0o022)  # Plugins that others could write are not loaded.
    with tempfile.TemporaryDirectory(prefix="mrda-figures.") as folder:
        say("building this commit's")
        run("cmake", "--build", now, "--target", "worker_instructions")
        say(f"building that of {BEFORE[:7]}")
        before = build_before(source, settings, folder)
        say("counting")
        ours, theirs = measure(now, before, folder)
    ratio = ours / theirs
    row(f"{ratio:.3f} ({ours:.0f}/{theirs:.0f})", "yes" if ratio <= LIMIT else "no")


if __name__ == "__main__":
    main()
