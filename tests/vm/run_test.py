#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.sh: what it says to mistakes; and what comes out of a program in a machine.

    run_test.py BUILD [TEST ...]     exit code 77: no machine can be had here; the last line says why"""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

import guest as machine

sys.path.append(os.path.join(machine.TREE, "tests", "support"))
from marked_process import MarkedProcess  # noqa: E402

SCRIPT = os.path.join(machine.TREE, "tests", "vm", "run.sh")
BUILD = os.path.abspath(sys.argv.pop(1))
FRAMES = 10


def command(*arguments):
    return ["bash", SCRIPT, "--build", BUILD, "--platform", "software", *map(str, arguments)]


class Mistakes(unittest.TestCase):
    def expect_refused(self, named, *arguments):
        done = subprocess.run(["bash", SCRIPT, *arguments], capture_output=True, timeout=60, check=False, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn(named, done.stderr)

    def test_no_program(self):
        self.expect_refused("no program is named")
        self.expect_refused("no program is named", "--device", "plain", "--")

    def test_an_option_without_its_value(self):
        for option, value in [("--device", "doorbell or plain"), ("--memory", "a size"), ("--results", "a folder"),
                              ("--timeout", "a number of seconds"), ("--platform", "auto, gpu or software"),
                              ("--build", "a folder")]:
            for rest in [[], [""], ["--help"]]:
                with self.subTest(f"{option} {rest}"):
                    self.expect_refused(f"{option} needs {value}", option, *rest)

    def test_values_that_mean_nothing(self):
        self.expect_refused("device floppy", "--device", "floppy", "true")
        self.expect_refused("platform cloud", "--platform", "cloud", "true")
        self.expect_refused("timeout 0", "--timeout", "0", "true")
        self.expect_refused("timeout soon", "--timeout", "soon", "true")
        self.expect_refused("unknown option --colour", "--colour", "true")

    def test_folders_that_are_not_there(self):
        self.expect_refused("--results /nowhere", "--results", "/nowhere", "true")
        self.expect_refused("/nowhere has no bin/mrda-service", "--build", "/nowhere", "true")


class Machine(unittest.TestCase):
    def run_in_machine(self, *arguments):
        """(exit code, standard output, standard error)"""
        done = subprocess.run(command(*arguments), capture_output=True, timeout=240, check=False, text=True)
        return done.returncode, done.stdout, done.stderr

    def test_gives_a_programs_words_and_exit_code(self):
        code, output, errors = self.run_in_machine(
            "--device", "plain", "sh", "-c", 'sh "$1" list; echo "$2" >&2; exit 42', "sh", "tests/vm/ivshmem.sh", "two words")
        self.assertEqual((code, output, errors), (42, "0000:00:10.0 -\ntwo words\n", ""))

    def test_lets_a_program_encode_and_write_results(self):
        with tempfile.TemporaryDirectory(dir=os.path.join(machine.TREE, "build")) as results:
            out = os.path.join(results, "out.h264")
            code, output, errors = self.run_in_machine(
                "--results", results, f"{BUILD}/bin/mrda_sample_app", "--frameNum", FRAMES, "--width", 320, "--height", 192, "-o", out)
            self.assertEqual(code, 0, output + errors)
            self.assertIn("guest by doorbell, host by doorbell", output)
            self.assertGreater(os.path.getsize(out), 0)

    def test_says_which_sizes_a_device_can_have(self):
        for size, named in [("3M", "powers of two"), ("moon", "moon")]:
            code, output, errors = self.run_in_machine("--memory", size, "true")
            self.assertEqual((code, output), (2, ""), errors)
            self.assertIn(named, errors)
            self.assertNotIn("Traceback", errors)

    def test_ends_a_program_that_takes_too_long(self):
        code, output, errors = self.run_in_machine("--device", "plain", "--timeout", 3, "sh", "-c", "echo begun; sleep 1000")
        self.assertEqual((code, output), (124, "begun\n"))
        self.assertIn("sh was ended after 3 s", errors)

    def test_leaves_nothing_running_when_it_is_ended(self):
        with MarkedProcess(command("sh", "-c", "echo begun; sleep 1000")) as run:
            run.wait_for_output("begun")
            run.send_signal(signal.SIGTERM)
            self.assertEqual(run.wait(timeout=60), 128 + signal.SIGTERM)
            run.wait_for_the_last()


def main():
    if "Machine" in sys.argv:
        try:
            machine.check_available()
        except machine.Missing as missing:
            print(f"skipped: {missing}")
            return 77
    return 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
