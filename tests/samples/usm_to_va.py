# SPDX-License-Identifier: MIT
"""Runs usm_to_va as a user does; what the tests of the program have in common."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

# Set by main() from the command line.
PROGRAM = None
X264_PROBE = None

SKIPPED = 77


def run(*arguments, platform="software", input=None, timeout=120, environment=None, **popen):
    """Runs the program; returns the finished process, its outputs as text."""
    command = [PROGRAM]
    if platform is not None:
        command += ["--platform", platform]
    return subprocess.run(
        command + [str(argument) for argument in arguments],
        input=input, capture_output=True, timeout=timeout, check=False,
        env={**os.environ, **(environment or {})}, **popen,
    )


class Case(unittest.TestCase):
    """A test with a folder of its own, and with the program's answers to look at."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mrda-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def choose_drivers(self, *names):
        """The environment of a program that shall find these software drivers alone."""
        chosen = self.path("drivers")
        os.makedirs(chosen, exist_ok=True)
        built = os.path.abspath(os.path.join(os.path.dirname(PROGRAM), "..", "lib", "mrda"))
        for name in names:
            os.symlink(os.path.join(built, name), os.path.join(chosen, name))
        return {"MRDA_DRIVER_DIR": chosen}

    def choose_lying_driver(self, lie):
        """The same with the VA driver that lies, which is told to tell `lie`."""
        environment = self.choose_drivers("libmrda_ze.so")
        liar = os.environ["MRDA_LYING_DRIVER"]
        os.symlink(liar, os.path.join(environment["MRDA_DRIVER_DIR"], os.path.basename(liar)))
        return {**environment, "MRDA_TEST_LIE": lie}

    def run_well(self, *arguments, **options):
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def run_json(self, *arguments, **options):
        return json.loads(self.run_well(*arguments, "--json", **options))

    def expect_refused(self, exit_code, named, *arguments, **options):
        """The program leaves with exit_code and a message that has every text of `named` in it."""
        done = run(*arguments, **options)
        message = done.stderr.decode()
        self.assertEqual(done.returncode, exit_code, message)
        for text in [named] if isinstance(named, str) else named:
            self.assertIn(text, message)
        return message


def main():
    """main() of a test script: SCRIPT USM_TO_VA [X264_PROBE [TEST ...]]."""
    global PROGRAM, X264_PROBE
    PROGRAM = sys.argv[1]
    X264_PROBE = sys.argv[2] if len(sys.argv) > 2 else None
    finished = unittest.main(module="__main__", argv=[sys.argv[0], "-v", *sys.argv[3:]], exit=False).result
    if not finished.wasSuccessful():
        sys.exit(1)
    if finished.testsRun == len(finished.skipped):
        sys.exit(SKIPPED)
