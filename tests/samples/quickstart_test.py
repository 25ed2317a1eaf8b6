#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quickstart.sh: what it says to mistakes, before it installs or builds anything."""

import subprocess
import sys
import unittest

SCRIPT = sys.argv[1]


class Mistakes(unittest.TestCase):
    def expect_refused(self, exit_code, named, *arguments):
        done = subprocess.run(["bash", SCRIPT, *arguments], capture_output=True, timeout=60,
                              check=False, text=True)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        self.assertIn(named, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_an_option_without_its_value(self):
        for option, value in [("--input", "a video"), ("--codec", "h264, h265 or av1"),
                              ("--platform", "auto, gpu or software"), ("--frames", "a number")]:
            for rest in [[], [""], ["--help"]]:
                with self.subTest(f"{option} {rest}"):
                    self.expect_refused(2, f"{option} needs {value}", option, *rest)

    def test_values_that_mean_nothing(self):
        self.expect_refused(2, "codec vp9", "--codec", "vp9")
        self.expect_refused(2, "platform cloud", "--platform", "cloud")
        self.expect_refused(2, "frames 0", "--frames", "0")
        self.expect_refused(2, "frames -1", "--frames", "-1")
        self.expect_refused(2, "unknown option --colour", "--colour")

    def test_a_video_that_is_not_there(self):
        self.expect_refused(3, "/nowhere/video.mp4", "--input", "/nowhere/video.mp4")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
