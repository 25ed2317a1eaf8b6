#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""MRDA on Intel's own drivers, over the stand-in node.

    intel_test.py BUILD [TEST ...]     exit code 77: every test was skipped, because its drivers were not fetched"""

import json
import os
import shutil
import sys
import tempfile
import unittest

import check_trace
import faults
import rig

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from mrda_service import CONFIG, Service  # noqa: E402

BUILD = None
FRAMES = 60

REQUIRED = [("adlp", "debian12", None), ("dg2", "debian12", None)]
# Device, drivers, VA driver, codecs.
WIDER = [
    ("adlp", "debian12", "debian12-nonfree", ["avc", "hevc"]),
    ("dg2", "debian12", "debian12-nonfree", ["avc", "hevc"]),
    ("adlp", "newer", "newer-nonfree", ["avc", "hevc"]),
    ("dg2", "newer", "newer-nonfree", ["avc", "hevc"]),
    ("lnl", "newer", "newer", ["avc", "hevc"]),
    ("lnl", "newer", "newer-nonfree", ["avc", "hevc"]),
    ("bmg", "newer", "newer", ["avc", "hevc"]),
    ("bmg", "newer", "newer-nonfree", ["avc", "hevc"]),
]
ADLP_ADDRESS, SECOND_ADDRESS = "0000:00:02.0", "0000:03:00.0"


class Case(unittest.TestCase):
    def run_on(self, device, name, *words, **options):
        """A run that neither hung nor lacked its drivers."""
        try:
            run = device.run(name, *words, **options)
        except rig.Missing as missing:
            self.skipTest(str(missing))
        self.assertFalse(run.hung, f"{name} hung on {device}")
        return run

    def run_well(self, device, name, *words, **options):
        run = self.run_on(device, name, *words, **options)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run

    def check_chain(self, device, codec):
        run = self.run_well(device, "intel_chain", "--codec", codec, "--frames", FRAMES)
        self.assertEqual(run.lines()[0]["packets"], FRAMES)
        self.assertEqual(check_trace.check(run.trace, codec, 1920, 1080, FRAMES), [])
        return run


class Required(Case):
    def test_avc_reads_the_usm_itself(self):
        for device in (rig.Rig(BUILD, *row) for row in REQUIRED):
            with self.subTest(str(device)):
                self.check_chain(device, "avc")

    def test_a_run_leaves_the_trace_of_the_run_before(self):
        for device in (rig.Rig(BUILD, *row) for row in REQUIRED):
            with self.subTest(str(device)):
                first, second = (rig.masked(self.run_well(device, "intel_chain", "--frames", 5).trace) for _ in range(2))
                self.assertEqual(first, second)

    def test_the_sample_runs_on_the_gpu_platform(self):
        for device in (rig.Rig(BUILD, *row) for row in REQUIRED):
            with self.subTest(str(device)), tempfile.TemporaryDirectory(prefix="mrda-") as folder:
                out = os.path.join(folder, "out.264")
                run = self.run_well(device, "usm_to_va", "--platform", "gpu", "--proof", "cpu", "--frames", "5", "--encode", out)
                self.assertIn("VA surface", run.stdout)
                self.assertEqual(os.path.getsize(out), 5 * 1024)

    def test_the_chain_runs_again_and_again_in_one_process(self):
        for device in (rig.Rig(BUILD, *row) for row in REQUIRED):
            with self.subTest(str(device)):
                lines = self.run_well(device, "intel_chain", "--frames", 3, "--times", 20).lines()
                self.assertEqual({(line["descriptors"], line["mappings"]) for line in lines[2:]},
                                 {(lines[-1]["descriptors"], lines[-1]["mappings"])})


class Wider(Case):
    pass


def add_wider_tests():
    """A test a row, so that each is skipped on its own where its drivers are missing."""
    for kind, drivers, va_drivers, codecs in WIDER:
        for codec in codecs:
            def test(self, device=(kind, drivers, va_drivers), codec=codec):
                self.check_chain(rig.Rig(BUILD, *device), codec)
            name = f"test_{codec}_on_{kind}_with_{va_drivers or drivers}".replace("-", "_")
            setattr(Wider, name, test)


class TwoDevices(Case):
    """Of two devices at once, what is joined is always one: its node, its VA display, its Level Zero device."""

    def check_only(self, kinds, drivers, va_drivers, address):
        device = rig.Rig(BUILD, kinds, drivers, va_drivers)
        run = self.run_well(device, "intel_chain", "--device", address, "--frames", 5)
        events = check_trace.parse(run.trace)
        places = {event.values["node"]: event.values["pci"] for event in events if event.name == "open"}
        encoded = {places[event.values["node"]] for event in events if event.name in ("EXECBUFFER2", "EXEC")}
        self.assertEqual(encoded, {address})
        shared = {places[event.values["node"]] for event in events if event.name.startswith("PRIME_")}
        self.assertEqual(shared, {address})
        self.assertEqual(check_trace.check(run.trace, "avc", 1920, 1080, 5), [])

    def test_of_one_kernel_driver_are_told_apart_by_address(self):
        for kinds in ("adlp,dg2", "dg2,adlp"):
            for address in (ADLP_ADDRESS, SECOND_ADDRESS):
                with self.subTest(f"{kinds} at {address}"):
                    self.check_only(kinds, "debian12", None, address)

    def test_of_two_kernel_drivers_are_told_apart_by_address(self):
        for kinds in ("adlp,bmg", "lnl,dg2"):
            for address in (ADLP_ADDRESS, SECOND_ADDRESS):
                with self.subTest(f"{kinds} at {address}"):
                    self.check_only(kinds, "newer", "newer-nonfree", address)

    def test_an_address_that_is_neither_is_refused_listing_both(self):
        run = self.run_on(rig.Rig(BUILD, "adlp,dg2"), "intel_chain", "--device", "0000:7f:00.0")
        self.assertEqual(run.returncode, 1)
        message = run.lines()[0]["message"]
        for text in ("0000:7f:00.0", ADLP_ADDRESS, SECOND_ADDRESS):
            self.assertIn(text, message)


class Faults(Case):
    """What is ours does not crash, hang or leak where an ioctl fails, and its errors name the call."""

    def check(self, how, every, first=1):
        try:
            campaign = faults.Faults(rig.Rig(BUILD, "dg2"), how)
        except rig.Missing as missing:
            self.skipTest(str(missing))
        told = faults.summary(campaign.run(every, first))
        for rule in ("crashes_of_ours", "hangs", "leaks_of_ours", "errors_without_call"):
            self.assertEqual(told[rule], [], rule)
        return told

    def test_no_memory(self):
        told = self.check("ENOMEM", 83)
        self.assertGreater(told["errors"] + told["crashes"], 0, "no fault had any effect")

    def test_an_interrupted_ioctl_is_restarted(self):
        # But for the very first, which the driver asks without libdrm's restart.
        told = self.check("EINTR", 211, first=2)
        self.assertEqual((told["crashes"], told["errors"]), (0, 0), told)

    def test_a_device_that_is_lost(self):
        self.check("LOST", 331, first=11)

    def test_a_device_that_hangs_is_reported(self):
        try:
            run = rig.Rig(BUILD, "dg2").run("intel_chain", "--frames", 5, fail="EXECBUFFER2:2:HANG", timeout=30)
        except rig.Missing as missing:
            self.skipTest(str(missing))
        self.assertFalse(run.hung)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        error = run.lines()[0]
        self.assertIn(error["code"], ("device lost", "timeout", "input/output"), error)
        self.assertTrue(error["call"], error)


class BadInput(Case):
    """Messages name what is missing, and what still works."""

    def expect(self, device, program, words, named, **options):
        run = self.run_on(device, program, *words, **options)
        self.assertNotIn(run.returncode, (0, 128 + 6, 128 + 11), run.stdout + run.stderr)
        for text in named:
            self.assertIn(text, run.stdout + run.stderr)

    def test_a_device_that_no_driver_knows(self):
        self.expect(rig.Rig(BUILD, "unknown"), "usm_to_va", ["--platform", "gpu"], ["no usable GPU", "intel-opencl-icd"])

    def test_a_node_without_permission(self):
        self.expect(rig.Rig(BUILD, "adlp"), "usm_to_va", ["--platform", "gpu"], ["/dev/dri/renderD128", "usermod"],
                    fail="open:*:EACCES")

    def test_a_kernel_without_prime(self):
        lacking = "PRIME_HANDLE_TO_FD:*:ENOSYS,PRIME_FD_TO_HANDLE:*:ENOSYS"
        self.expect(rig.Rig(BUILD, "adlp"), "usm_to_va", ["--platform", "gpu"], ["no usable GPU", "PRIME"], fail=lacking)

    def test_a_library_that_is_cut_off(self):
        for library in ("libze_intel_gpu.so.1", "dri/iHD_drv_video.so", "libmfx-gen.so.1.2"):
            with self.subTest(library):
                device = self.with_library(library, lambda path: os.truncate(path, 4096))
                self.expect(device, "usm_to_va", ["--platform", "gpu"], ["no usable GPU", "mrdactl doctor"])
                told = self.run_on(device, "mrdactl", "doctor").stdout.splitlines()
                line = next(line for line in told if f"GPU driver {os.path.basename(library)}" in line)
                self.assertFalse(line.startswith("works"), line)
                self.assertIn("signal 7", line)

    def test_a_library_that_is_not_there(self):
        for library, named in [("libze_intel_gpu.so.1", "intel-opencl-icd"), ("dri/iHD_drv_video.so", "intel-media-va-driver"),
                               ("libmfx-gen.so.1.2", "oneVPL")]:
            with self.subTest(library):
                self.expect(self.with_library(library, os.remove), "usm_to_va", ["--platform", "gpu"], ["no usable GPU", named])

    def with_library(self, library, spoil):
        """A set of drivers of which one library is spoilt."""
        folder = os.path.join(BUILD_INTEL, "debian12")
        if not os.path.exists(folder + ".complete"):
            self.skipTest("the drivers debian12 are not there; run tests/intel/fetch.sh debian12")
        spoilt = tempfile.mkdtemp(prefix="mrda-drivers-")
        self.addCleanup(shutil.rmtree, spoilt)
        libraries = os.path.join(spoilt, "debian12", "usr/lib/x86_64-linux-gnu")
        shutil.copytree(os.path.join(folder, "usr/lib/x86_64-linux-gnu"), libraries, symlinks=True)
        path = os.path.realpath(os.path.join(libraries, library))
        spoil(path)
        open(os.path.join(spoilt, "debian12.complete"), "w", encoding="utf-8").close()
        return rig.Rig(BUILD, "adlp", drivers_dir=spoilt)


# The service gives its workers no environment; on the rig they have the service's.
WORKER = """#!/bin/bash
while IFS= read -r -d '' variable; do export "$variable"; done </proc/$PPID/environ
exec {program} "$@"
"""


class Programs(Case):
    """The service, a guest, and the operator's tools."""

    def start_service(self, kind):
        device = rig.Rig(BUILD, kind)
        self.run_well(device, "mrda-probe", "--chain")  # Or the drivers are missing.
        folder = tempfile.TemporaryDirectory(prefix="mrda-")
        self.addCleanup(folder.cleanup)
        worker = os.path.join(folder.name, "worker")
        with open(worker, "w", encoding="utf-8") as file:
            file.write(WORKER.format(program=device.program("mrda-worker")))
        os.chmod(worker, 0o700)
        service = Service(os.path.join(BUILD, "bin"), config=f'worker = "{worker}"\n' + CONFIG, platform="gpu",
                          runner=device.command())
        self.addCleanup(service.close)
        return service.start()

    def test_a_guest_encodes_through_a_worker(self):
        for kind in ("adlp", "dg2"):
            with self.subTest(kind):
                service = self.start_service(kind)
                told = json.loads(service.guest("-o", service.path("out.h264"), "--width", 640, "--height", 480, "--frameNum", 30,
                                                "--codecId", "h264", "--json"))
                self.assertEqual((told["frames"], told["packets"]), (30, 30))
                self.assertEqual(told["path"], "direct")
                self.assertEqual(told["cpu_copied_bytes"], 0)

    def test_a_worker_that_the_vendors_code_ends_is_told_by_its_signal(self):
        # The free driver of Debian 12 has no HEVC kernels for DG2, and finds out by a null pointer.
        service = self.start_service("dg2")
        told = service.guest("-o", service.path("out.h265"), "--width", 640, "--height", 480, "--frameNum", 5, "--codecId", "h265",
                             code=1)
        self.assertIn("ended by signal 11", told)
        again = json.loads(service.guest("-o", service.path("out.h264"), "--width", 640, "--height", 480, "--frameNum", 5,
                                         "--codecId", "h264", "--json"))
        self.assertEqual(again["packets"], 5)

    def test_the_doctor_sees_the_device_by_its_address(self):
        run = self.run_on(rig.Rig(BUILD, "adlp"), "mrdactl", "doctor")
        for text in (ADLP_ADDRESS, "/dev/dri/renderD128", "iHD"):
            self.assertIn(text, run.stdout + run.stderr)


def main():
    global BUILD, BUILD_INTEL
    BUILD = os.path.abspath(sys.argv[1])
    BUILD_INTEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build", "intel")
    add_wider_tests()
    finished = unittest.main(module="__main__", argv=[sys.argv[0], "-v", *sys.argv[2:]], exit=False).result
    if not finished.wasSuccessful():
        sys.exit(1)
    # A test is skipped once for each of its devices.
    if finished.testsRun == len({getattr(test, "test_case", test).id() for test, _ in finished.skipped}):
        sys.exit(rig.SKIPPED)


if __name__ == "__main__":
    main()
