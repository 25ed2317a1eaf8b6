#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One 1080p session against ffmpeg with the same encoder and settings: what service.sh shows of it, a
line for each row, WHAT|GOAL|FIGURE|yes or no.

    service_encode_rows.py BUILD_DIR [--quick]
"""

import filecmp
import json
import os
import re
import stat
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from mrda_service import PATIENCE, Service, wait_until  # noqa: E402

# No lease is due in the meantime: what is said on gRPC is said for another reason.
CONFIG = """
lease_ms = 3600000
[limits]
max_pixels_per_second = 1000000000000
memory_reserve_mib = 0
"""
PICTURE = ["-pix_fmt", "nv12", "-s", "1920x1080", "-r", "30"]
KBPS = 8000
FRAMES = 75


def row(what, goal, figure, holds):
    print(f"{what}|{goal}|{figure}|{'yes' if holds else 'no'}", flush=True)


def ffmpeg(*arguments):
    return ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]


def same_encoder(raw, out):
    """What the runtime opens for VBR, AsyncDepth 4, TargetUsage 4: see vpl/soft/encode_x264.cpp."""
    threads = min(int(os.cpu_count() * 1.5), 4)
    settings = ("keyint=60:min-keyint=1:scenecut=0:ref=1:bframes=0:b-adapt=0:rc-lookahead=0:"
                f"sync-lookahead=0:mbtree=0:force-cfr=1:threads={threads}")
    return ffmpeg("-f", "rawvideo", *PICTURE, "-i", raw, "-vf", "setsar=1", "-c:v", "libx264",
                  "-preset", "veryfast", "-profile:v", "high", "-b:v", f"{KBPS}k", "-maxrate",
                  f"{KBPS}k", "-bufsize", f"{KBPS}k", "-x264-params", settings, "-f", "h264", out)


def options(raw, out, frames):
    return ["-i", raw, "-o", out, "--width", 1920, "--height", 1080, "--fps", 30, "--colorFormat",
            "nv12", "--codecId", "h264", "--rcMode", 1, "--bitrate", KBPS, "--frameNum", frames,
            "--json"]


def encode(service, raw, out, frames):
    return json.loads(service.guest(*options(raw, out, frames)))


def service_seconds(service):
    """Processor time of the service and of its workers that have ended."""
    wait_until(lambda: not service.workers(), "the worker's end")
    with open(f"/proc/{service.process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def ours(service, raw, out):
    cpu, begin = service_seconds(service), time.monotonic()
    report = encode(service, raw, out, FRAMES)
    wall = time.monotonic() - begin
    return wall, service_seconds(service) - cpu, report


def peer(raw, out):
    begin = time.monotonic()
    process = subprocess.Popen(same_encoder(raw, out))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise AssertionError(f"ffmpeg: {status}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime


def pairs(service, raw, count):
    out, other = service.path("ours.h264"), service.path("peer.h264")
    speed, cpu = [], []
    for i in range(count):
        # Who comes first has the warmer or the colder machine: by turns.
        theirs = peer(raw, other) if i % 2 else None
        wall, seconds, report = ours(service, raw, out)
        peer_wall, peer_seconds = theirs or peer(raw, other)
        speed.append(peer_wall / wall)
        cpu.append(seconds / peer_seconds)
    same = filecmp.cmp(out, other, shallow=False)
    row("3 1080p AVC: bitstream against ffmpeg's, byte for byte", "the same",
        "the same" if same else "differs", same)
    ratio = statistics.median(speed)
    row(f"3 frames per second against ffmpeg, {count} pairs", ">= 0.97", f"{ratio:.3f}",
        ratio >= 0.97)
    ratio = statistics.median(cpu)
    row("3 CPU of service and worker against ffmpeg's", "<= 1.03", f"{ratio:.3f}", ratio <= 1.03)
    copied = report["cpu_copied_bytes"]
    row("3 bytes copied by a CPU from slot to encoder", 0, copied, copied == 0)


def messages(service, raw):
    few = encode(service, raw, os.devnull, 5)["rpc_count"]
    many = encode(service, raw, os.devnull, FRAMES)["rpc_count"]
    figure = (many - few) / (FRAMES - 5)
    row("3 messages on gRPC for each frame", 0, f"{figure:g}", figure == 0)


def outside_the_encoder(bin_dir, raw, library, frames):
    """A worker with a library before it that knows x264's share."""
    service = Service(bin_dir, config=CONFIG)
    wrapper = service.path("worker")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nLD_PRELOAD='{library}' exec '{service.bin}/mrda-worker'\n")
    os.chmod(wrapper, stat.S_IRWXU)
    with open(service.path("mrda.toml"), "w", encoding="utf-8") as file:
        file.write(f'worker = "{wrapper}"\n' + CONFIG)
    service.start()
    try:
        # The same frames again and again.
        with subprocess.Popen(["cat", *[raw] * (frames // FRAMES)],
                              stdout=subprocess.PIPE) as source:
            subprocess.run(service.command(*options("-", os.devnull, frames)), env=service.env,
                           stdin=source.stdout, capture_output=True, timeout=4 * PATIENCE,
                           check=True)
        wait_until(lambda: "x264_share" in service.text(), "the worker's count")
        inside, process = map(int, re.findall(r"inside_ns (\d+) process_ns (\d+)",
                                              service.text())[0])
    finally:
        service.close()
    share = 1 - inside / process
    row(f"3 worker's CPU outside x264, {frames // 30} s of video", "<= 1 %", f"{share:.2%}",
        share <= 0.01)


def session_start(service, tests, times):
    run = subprocess.run([os.path.join(tests, "session_start"), str(times),
                          os.path.join(tests, "x264_one_frame")],
                         env=service.env, text=True, capture_output=True, timeout=10 * PATIENCE,
                         check=True)
    mine, theirs = map(float, run.stdout.split())
    row(f"3 first packet of a session ({mine:.0f} ms) against a process", "<= 2",
        f"{mine / theirs:.2f}", mine <= 2 * theirs)


def main():
    build, quick = sys.argv[1], "--quick" in sys.argv
    bin_dir, tests = os.path.join(build, "bin"), os.path.abspath(os.path.join(build, "tests"))
    service = Service(bin_dir, config=CONFIG).start()
    try:
        raw = service.path("raw.nv12")
        subprocess.run(ffmpeg("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30", "-frames:v",
                              FRAMES, "-pix_fmt", "nv12", "-f", "rawvideo", raw),
                       timeout=PATIENCE, check=True)
        pairs(service, raw, 5 if quick else 32)
        messages(service, raw)
        outside_the_encoder(bin_dir, raw, os.path.join(tests, "x264_share.so"),
                            (4 if quick else 12) * FRAMES)
        session_start(service, tests, 5 if quick else 31)
    finally:
        service.close()


if __name__ == "__main__":
    main()
