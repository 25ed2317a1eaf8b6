#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What service.sh shows of sessions: a line for each row, WHAT|GOAL|FIGURE|yes or no.

    service_rows.py BUILD_DIR [--quick]
"""

import filecmp
import json
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from mrda_service import PATIENCE, Service, wait_until  # noqa: E402

CONFIG = """
[limits]
max_pixels_per_second = 1000000000000
memory_reserve_mib = 0
[[vm]]
name = "figures"
memory_bytes = 8000000000
max_sessions = 1000
max_creates_per_second = 100000
max_pixels_per_second = 1000000000000
"""
SIZE = ["--width", 320, "--height", 240, "--fps", 30, "--colorFormat", "nv12"]


def row(what, goal, figure, holds):
    print(f"{what}|{goal}|{figure}|{'yes' if holds else 'no'}", flush=True)


def ticks(pids):
    """Processor time of processes that run, in clock ticks."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total


def footprint(service):
    """Descriptors, mappings, workers, and resident KiB."""
    pid = service.process.pid
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        mappings = sum(1 for _ in file)
    return len(os.listdir(f"/proc/{pid}/fd")), mappings, len(service.workers()), resident


def start(service, *options, **more):
    return subprocess.Popen(service.command(*SIZE, "--json", *options), env=service.env,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def many_sessions(service, count, frames):
    raw = service.path("raw.nv12")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
                    "testsrc2=size=320x240:rate=30", "-frames:v", str(frames), "-pix_fmt", "nv12",
                    "-f", "rawvideo", raw], timeout=PATIENCE, check=True)
    outputs = [service.path(f"out{i}.h264") for i in range(count)]
    guests = [start(service, "-i", raw, "-o", output) for output in outputs]
    good = 0
    for guest, output in zip(guests, outputs, strict=True):
        text = guest.communicate(timeout=10 * PATIENCE)[0]
        whole = guest.returncode == 0 and json.loads(text)["packets"] == frames
        # One video, one encoder: every stream is the first one, byte for byte, in its order.
        good += whole and filecmp.cmp(output, outputs[0], shallow=False)
    row(f"4 {count} sessions at once: whole and in order", count, good, good == count)


def idle_sessions(service, count, seconds):
    guests = [start(service, "-i", "-", "-o", os.devnull, stdin=subprocess.PIPE)
              for _ in range(count)]
    wait_until(lambda: sum(s["state"] == "running" for s in service.sessions()) == count,
               "idle sessions")
    time.sleep(2)  # What starting costs is over.
    pids = [service.process.pid, *service.workers()]
    before, begin = ticks(pids), time.monotonic()
    time.sleep(seconds)
    share = (ticks(pids) - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begin)
    for guest in guests:
        guest.communicate(timeout=PATIENCE)  # Closes its input, which is the end of its stream.
    row(f"4 {count} idle sessions: service and workers, of a core", "<= 0.5 %", f"{share:.2%}",
        share <= 0.005)


class Steady:
    """A guest that is fed a frame every few milliseconds, for as long as this lives."""

    FRAME = bytes(320 * 240 * 3 // 2)

    def __init__(self, service):
        self.guest = start(service, "-i", "-", "-o", os.devnull, "--codecId", "h264",
                           stdin=subprocess.PIPE)
        self.frames = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.feed)
        self.thread.start()
        # Its worker is there before anybody looks for workers to kill.
        wait_until(lambda: any(s["frames"] > 0 for s in service.sessions()), "its first frames")

    def feed(self):
        try:
            while not self.ended.wait(0.005):
                self.guest.stdin.buffer.write(self.FRAME)
                self.guest.stdin.buffer.flush()
                self.frames += 1
        except BrokenPipeError:
            pass  # The guest is gone: its frames will be missing.

    def lost(self):
        """How many frames went in and did not come out; -1: the guest failed."""
        self.ended.set()
        self.thread.join()
        text = self.guest.communicate(timeout=PATIENCE)[0]
        if self.guest.returncode != 0:
            return -1
        return self.frames - json.loads(text)["packets"]


def killed_guests(service, count):
    steady = Steady(service)
    for _ in range(count):
        known = {s["id"] for s in service.sessions()}
        guest = start(service, "-o", os.devnull, "--frameNum", 100000000)
        wait_until(lambda seen=known: any(s["frames"] > 2 and s["id"] not in seen
                                          for s in service.sessions()),
                   "frames of the guest to kill")
        time.sleep(random.random() / 100)  # Anywhere in a frame.
        guest.kill()
        guest.communicate()
    lost = steady.lost()
    wait_until(lambda: not service.sessions(), "the end of their leases")
    used = json.loads(service.ctl("--json", "resources"))["region_bytes_used"]
    row(f"5 {count} guests killed in mid-frame: another's frames lost", 0, lost, lost == 0)
    row("5 bytes of regions in use after that", 0, used, used == 0)


def killed_workers(service, churn, count):
    steady = Steady(service)
    run = subprocess.run([churn, "kill", str(count), str(service.process.pid)], env=service.env,
                         text=True, capture_output=True, timeout=10 * PATIENCE, check=False)
    lost = steady.lost()
    if run.returncode != 0:
        row(f"5 {count} workers killed", "all come back", run.stderr.strip(), False)
        return
    _, seconds, _, p99 = run.stdout.split()
    row(f"5 {count} workers killed: another's frames lost", 0, lost, lost == 0)
    row(f"5 {count} workers killed: ready again, p99 ms", "<= 30", p99, float(p99) <= 30)
    row(f"5 {count} workers killed: seconds for all", "<= 60", seconds, float(seconds) <= 60)


def cycles(service, churn, count):
    def run(times):
        subprocess.run([churn, "cycles", str(times)], env=service.env, capture_output=True,
                       timeout=30 * PATIENCE, check=True)
        wait_until(lambda: not service.sessions(), "the last session's end")
        time.sleep(1)  # The spare worker that the last one left to be made is there.

    run(200)
    before = footprint(service)
    run(count)
    after = footprint(service)
    growth = [b - a for a, b in zip(before, after, strict=True)]
    row(f"5 {count} create/stop cycles: fds, mappings, workers, KiB", "0, 0, 0, < 1024",
        ", ".join(map(str, growth)), growth[:3] == [0, 0, 0] and growth[3] < 1024)


def main():
    build, quick = sys.argv[1], "--quick" in sys.argv
    bin_dir, churn = os.path.join(build, "bin"), os.path.join(build, "tests", "session_churn")
    service = Service(bin_dir, config=CONFIG).start()
    try:
        many_sessions(service, 16 if quick else 64, 30 if quick else 60)
        idle_sessions(service, 8 if quick else 32, 3 if quick else 10)
    finally:
        service.close()
    # With leases that end soon: nobody else stops the sessions of guests that were killed.
    service = Service(bin_dir, config="lease_ms = 3000\n" + CONFIG).start()
    try:
        killed_guests(service, 5 if quick else 100)
        killed_workers(service, churn, 50 if quick else 1000)
        cycles(service, churn, 500 if quick else 10000)
    finally:
        service.close()


if __name__ == "__main__":
    main()
