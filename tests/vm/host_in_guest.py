# SPDX-License-Identifier: MIT
"""The host's side inside a guest, whose kernel makes DMA-BUFs: a mrda-service there, a short video through it, and the same on
the machine itself."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from mrda_service import CONFIG, Service  # noqa: E402

WIDTH, HEIGHT, FRAMES = 320, 180, 30
RAW = ["-f", "rawvideo", "-pix_fmt", "nv12", "-s", f"{WIDTH}x{HEIGHT}", "-r", 30]
STREAM = ["--width", WIDTH, "--height", HEIGHT, "--fps", 30, "--colorFormat", "nv12", "--codecId", "h264", "--rcMode", 0,
          "--qp", 22, "--json"]
PATIENCE = 120
DEBUGFS = "/sys/kernel/debug"


def ffmpeg(*arguments):
    """What it says."""
    run = subprocess.run(["ffmpeg", "-nostdin", "-hide_banner", "-y", *map(str, arguments)], timeout=PATIENCE, text=True,
                         capture_output=True, check=False)
    if run.returncode != 0:
        raise AssertionError(f"ffmpeg {arguments}: {run.stderr}")
    return run.stderr


class Video:
    """Raw frames in a folder, and what becomes of them."""

    def __init__(self, folder):
        self.folder = folder
        self.raw = os.path.join(folder, "source.nv12")
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=30", "-frames:v", FRAMES, "-pix_fmt", "nv12",
               "-f", "rawvideo", self.raw)

    def options(self, out):
        """The sample's: from the frames to a stream."""
        return ["-i", self.raw, "-o", out, *STREAM]

    def psnr(self, stream):
        """In decibels, of every frame of the stream; there must be as many as went in."""
        decoded = stream + ".nv12"
        ffmpeg("-f", "h264", "-i", stream, "-fps_mode", "passthrough", "-pix_fmt", "nv12", "-f", "rawvideo", decoded)
        if os.path.getsize(decoded) != os.path.getsize(self.raw):
            raise AssertionError(f"{stream} has {os.path.getsize(decoded)} bytes of pictures")
        told = ffmpeg(*RAW, "-i", decoded, *RAW, "-i", self.raw, "-lavfi", "psnr", "-f", "null", "-")
        return float(re.search(r"average:([0-9.]+|inf)", told)[1])


def encode_here(build, video, out):
    """The sample's report of a session of this machine's own."""
    service = Service(f"{build}/bin").start()
    try:
        return json.loads(service.guest(*video.options(out)))
    finally:
        service.close()


def udmabufs(guest):
    """How many DMA-BUFs of udmabuf the guest's kernel has."""
    guest.check(f"mountpoint -q {DEBUGFS} || mount -t debugfs debugfs {DEBUGFS}")
    return guest.check(f"cat {DEBUGFS}/dma_buf/bufinfo").split().count("udmabuf")


class InnerService:
    """A mrda-service in a guest that sees the folder. Nobody waits for it before ready()."""

    def __init__(self, guest, build, folder):
        self.guest = guest
        self.sample = f"{build}/bin/mrda_sample_app"
        config = os.path.join(folder, "inner.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.process = guest.start_process([f"{build}/bin/mrda-service", "--config", config, "--state-dir", "/tmp/mrda-state",
                                            "--platform", "software"])

    def ready(self):
        self.process.wait_for("listening", PATIENCE)
        return self

    def encode(self, video, out):
        """The sample's report."""
        self.ready()
        told = self.guest.check([self.sample, *video.options(out)], timeout=PATIENCE)
        return json.loads(told[told.index("{"):])


def cycles(guest, build, count):
    """(whether nothing grew, what udmabuf_cycles says of it) in a guest."""
    udmabufs(guest)  # So that the program can count them, too.
    code, output = guest.run([f"{build}/tests/udmabuf_cycles", count], timeout=PATIENCE)
    return code == 0, json.loads(output) if output.startswith("{") else output
