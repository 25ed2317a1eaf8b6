#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mrda-plugin-check, on plugins that are right and on plugins that are wrong in one way.

    plugin_check_test.py MRDA_PLUGIN_CHECK PLUGIN_DIR SAMPLE_DIR FAULTY_DIR
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

CHECK, PLUGINS, SAMPLES, FAULTY = (os.path.abspath(path) for path in sys.argv[1:5])
del sys.argv[1:5]
PATIENCE = 300

# What it must say of each.
FAULTS = {
    "crashes": "crashes: Segmentation fault",
    "loses-a-frame": "23 packets come of 24 frames",
    "changes-times": "the times of the packets are not those of the frames",
    "never-ends": "no END",
    "takes-after-the-end": "a frame after the end of the stream must be an error",
    "leaks-memory": "leaks: bytes of memory",
    "leaks-descriptors": "leaks: descriptors",
    "writes-behind-its-data": "bytes behind session_bytes were written",
    "writes-into-frames": "has written into frame",
    "names-a-frame-twice": "which the session does not have",
    "refuses-without-words": "without a message",
    "shares-its-state": "threads with a session each",
    "keeps-what-a-reset-drops": "after a reset",
    "first-is-no-key-frame": "the first packet is no key frame",
    "takes-any-parameter": "a parameter that is not known must be an error",
}


def check(path, *options):
    return subprocess.run([CHECK, *options, path], text=True, capture_output=True,
                          timeout=PATIENCE, check=False, env=dict(os.environ, SVT_LOG="1"))


def plugin(folder, name):
    return os.path.join(folder, f"libmrda_{name}.so")


class Right(unittest.TestCase):
    def expect_all_hold(self, path, *options):
        run = check(path, *options)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn(", 0 failed", run.stdout)

    def test_the_samples_hold(self):
        for name in ("sample-encoder", "sample-filter", "sample-scaler"):
            with self.subTest(name):
                self.expect_all_hold(plugin(SAMPLES, name))

    def test_the_built_in_ones_hold(self):
        names = [name for name in sorted(os.listdir(PLUGINS)) if name.endswith(".so")]
        self.assertIn("libmrda_copy.so", names)
        for name in names:
            with self.subTest(name):
                # x265 3.5, behind the software runtime, loses about 9 KiB with each encoder.
                allowed = ["--allow-leak-kib", "12"] if name == "libmrda_vpl.so" else []
                self.expect_all_hold(os.path.join(PLUGINS, name), "--platform", "software",
                                     *allowed)


class Wrong(unittest.TestCase):
    def test_every_fault_is_named(self):
        self.assertGreaterEqual(len(FAULTS), 10)
        for name, words in FAULTS.items():
            with self.subTest(name):
                run = check(plugin(FAULTY, name))
                self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
                self.assertIn(words, run.stdout)

    def test_what_is_no_plugin_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = plugin(folder, "text")
            with open(path, "w", encoding="utf-8") as file:
                file.write("not a shared object")
            run = check(path)
            self.assertEqual(run.returncode, 4)
            self.assertIn(path, run.stderr)

    def test_one_of_another_architecture_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = shutil.copy(plugin(SAMPLES, "sample-filter"), folder)
            with open(path, "r+b") as file:
                file.seek(18)  # e_machine, of elf(5): another one.
                file.write(b"\xb7\x00")
            run = check(path)
            self.assertEqual(run.returncode, 4)
            self.assertIn("libmrda_sample-filter.so", run.stderr)

    def test_a_file_of_another_name_is_wrong_use(self):
        run = check("/tmp/encoder.so")
        self.assertEqual(run.returncode, 2)
        self.assertIn("libmrda_NAME.so", run.stderr)

    def test_one_that_is_not_there_is_not_found(self):
        run = check("/nowhere/libmrda_none.so")
        self.assertEqual(run.returncode, 3)


if __name__ == "__main__":
    unittest.main()
