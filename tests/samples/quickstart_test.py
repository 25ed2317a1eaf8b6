#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quickstart.sh: what it says to mistakes, before it installs or builds anything; and its virtual machine.

    quickstart_test.py BUILD [TEST ...]     exit code 77: there can be no machine here; the last line says why"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SCRIPT = os.path.join(TREE, "samples", "quickstart.sh")
BUILD = os.path.abspath(sys.argv.pop(1))
FRAMES = 20

sys.path += [os.path.join(TREE, "tests", folder) for folder in ("support", "vm")]
import guest as machine  # noqa: E402
from marked_process import MarkedProcess  # noqa: E402


class Mistakes(unittest.TestCase):
    def expect_refused(self, exit_code, named, *arguments):
        done = subprocess.run(["bash", SCRIPT, *arguments], capture_output=True, timeout=60,
                              check=False, text=True)
        self.assertEqual(done.returncode, exit_code, done.stderr)
        self.assertIn(named, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_an_option_without_its_value(self):
        for option, value in [("--input", "a video"), ("--codec", "h264, h265 or av1"),
                              ("--platform", "auto, gpu or software"), ("--frames", "a number"),
                              ("--results", "a folder"), ("--built", "a folder")]:
            for rest in [[], [""], ["--help"]]:
                with self.subTest(f"{option} {rest}"):
                    self.expect_refused(2, f"{option} needs {value}", option, *rest)

    def test_values_that_mean_nothing(self):
        self.expect_refused(2, "codec vp9", "--codec", "vp9")
        self.expect_refused(2, "platform cloud", "--platform", "cloud")
        self.expect_refused(2, "frames 0", "--frames", "0")
        self.expect_refused(2, "frames -1", "--frames", "-1")
        self.expect_refused(2, "unknown option --colour", "--colour")
        self.expect_refused(2, "unknown option yes", "--vm", "yes")

    def test_a_video_that_is_not_there(self):
        self.expect_refused(3, "/nowhere/video.mp4", "--input", "/nowhere/video.mp4")
        self.expect_refused(3, "/nowhere/video.mp4", "--vm", "--input", "/nowhere/video.mp4")

    def test_a_folder_in_which_nothing_is_built(self):
        self.expect_refused(3, "/nowhere has no bin/mrda-service", "--built", "/nowhere")


class VirtualMachine(unittest.TestCase):
    """quickstart.sh --vm."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.path.join(TREE, "build"))
        self.addCleanup(folder.cleanup)
        self.results = folder.name
        self.video = os.path.join(self.results, "video.mkv")
        subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=322x181:rate=25",
                        "-frames:v", str(2 * FRAMES), "-c:v", "ffv1", self.video], check=True, timeout=60)

    def command(self):
        return ["bash", SCRIPT, "--vm", "--input", self.video, "--frames", str(FRAMES), "--platform", "software",
                "--built", BUILD, "--results", self.results]

    def test_encodes_a_video_as_a_guest_on_this_host_does(self):
        with MarkedProcess(self.command()) as run:
            output, _ = run.communicate(timeout=240)
            self.assertEqual(run.returncode, 0, output)
            run.wait_for_the_last()
        self.assertRegex(output, rf"PSNR [3-9]\d\.\d+ dB over {FRAMES} frames, .* path direct; bytes copied per frame: by a CPU 0,")
        self.assertIn("woken: guest by doorbell, host by doorbell", output)
        self.assertIn("byte for byte", output)
        with open(os.path.join(self.results, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual((report["packets"], report["guest_copied_bytes"]), (FRAMES, 0))

    def test_leaves_nothing_running_when_it_is_ended(self):
        with MarkedProcess(self.command()) as run:
            run.wait_for_output("Booting")
            run.wait_for(machine.QEMU)
            run.send_signal(signal.SIGTERM)
            self.assertEqual(run.wait(timeout=60), -signal.SIGTERM)
            run.wait_for_the_last()


def why_no_machine():
    """None: there can be one."""
    if shutil.which("ffmpeg") is None:
        return "ffmpeg is not installed"
    try:
        machine.check_available()
    except machine.Missing as missing:
        return str(missing)
    return None


def main():
    missing = why_no_machine() if "VirtualMachine" in sys.argv else None
    if missing:
        print(f"skipped: {missing}")
        return 77
    return 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
