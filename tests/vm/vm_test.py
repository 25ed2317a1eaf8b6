#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""MRDA in virtual machines: a guest with IVSHMEM devices encodes on the host, and its kernel's DMA-BUFs are true ones.

    vm_test.py BUILD [TEST ...]     exit code 77: no machine can be had here; the last line says why"""

import json
import os
import sys
import tempfile
import time
import unittest

import guest as machine

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from mrda_service import CONFIG, Service  # noqa: E402

BUILD = None
FRAMES = 60
STREAM = ["--width", 640, "--height", 360, "--colorFormat", "nv12", "--codecId", "h264"]
MIB = 1 << 20


def plain(name, path, slot, mib=64):
    """QEMU's arguments for a device whose memory is a file."""
    return ["-object", f"memory-backend-file,id={name},share=on,mem-path={path},size={mib}M",
            "-device", f"ivshmem-plain,memdev={name},addr={slot}"]


class Host:
    """A service with VMs whose devices are files, and one machine that has all of these devices."""

    def __init__(self):
        self.results = tempfile.TemporaryDirectory(dir=os.path.join(machine.TREE, "build"))
        self.service = Service(f"{BUILD}/bin", "-addr", "127.0.0.1:0", config=CONFIG).start()
        self.tokens = {}
        self.add("one", "one", "one")
        self.add("two", "in", "out")
        self.add("late", "late", "late")
        devices = (plain("one", self.path("one"), "0x10") + plain("in", self.path("in"), "0x11")
                   + plain("out", self.path("out"), "0x12"))
        self.guest = machine.Guest("vm_test", devices=devices, results=self.results.name).start()

    def path(self, name):
        return os.path.join(self.results.name, name)

    def add(self, vm, in_name, out_name):
        told = self.service.ctl("vm", "add", vm, "--in-device", self.path(in_name), "--out-device", self.path(out_name),
                                "--memory", "64M")
        with open(told.split("token in ")[1].split(" ")[0], encoding="utf-8") as file:
            self.tokens[vm] = file.read().strip()

    def sample(self, *options):
        """The sample's command line for the guest's system, without its VM's token."""
        return [f"{BUILD}/bin/mrda_sample_app", "--hostSessionAddr", f"10.0.2.2:{self.service.port()}", *STREAM, *options]

    def command(self, vm, *options):
        return ["env", f"MRDA_TOKEN={self.tokens[vm]}", *self.sample(*options)]

    def close(self):
        self.guest.close()
        self.service.close()
        self.results.cleanup()


class Machine(unittest.TestCase):
    """A Linux guest without a GPU, and the service of its host."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)
        local = cls.host.path("local.h264")
        cls.host.service.guest(*STREAM, "--frameNum", FRAMES, "-o", local,
                               env=dict(cls.host.service.env, MRDA_TOKEN=cls.host.tokens["late"]))
        with open(local, "rb") as file:
            cls.expected = file.read()

    def encode(self, vm, *options):
        """The report of a guest's run, whose bitstream must be that of a local process."""
        out = self.host.path("guest.h264")
        output = self.host.guest.check(
            self.host.command(vm, "--frameNum", FRAMES, "-o", out, "--json", *options), timeout=120)
        with open(out, "rb") as file:
            self.assertEqual(file.read(), self.expected)
        os.unlink(out)
        report = json.loads(output[output.index("{"):])
        self.assertEqual((report["packets"], report["cpu_copied_bytes"], report["path"]), (FRAMES, 0, "direct"))
        return report

    def test_encodes_as_a_local_process_does(self):
        report = self.encode("one")
        self.assertEqual(report["frames_lost"], 0)
        self.assertIn("guest by stream, host by stream", report["woken"])

    def test_has_a_device_for_each_direction_by_slot(self):
        self.encode("two", "--inDevPath", "pci:00:11.0", "--outDevPath", "pci:00:12.0")

    def test_finds_a_device_by_its_regions_name(self):
        self.encode("two", "--inDevPath", "pci:two.in", "--outDevPath", "pci:two.out")

    def test_looks_by_itself_where_it_shall_not_be_woken(self):
        self.assertIn("guest by polling, host by polling", self.encode("one", "--wake", "polling")["woken"])

    def test_is_told_which_device_has_another_region(self):
        code, output = self.host.guest.run(self.host.command("one", "--frameNum", 1, "--inDevPath", "pci:00:11.0"))
        self.assertEqual(code, 3, output)
        self.assertIn("0000:00:11.0: region two.in", output)
        self.assertIn("one", output)

    def test_is_told_why_it_cannot_be_interrupted(self):
        code, output = self.host.guest.run(self.host.command("one", "--frameNum", 1, "--inDevPath", "pci:00:10.0",
                                                             "--wake", "interrupt"))
        self.assertEqual(code, 4, output)
        self.assertIn("ivshmem-plain", output)

    def test_uses_a_device_that_is_plugged_in_later(self):
        qmp = self.host.guest.qmp
        qmp.execute("object-add", **{"qom-type": "memory-backend-file", "id": "late", "share": True,
                                     "mem-path": self.host.path("late"), "size": 64 * MIB})
        qmp.execute("device_add", driver="ivshmem-plain", id="late-device", memdev="late", bus="port1")
        end = time.monotonic() + machine.BOOT_SECONDS
        while self.host.guest.run("grep -l 0x1110 /sys/bus/pci/devices/*/device | wc -l")[1].strip() != "4":
            self.assertLess(time.monotonic(), end, "the guest never saw the device")
        self.encode("late")


class Doorbells(unittest.TestCase):
    """A machine whose device has doorbells, behind an IOMMU, started by mrdactl."""

    @classmethod
    def setUpClass(cls):
        cls.results = tempfile.TemporaryDirectory(dir=os.path.join(machine.TREE, "build"))
        cls.addClassCleanup(cls.results.cleanup)
        cls.service = Service(f"{BUILD}/bin", "-addr", "127.0.0.1:0", config=CONFIG).start()
        cls.addClassCleanup(cls.service.close)
        told = cls.service.ctl("vm", "add", "bells", "--devices", 1, "--memory", "64M")
        with open(told.split("token in ")[1].split(" ")[0], encoding="utf-8") as file:
            cls.token = file.read().strip()
        run = [f"{BUILD}/bin/mrdactl", "--runtime-dir", cls.service.path("run"), "vm", "run", "bells", "--"]
        cls.guest = machine.Guest("doorbells", devices=["-device", "intel-iommu,intremap=on"], results=cls.results.name,
                                  command_prefix=run).start()
        cls.addClassCleanup(cls.service.end)  # In order, so that the holder of the doorbells ends, too.
        cls.addClassCleanup(cls.guest.close)

    def encode(self, name, *options):
        out = os.path.join(self.results.name, name)
        output = self.guest.check(
            ["env", f"MRDA_TOKEN={self.token}", f"{BUILD}/bin/mrda_sample_app", "--hostSessionAddr",
             f"10.0.2.2:{self.service.port()}", *STREAM, "--frameNum", FRAMES, "-o", out, "--json", *options], timeout=120)
        report = json.loads(output[output.index("{"):])
        self.assertEqual((report["packets"], report["cpu_copied_bytes"], report["path"]), (FRAMES, 0, "direct"))
        with open(out, "rb") as file:
            return report, file.read()

    def test_ring_the_host_and_interrupt_the_guest(self):
        by_stream, one = self.encode("stream.h264")
        self.assertIn("guest by stream, host by doorbell", by_stream["woken"])
        self.guest.check(["sh", "tests/vm/ivshmem.sh", "bind", "0000:00:10.0"])
        by_interrupt, other = self.encode("interrupt.h264", "--wake", "interrupt")
        self.assertIn("guest by doorbell, host by doorbell", by_interrupt["woken"])
        self.assertEqual(one, other)
        self.service.guest(*STREAM, "--frameNum", FRAMES, "-o", self.service.path("local.h264"))
        with open(self.service.path("local.h264"), "rb") as file:
            self.assertEqual(file.read(), one)


class KernelDmaBufs(unittest.TestCase):
    """What the tests of DMA-BUFs skip on a machine whose kernel makes none."""

    def test_are_as_the_tests_expect(self):
        with machine.Guest("dma_bufs") as guest:
            output = guest.check([f"{BUILD}/tests/interop_test", "--gtest_filter=*Udmabuf*:*DmaBuf*"], timeout=120)
        self.assertRegex(output, r"\[  PASSED  \] [1-9]")
        self.assertNotIn("udmabuf: No such file", output)
        self.assertNotIn("has no udmabuf", output)


def main():
    global BUILD
    BUILD = os.path.abspath(sys.argv.pop(1))
    try:
        machine.check_available()
    except machine.Missing as missing:
        print(f"skipped: {missing}")
        return 77
    run = unittest.main(exit=False, verbosity=2)
    return 0 if run.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
