#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mrda-probe: what it finds out, and how it says that to whoever started it."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, PLUGINS, ENDING = sys.argv[1:4]


def probe(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=120, check=False,
                          text=True)


class Chain(unittest.TestCase):
    def test_works_on_the_software_platform(self):
        done = probe("--chain", "--platform", "software")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"USM to surface by prime2, one frame encoded to \d+ bytes")

    def test_without_a_gpu_is_refused_with_the_reason_on_standard_output(self):
        if glob.glob("/dev/dri/renderD*"):
            self.skipTest("this machine has a render node")
        for platform in ["gpu", "auto"]:
            with self.subTest(platform):
                done = probe("--chain", "--platform", platform)
                self.assertEqual(done.returncode, 3)
                self.assertIn("/dev/dri", done.stdout)

    def test_of_a_gpu_that_is_not_there_names_its_address(self):
        done = probe("--chain", "--device", "0000:99:1f.7")
        self.assertEqual(done.returncode, 3)
        self.assertIn("0000:99:1f.7", done.stdout)


class Listing(unittest.TestCase):
    def test_of_the_software_platform_shows_its_device(self):
        done = probe("--platform", "software")
        self.assertEqual(done.returncode, 0, done.stderr)
        devices = json.loads(done.stdout)["level_zero"]
        self.assertEqual(devices[0]["index"], 0)
        self.assertTrue(devices[0]["name"])
        self.assertIsNone(devices[0]["pci"])
        self.assertIs(devices[0]["exports_dma_buf"], True)
        self.assertGreater(devices[0]["max_allocation_bytes"], 0)
        self.assertIn("load", devices[0])

    def test_of_whatever_is_there_is_json(self):
        done = probe()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(json.loads(done.stdout)), {"render_nodes", "level_zero"})


    def test_of_a_device_that_is_not_there_names_its_address(self):
        done = probe("--device", "0000:99:1f.7")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no render node for a device at 0000:99:1f.7", done.stdout)

    def test_of_one_device_shows_no_other(self):
        nodes = json.loads(probe().stdout)["render_nodes"]
        if not nodes or "error" in nodes:
            self.skipTest("this machine has no GPU")
        only = json.loads(probe("--device", nodes[0]["pci"]).stdout)
        self.assertEqual([node["pci"] for node in only["render_nodes"]], [nodes[0]["pci"]])
        self.assertLessEqual({device["pci"] for device in only["level_zero"]}, {nodes[0]["pci"]})


class Plugins(unittest.TestCase):
    def list(self, *folders):
        done = probe(*(word for folder in folders for word in ("--plugins", folder)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_each_is_listed_with_what_it_can_do(self):
        copy = {plugin["name"]: plugin for plugin in self.list(PLUGINS)["plugins"]}["copy"]
        self.assertEqual(copy["folder"], PLUGINS)
        self.assertGreaterEqual(copy["abi"], 3)
        kind = copy["kinds"][0]
        self.assertEqual((kind["type"], kind["codecs"]), ("encoder", ["copy"]))
        self.assertIn({"name": "NV12", "bits_per_pixel": 12}, kind["inputs"])
        self.assertEqual(kind["input_memory"], ["pages", "object", "address"])

    def test_one_that_ends_its_process_hides_no_other_and_says_how(self):
        listed = {plugin["name"]: plugin for plugin in self.list(ENDING, PLUGINS)["plugins"]}
        self.assertIn("by signal SIGKILL (Killed)", listed["ends-by-signal"]["refused"])
        self.assertIn("with exit code 0, and no answer", listed["ends-by-exit"]["refused"])
        self.assertNotIn("refused", listed["copy"])

    def test_one_that_comes_second_is_named_and_not_loaded(self):
        with tempfile.TemporaryDirectory() as first:
            os.symlink(f"{PLUGINS}/libmrda_copy.so", f"{first}/libmrda_copy.so")
            copies = [plugin for plugin in self.list(first, PLUGINS)["plugins"]
                      if plugin["name"] == "copy"]
        self.assertEqual([copy["shadowed_by"] for copy in copies], ["", first])
        self.assertNotIn("kinds", copies[1])

    def test_one_that_others_can_write_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(f"{PLUGINS}/libmrda_copy.so", folder)
            os.chmod(f"{folder}/libmrda_copy.so", 0o757)
            self.assertIn("chmod o-w", self.list(folder)["plugins"][0]["refused"])

    def test_a_folder_that_is_not_there_is_named(self):
        self.assertEqual(self.list("/nowhere")["folders"][0]["folder"], "/nowhere")


class Usage(unittest.TestCase):
    def test_a_device_that_is_no_pci_address_is_refused_by_name(self):
        done = probe("--device", "bad")
        self.assertEqual(done.returncode, 2)
        self.assertIn('"bad"', done.stdout)

    def test_a_platform_that_nobody_knows_is_refused_by_name(self):
        done = probe("--platform", "cloud")
        self.assertEqual(done.returncode, 2)
        self.assertIn('"cloud"', done.stdout)

    def test_a_device_of_the_software_platform_is_refused_by_name(self):
        for mode in [[], ["--chain"]]:
            with self.subTest(mode):
                done = probe(*mode, "--platform", "software", "--device", "0000:03:00.0")
                self.assertEqual(done.returncode, 2)
                self.assertIn("--device 0000:03:00.0 with --platform software", done.stdout)

    def test_an_option_that_nobody_knows_is_refused_by_name(self):
        done = probe("--colour")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--colour", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
