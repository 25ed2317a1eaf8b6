#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What usm_to_va encodes is what it was given: decoded by ffmpeg and compared with the source."""

import os
import re
import shutil
import subprocess

import usm_to_va

WIDTH, HEIGHT, FRAMES = 640, 360, 30
SIZE = f"{WIDTH}x{HEIGHT}"
RAW = ["-f", "rawvideo", "-s", SIZE, "-framerate", "30"]
# In each codec's own scale; the floors are those of docs and figures.
CODECS = {"h264": (22, 40), "h265": (22, 40), "av1": (88, 38)}


def ffmpeg(*arguments):
    done = subprocess.run(["ffmpeg", "-hide_banner", "-nostdin", "-y", *arguments],
                          capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stderr.decode()


class Quality(usm_to_va.Case):
    def setUp(self):
        super().setUp()
        if shutil.which("ffmpeg") is None:
            self.skipTest("ffmpeg is not installed")

    def make_source(self, pixels):
        path = self.path("in." + pixels)
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={SIZE}:rate=30", "-frames:v", str(FRAMES),
               "-pix_fmt", pixels, "-f", "rawvideo", path)
        return path

    def decode(self, name, *source):
        """Each picture of `source` as 4:2:0, in a raw file; there must be as many as were encoded."""
        path = self.path(name)
        ffmpeg(*source, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", path)
        self.assertEqual(os.path.getsize(path), FRAMES * WIDTH * HEIGHT * 3 // 2)
        return [*RAW, "-pix_fmt", "yuv420p", "-i", path]

    def psnr_of(self, stream, source, pixels):
        """In decibels, after the conversion to 4:2:0; each frame of both is compared."""
        want = self.decode("want.yuv", *RAW, "-pix_fmt", pixels, "-i", source)
        got = self.decode("got.yuv", "-i", stream)
        told = ffmpeg(*got, *want, "-lavfi", "psnr", "-f", "null", "-")
        return float(re.search(r"average:([0-9.]+|inf)", told).group(1))

    def expect_likeness(self, source, pixels, extra):
        for ending, (qp, floor) in CODECS.items():
            with self.subTest(ending):
                stream = self.path("out." + ending)
                report = self.run_json("--width", WIDTH, "--height", HEIGHT, "-i", source,
                                       "--qp", qp, "--encode", stream, *extra)
                self.assertEqual(report["encode"]["packets"], FRAMES)
                self.assertEqual(report["cpu_copied_bytes_per_frame"], 0)
                self.assertGreaterEqual(self.psnr_of(stream, source, pixels), floor)

    def test_nv12_comes_back_as_it_was(self):
        self.expect_likeness(self.make_source("nv12"), "nv12", [])

    def test_bgra_comes_back_as_it_was(self):
        self.expect_likeness(self.make_source("bgra"), "bgra", ["--format", "BGRA"])


if __name__ == "__main__":
    usm_to_va.main()
