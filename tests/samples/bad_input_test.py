#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usm_to_va given what it cannot use: the exit code and the message that each mistake gets."""

import ctypes
import glob
import json
import os

import usm_to_va

USAGE, NOT_FOUND, UNSUPPORTED, DENIED, EXHAUSTED, CORRUPT = 2, 3, 4, 5, 6, 7
WIDTH, HEIGHT = 320, 240
NV12_BYTES = WIDTH * HEIGHT * 3 // 2
SMALL = ["--width", WIDTH, "--height", HEIGHT]

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def obey_file_modes():
    """Even root obeys them in the program that is started next."""
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


class Values(usm_to_va.Case):
    def test_odd_sizes(self):
        self.expect_refused(USAGE, ["641x480", "multiple of 2"], "--width", 641, "--height", 480)
        self.expect_refused(USAGE, ["640x481", "multiple of 2"], "--width", 640, "--height", 481)

    def test_no_size_at_all(self):
        self.expect_refused(USAGE, "0x480", "--width", 0, "--height", 480)
        self.expect_refused(USAGE, "640x0", "--width", 640, "--height", 0)

    def test_sizes_that_nothing_carries(self):
        self.expect_refused(USAGE, ["65536x480", "16384"], "--width", 65536, "--height", 480)
        self.expect_refused(USAGE, "640x65536", "--width", 640, "--height", 65536)

    def test_sizes_that_are_no_numbers(self):
        self.expect_refused(USAGE, "--width", "--width", "wide")
        self.expect_refused(USAGE, "--height", "--height", "-480")

    def test_a_format_that_nobody_knows(self):
        self.expect_refused(UNSUPPORTED, ['"NV99"', "known formats", "NV12"], "--format", "NV99")

    def test_a_format_that_no_encoder_takes(self):
        for pixels, named in [("I420", "YU12"), ("YUY2", "YUY2")]:
            self.expect_refused(UNSUPPORTED, [named + " surfaces", "convert to NV12 or P010"],
                                *SMALL, "--format", pixels, "--encode", self.path("out.h264"))

    def test_sizes_that_the_codec_does_not_have(self):
        for size, codec, smallest in [(8, "h264", "16x16"), (16, "h265", "32x32"),
                                      (32, "av1", "64x64")]:
            with self.subTest(codec):
                self.expect_refused(UNSUPPORTED, [f"{size}x{size}", f"it takes {smallest} to"],
                                    "--width", size, "--height", size,
                                    "--encode", self.path("out." + codec))
        self.expect_refused(UNSUPPORTED, ["10000x64", "to 8192x8192"], "--width", 10000,
                            "--height", 64, "--encode", self.path("out.h264"))

    def test_rates_that_no_codec_counts_with(self):
        out = ["--encode", self.path("out.h264")]
        self.expect_refused(UNSUPPORTED, "at 500/1 frames a second; it takes up to 240/1",
                            *SMALL, *out, "--fps", 500)
        self.expect_refused(UNSUPPORTED, "at 3000000 kbit/s; it takes up to about 2000000",
                            *SMALL, *out, "--bitrate", 3000000)

    def test_mistakes_are_told_in_json_too(self):
        for arguments in [["--colour", "red"], ["--width", "641"], ["--platform", "cloud"],
                          ["--input", self.path("in.nv12")], ["--height", "tall"]]:
            with self.subTest(arguments):
                done = usm_to_va.run("--json", *arguments, platform=None)
                self.assertEqual(done.returncode, USAGE)
                error = json.loads(done.stdout)["error"]
                self.assertEqual(error["code"], "invalid argument")
                self.assertIn(error["message"], done.stderr.decode())

    def test_an_import_that_nobody_knows(self):
        self.expect_refused(USAGE, ['"dmabuf"', "prime2", "userptr"], "--import", "dmabuf")

    def test_an_import_that_this_memory_does_not_allow(self):
        self.expect_refused(USAGE, "host pages", *SMALL,
                            "--import", "userptr", "--usm", "device")

    def test_a_kind_of_usm_that_nobody_knows(self):
        self.expect_refused(USAGE, ['"shared-ish"', "device, host or shared"],
                            "--usm", "shared-ish")

    def test_a_platform_that_nobody_knows(self):
        self.expect_refused(USAGE, '"cloud"', platform="cloud")

    def test_an_option_that_nobody_knows(self):
        self.expect_refused(USAGE, "--colour", "--colour", "red")

    def test_values_that_no_encoder_has_a_meaning_for(self):
        out = self.path("out.h264")
        self.expect_refused(USAGE, "QP of 0", *SMALL, "--encode", out, "--qp", 0)
        self.expect_refused(USAGE, "0/1", *SMALL, "--encode", out, "--fps", 0)
        self.expect_refused(USAGE, "depth of 0", *SMALL, "--encode", out, "--async-depth", 0)
        self.assertFalse(os.path.exists(out))


class Devices(usm_to_va.Case):
    def test_an_address_that_is_no_pci_address(self):
        self.expect_refused(USAGE, '"renderD128"', "--device", "renderD128")

    def test_an_address_where_nothing_is(self):
        for platform in ["software", "auto", "gpu"]:
            with self.subTest(platform):
                self.expect_refused(NOT_FOUND, "0000:99:1f.7", "--device", "0000:99:1f.7",
                                    platform=platform)

    def test_a_gpu_on_a_machine_that_has_none(self):
        if glob.glob("/dev/dri/renderD*"):
            self.skipTest("this machine has a render node")
        message = self.expect_refused(NOT_FOUND, "no usable GPU", platform="gpu")
        self.assertGreater(len(message.split("no usable GPU:")[1].strip()), 10, message)

    def test_fewer_than_no_frames(self):
        self.expect_refused(USAGE, "--frames", *SMALL, "--frames", "-1")

    def test_a_failure_is_told_in_json_too(self):
        done = usm_to_va.run("--device", "0000:99:1f.7", "--json")
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, NOT_FOUND)
        self.assertIn("0000:99:1f.7", report["error"]["message"])


class Drivers(usm_to_va.Case):
    """Software drivers that are not there, or broken."""

    def test_none_at_all(self):
        self.expect_refused(NOT_FOUND, self.path("nowhere") + "/libmrda_ze.so",
                            environment={"MRDA_DRIVER_DIR": self.path("nowhere")})

    def test_one_that_is_no_library(self):
        environment = self.choose_drivers()
        with open(self.path("drivers/libmrda_ze.so"), "wb") as file:
            file.write(b"no ELF\n")
        self.expect_refused(NOT_FOUND, "Level Zero", environment=environment)

    def test_a_va_driver_whose_surfaces_no_cpu_can_write(self):
        report = self.run_json(*SMALL, environment=self.choose_lying_driver("no derived images"))
        self.assertIs(report["surface"]["same_memory"], True)
        self.assertIs(report["surface"]["written_through"], False)
        [told] = [step["found"] for step in report["steps"] if step["step"] == "same memory"]
        self.assertIn("the other way was not tried", told)

    def test_no_va_driver(self):
        self.expect_refused(NOT_FOUND, ["software VA driver does not load", self.path("drivers")],
                            environment=self.choose_drivers("libmrda_ze.so"))

    def test_no_onevpl_runtime(self):
        self.expect_refused(NOT_FOUND, ["h264", "oneVPL"], *SMALL,
                            "--encode", self.path("out.h264"), cwd=self.folder,
                            environment=self.choose_drivers("libmrda_ze.so", "mrda_drv_video.so"))


class Inputs(usm_to_va.Case):
    def write_raw(self, size_bytes):
        path = self.path("in.nv12")
        with open(path, "wb") as file:
            file.write(bytes(size_bytes))
        return path

    def encode(self, path):
        return [*SMALL, "-i", path, "--encode", self.path("out.h264")]

    def test_a_file_that_ends_within_a_frame(self):
        path = self.write_raw(2 * NV12_BYTES + 1000)
        self.expect_refused(CORRUPT, [path, str(2 * NV12_BYTES + 1000), "1000 bytes more"],
                            *self.encode(path))

    def test_a_pipe_that_ends_within_a_frame(self):
        self.expect_refused(CORRUPT, ["ends in frame 2", "1000 of its " + str(NV12_BYTES)],
                            *self.encode("-"), input=bytes(2 * NV12_BYTES + 1000))

    def test_fewer_frames_than_asked_for(self):
        path = self.write_raw(3 * NV12_BYTES)
        self.expect_refused(CORRUPT, [path, "3 frames", "5 were asked for"],
                            *self.encode(path), "--frames", 5)
        self.expect_refused(CORRUPT, ["ends in frame 3"],
                            *self.encode("-"), "--frames", 5, input=bytes(3 * NV12_BYTES))

    def test_nothing_at_all(self):
        path = self.write_raw(0)
        self.expect_refused(CORRUPT, [path, "is empty"], *self.encode(path))
        self.expect_refused(CORRUPT, ["standard input is empty"], *self.encode("-"), input=b"")
        self.expect_refused(CORRUPT, ["standard input is empty"], *self.encode("-"),
                            "--frames", 2, input=b"")

    def test_a_file_with_nowhere_to_encode_it_to(self):
        path = self.write_raw(NV12_BYTES)
        self.expect_refused(USAGE, [path, "--encode"], *SMALL, "-i", path)

    def test_a_file_that_is_not_there(self):
        self.expect_refused(NOT_FOUND, self.path("missing"), *self.encode(self.path("missing")))

    def test_a_file_that_may_not_be_read(self):
        path = self.write_raw(NV12_BYTES)
        os.chmod(path, 0)
        done = usm_to_va.run(*self.encode(path), preexec_fn=obey_file_modes)
        if os.geteuid() == 0 and done.returncode == 0:
            self.skipTest("root keeps its right to read everything here")
        self.assertEqual(done.returncode, DENIED, done.stderr.decode())
        self.assertIn(path, done.stderr.decode())

    def test_a_folder(self):
        message = self.expect_refused(1, self.folder, *self.encode(self.folder))
        self.assertIn("cannot read", message)


class Outputs(usm_to_va.Case):
    def test_an_ending_that_names_no_codec(self):
        self.expect_refused(UNSUPPORTED, ["out.vp9", ".h264"], "--encode", self.path("out.vp9"))
        self.expect_refused(UNSUPPORTED, '"out"', "--encode", "out")

    def test_a_folder_that_is_not_there(self):
        out = self.path("nowhere/out.h264")
        self.expect_refused(NOT_FOUND, out, *SMALL, "--encode", out)

    def test_a_full_disk(self):
        out = self.path("out.h264")
        os.symlink("/dev/full", out)
        self.expect_refused(EXHAUSTED, ["cannot write " + out, "incomplete"],
                            *SMALL, "--frames", 10, "--encode", out)

    def test_a_report_that_cannot_be_written(self):
        path = self.path("nowhere/report.json")
        self.expect_refused(NOT_FOUND, path, *SMALL, "--report", path)


if __name__ == "__main__":
    usm_to_va.main()
