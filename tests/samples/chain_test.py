#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usm_to_va: its steps, its JSON, and that each import shares memory and copies nothing."""

import json

import usm_to_va

STEPS = ["driver and device", "PCI address", "context", "DRM render node", "VA display", "USM",
         "DMA-BUF", "VA surface", "same memory", "clean-up"]
ROUTES = ["prime2", "prime", "userptr"]
FORMATS = ["NV12", "P010", "BGRA", "RGBA", "BGRX", "RGBX", "I420", "YUY2"]
CODECS = {"h264": b"\0\0\0\1", "h265": b"\0\0\0\1", "av1": b"\x12\0"}
WIDTH, HEIGHT = 640, 480
NV12_BYTES = WIDTH * HEIGHT * 3 // 2
SMALL = ["--width", WIDTH, "--height", HEIGHT]


class Chain(usm_to_va.Case):
    def test_prints_each_step_with_what_it_found(self):
        lines = self.run_well(*SMALL).splitlines()
        for number, (step, line) in enumerate(zip(STEPS, lines, strict=True), start=1):
            words = line.split(maxsplit=1)
            self.assertEqual(words[0], str(number))
            self.assertTrue(words[1].startswith(step), line)
            self.assertGreater(len(words[1]), len(step) + 2, line)

    def test_says_the_same_in_json(self):
        report = self.run_json(*SMALL)
        self.assertEqual([step["step"] for step in report["steps"]], STEPS)
        self.assertEqual(report["platform"], "software")
        self.assertIsNone(report["device"]["pci"])
        self.assertEqual(report["usm"]["kind"], "device")
        self.assertGreaterEqual(report["usm"]["bytes"], NV12_BYTES)
        self.assertEqual(report["surface"]["object"], report["usm"]["object"])
        self.assertTrue(report["surface"]["same_memory"])
        self.assertTrue(report["surface"]["written_through"])

    def test_writes_the_json_into_a_file_beside_the_text(self):
        text = self.run_well(*SMALL, "--report", self.path("report.json"))
        self.assertIn("VA surface", text)
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["surface"]["route"], "prime2")

    def test_every_import_shares_memory_and_copies_nothing(self):
        for route in ROUTES:
            with self.subTest(route):
                report = self.run_json(*SMALL, "--import", route, "--frames", 4,
                                       "--encode", self.path("out.h264"))
                self.assertEqual(report["surface"]["route"], route)
                self.assertIs(report["surface"]["same_memory"], True)
                self.assertEqual(report["cpu_copied_bytes_per_frame"], 0)
                self.assertEqual(report["codec_copied_bytes_per_frame"], 0)
                self.assertGreater(report["encode"]["handles_given"], 0)

    def test_every_format_shares_memory_by_every_import(self):
        for pixels in FORMATS:
            for route in ROUTES:
                with self.subTest(f"{pixels} by {route}"):
                    report = self.run_json(*SMALL, "--format", pixels, "--import", route)
                    self.assertIs(report["surface"]["same_memory"], True)

    def test_every_kind_of_usm_shares_memory(self):
        for kind in ["device", "host", "shared"]:
            with self.subTest(kind):
                report = self.run_json(*SMALL, "--usm", kind)
                self.assertEqual(report["usm"]["kind"], kind)
                self.assertIs(report["surface"]["same_memory"], True)

    def test_the_counter_of_copies_counts_a_copy_to_the_byte(self):
        report = self.run_json(*SMALL, "--import", "map", "--frames", 3,
                               "--encode", self.path("out.h264"))
        self.assertEqual(report["surface"]["route"], "map")
        self.assertIs(report["surface"]["same_memory"], False)
        self.assertEqual(report["cpu_copied_bytes_per_frame"], NV12_BYTES)

    def test_each_codec_makes_a_stream_and_reports_its_own_copies(self):
        chroma = WIDTH * HEIGHT // 2
        for ending, start in CODECS.items():
            with self.subTest(ending):
                out = self.path("out." + ending)
                report = self.run_json(*SMALL, "--frames", 5, "--encode", out)
                self.assertEqual(report["encode"]["frames"], 5)
                self.assertEqual(report["encode"]["packets"], 5)
                self.assertEqual(report["cpu_copied_bytes_per_frame"], 0)
                self.assertEqual(report["codec_copied_bytes_per_frame"],
                                 0 if ending == "h264" else chroma)
                with open(out, "rb") as file:
                    stream = file.read()
                self.assertEqual(len(stream), report["encode"]["bytes"])
                self.assertTrue(stream.startswith(start), stream[:8])

    def test_every_frame_has_an_allocation_of_its_own(self):
        report = self.run_json(*SMALL, "--frames", 2, "--encode", self.path("out.h264"))
        allocations = report["usm"]["allocations"]
        self.assertGreater(len(allocations), 2)
        self.assertEqual(allocations[0]["object"], report["usm"]["object"])
        self.assertEqual(len({a["object"] for a in allocations}), len(allocations))
        self.assertEqual(len({a["address"] for a in allocations}), len(allocations))

    def test_a_pipe_gives_the_same_stream_as_a_file(self):
        raw = bytes(range(256)) * (NV12_BYTES // 256) * 3
        with open(self.path("in.nv12"), "wb") as file:
            file.write(raw)
        self.run_well(*SMALL, "-i", self.path("in.nv12"), "--encode", self.path("file.h264"))
        self.run_well(*SMALL, "-i", "-", "--encode", self.path("pipe.h264"), input=raw)
        with open(self.path("file.h264"), "rb") as a, open(self.path("pipe.h264"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_with_no_gpu_auto_says_so_and_uses_the_software_drivers(self):
        done = usm_to_va.run(*SMALL, "--json", platform="auto")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        report = json.loads(done.stdout)
        if report["platform"] == "gpu":
            self.skipTest("this machine has a usable GPU")
        self.assertIn("no usable GPU, so the software drivers are used", report["notice"])
        self.assertIn(report["notice"], done.stderr.decode())

    def test_help_names_every_option(self):
        done = usm_to_va.run("--help", platform=None)
        self.assertEqual(done.returncode, 0)
        for option in ["--platform", "--device", "--format", "--width", "--height", "--import",
                       "--encode", "--input", "--frames", "--json"]:
            self.assertIn(option, done.stdout.decode())


if __name__ == "__main__":
    usm_to_va.main()
