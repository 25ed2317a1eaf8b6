#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""MRDA in virtual machines: a guest with IVSHMEM devices encodes on the host.

    vm_test.py BUILD [TEST ...]     exit code 77: no machine can be had here; the last line says why"""

import os
import signal
import subprocess
import sys
import time
import unittest

import guest as machine
from host import IOMMU, Host, plain, report_of, start_encoding

BUILD = None
FRAMES = 60
MIB = 1 << 20


class Machine(unittest.TestCase):
    """A Linux guest without a GPU, and the service of its host."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host(BUILD)
        cls.addClassCleanup(cls.host.close)
        cls.host.add_plain("one", "one", "one")
        cls.host.add_plain("two", "in", "out")
        cls.host.add_plain("late", "late", "late")
        devices = [argument for name, slot in (("one", "0x18"), ("in", "0x19"), ("out", "0x1a"))
                   for argument in plain(name, cls.host.path(name), slot)]
        devices += ["-fsdev", f"local,id=again,path={cls.host.results},security_model=none,readonly=on",
                    "-device", "virtio-9p-pci,fsdev=again,mount_tag=again"]
        cls.host.add("own", "--devices", 1, "--memory", "64M")
        cls.guest = machine.Guest("vm_test", devices=devices, results=cls.host.results,
                                  command_prefix=cls.host.vm_run("own", "--plain")).start()
        cls.addClassCleanup(cls.guest.close)
        cls.expected = cls.host.local_bitstream("--frameNum", FRAMES)

    def encode(self, vm, *options):
        """The report of a guest's run, whose bitstream must be that of a local process."""
        report, bitstream = self.host.encode(self.guest, vm, "--frameNum", FRAMES, *options)
        self.assertEqual(bitstream, self.expected)
        self.assertEqual((report["packets"], report["cpu_copied_bytes"], report["path"]), (FRAMES, 0, "direct"))
        # A file can shrink, so it becomes no DMA-BUF, whatever the host's kernel can make.
        if vm != "own":
            self.assertIn("by userptr", report["path_reason"])  # A file can shrink under a DMA-BUF.
        return report

    def test_encodes_as_a_local_process_does(self):
        report = self.encode("one")
        self.assertEqual(report["frames_lost"], 0)
        self.assertIn("guest by stream, host by stream", report["woken"])

    def test_has_the_services_own_memory_without_doorbells(self):
        self.assertIn("guest by stream, host by stream", self.encode("own")["woken"])

    def test_has_a_device_for_each_direction_by_slot(self):
        self.encode("two", "--inDevPath", "pci:00:19.0", "--outDevPath", "pci:00:1a.0")

    def test_finds_a_device_by_its_regions_name(self):
        self.encode("two", "--inDevPath", "pci:two.in", "--outDevPath", "pci:two.out")

    def test_looks_by_itself_where_it_shall_not_be_woken(self):
        self.assertIn("guest by polling, host by polling", self.encode("one", "--wake", "polling")["woken"])

    def test_is_told_which_device_has_another_region(self):
        code, output = self.guest.run(self.host.command("one", "--frameNum", 1, "--inDevPath", "pci:00:19.0"))
        self.assertEqual(code, 3, output)
        self.assertIn("0000:00:19.0: region two.in", output)
        self.assertIn("one", output)

    def test_is_told_why_it_cannot_be_interrupted(self):
        code, output = self.guest.run(self.host.command("one", "--frameNum", 1, "--inDevPath", "pci:00:18.0",
                                                             "--wake", "interrupt"))
        self.assertEqual(code, 4, output)
        self.assertIn("ivshmem-plain", output)

    def test_is_told_why_a_share_without_a_cache_cannot_be_read(self):
        with open(self.host.path("frame.nv12"), "wb") as file:
            file.write(bytes(640 * 360 * 3 // 2))
        self.guest.check("mkdir /tmp/uncached && mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=none again /tmp/uncached")
        code, output = self.guest.run(self.host.command("one", "-i", "/tmp/uncached/frame.nv12"))
        self.assertNotEqual(code, 0)
        self.assertIn("cache=readahead", output)

    def plug(self, name, bus):
        # A backend of its own each time: QEMU 7.2 ends itself where one that was unplugged is used again.
        self.guest.qmp.execute("object-add", **{
            "qom-type": "memory-backend-file", "id": name, "share": True, "mem-path": self.host.path("late"), "size": 64 * MIB})
        self.guest.qmp.execute("device_add", driver="ivshmem-plain", id=f"device-{name}", memdev=name, bus=bus)
        self.wait_for_devices(5)

    def wait_for_devices(self, count):
        end = time.monotonic() + machine.BOOT_SECONDS
        while self.guest.run("grep -l 0x1110 /sys/bus/pci/devices/*/device | wc -l")[1].strip() != str(count):
            self.assertLess(time.monotonic(), end, f"the guest does not see {count} devices")

    def test_uses_a_device_that_is_plugged_in_later_and_hears_when_it_is_wanted_back(self):
        self.plug("late", "port1")
        self.encode("late")
        running, _ = start_encoding(self.host, self.guest, "late", 10**6)
        self.guest.qmp.execute("device_del", id="device-late")
        self.assertEqual(running.wait(machine.BOOT_SECONDS), 1, running.output)
        self.assertIn("IVSHMEM device is being removed, or was", running.output)
        self.wait_for_devices(4)
        self.plug("again", "port2")
        self.encode("late")

    def test_survives_a_device_that_is_torn_out_of_its_system(self):
        running, _ = start_encoding(self.host, self.guest, "one", 10**6)
        self.guest.check("echo 1 > /sys/bus/pci/devices/0000:00:18.0/remove")
        self.assertEqual(running.wait(machine.BOOT_SECONDS), 1, running.output)
        self.assertIn("IVSHMEM device is being removed, or was", running.output)
        self.guest.check("echo 1 > /sys/bus/pci/rescan")
        self.encode("one")

    def test_hears_when_its_second_device_is_torn_out(self):
        running, _ = start_encoding(self.host, self.guest, "two", 10**6)
        self.guest.check("echo 1 > /sys/bus/pci/devices/0000:00:1a.0/remove")
        self.assertEqual(running.wait(machine.BOOT_SECONDS), 1, running.output)
        self.assertIn("IVSHMEM device is being removed, or was", running.output)
        self.guest.check("echo 1 > /sys/bus/pci/rescan")
        self.encode("two")

    def test_that_spoils_its_control_pages_ends_its_session_and_nothing_else(self):
        running, session = start_encoding(self.host, self.guest, "one", 10**6)
        # The region's page, the session's header, both sides' words, and their rings.
        spoil = ("import mmap, os; file = os.open('/sys/bus/pci/devices/0000:00:18.0/resource2', os.O_RDWR); "
                 "pages = mmap.mmap(file, 6 * 4096); pages[4096:] = os.urandom(5 * 4096)")
        self.guest.check(["python3", "-c", spoil])
        self.assertNotEqual(running.wait(machine.BOOT_SECONDS), 0, running.output)
        failed = [line for line in self.host.service.text().splitlines()
                  if f"id={session} " in line and "state=failed" in line]
        self.assertTrue(failed, self.host.service.text())
        self.assertIn("the ring was overwritten", failed[0])
        self.encode("one")


class Doorbells(unittest.TestCase):
    """A machine whose device has doorbells, behind an IOMMU, started by mrdactl."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host(BUILD)
        cls.addClassCleanup(cls.host.close)
        cls.host.add("bells", "--devices", 1, "--memory", "64M")
        cls.guest = machine.Guest("doorbells", devices=IOMMU, results=cls.host.results,
                                  command_prefix=cls.host.vm_run("bells")).start()
        cls.addClassCleanup(cls.guest.close)

    def encode(self, *options):
        report, bitstream = self.host.encode(self.guest, "bells", "--frameNum", FRAMES, *options)
        self.assertEqual((report["packets"], report["cpu_copied_bytes"], report["path"]), (FRAMES, 0, "direct"))
        return report, bitstream

    def outlive_their_service(self, woken):
        running, _ = start_encoding(self.host, self.guest, "bells", 200)
        self.host.service.end(signal.SIGKILL)
        self.host.service.start()
        self.assertEqual(running.wait(120), 0, running.output)
        report = report_of(running.output)
        self.assertEqual(report["reattached"], 1)
        self.assertEqual(report["packets"] + report["frames_lost"], 200)
        self.assertIn(woken, report["woken"])

    def test_are_one_machines(self):
        run = subprocess.run([*self.host.vm_run("bells"), "true"], env=self.host.service.env, text=True, timeout=60,
                             capture_output=True, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("a machine has region bells already", run.stderr)

    def test_ring_the_host_and_interrupt_the_guest_also_of_a_service_that_came_back(self):
        by_stream, one = self.encode()
        self.assertIn("guest by stream, host by doorbell", by_stream["woken"])
        self.outlive_their_service("guest by stream, host by doorbell")
        self.guest.check(["sh", "tests/vm/ivshmem.sh", "bind", "0000:00:10.0"])
        by_interrupt, other = self.encode("--wake", "interrupt")
        self.assertIn("guest by doorbell, host by doorbell", by_interrupt["woken"])
        self.assertEqual(one, other)
        self.assertEqual(self.host.local_bitstream("--frameNum", FRAMES), one)
        self.outlive_their_service("guest by doorbell, host by doorbell")


class Pair(unittest.TestCase):
    """A machine with a doorbell device for each direction, both behind one bridge and so in one IOMMU group."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host(BUILD)
        cls.addClassCleanup(cls.host.close)
        cls.host.add("pair", "--devices", 2, "--memory", "64M", "--out-memory", "16M")
        devices = [*IOMMU, "-device", "pcie-pci-bridge,id=bridge", *cls.host.doorbells("pair", "bridge")]
        cls.guest = machine.Guest("pair", devices=devices, results=cls.host.results).start()
        cls.addClassCleanup(cls.guest.close)
        told = cls.guest.check("sh tests/vm/ivshmem.sh list").split()
        cls.input, cls.output = told[0], told[2]

    def encode(self, *options):
        report, _ = self.host.encode(self.guest, "pair", "--frameNum", FRAMES, *options)
        self.assertEqual((report["packets"], report["cpu_copied_bytes"], report["path"]), (FRAMES, 0, "direct"))
        return report["woken"]

    def test_is_interrupted_by_the_in_device_where_that_can_be(self):
        self.assertIn("guest by stream, host by doorbell", self.encode())
        group = self.guest.check(["sh", "tests/vm/ivshmem.sh", "bind", self.output])
        self.assertIn("guest by stream, host by doorbell", self.encode())
        self.assertEqual(self.guest.check(["sh", "tests/vm/ivshmem.sh", "bind", self.input]), group)
        self.assertIn("guest by doorbell, host by doorbell", self.encode())
        self.assertIn("guest by doorbell, host by doorbell", self.encode("--inDevPath", "pci:pair.in", "--wake", "interrupt"))


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
