# SPDX-License-Identifier: MIT
"""The host of virtual machines: a service, VMs of it, and what their guests run.

    with Host("build") as host:
        host.add("one", "--devices", 1)
        with Guest("one", command_prefix=host.vm_run("one"), results=host.results) as guest:
            report, bitstream = host.encode(guest, "one", "--frameNum", 60)
"""

import json
import os
import socket
import sys
import tempfile

import guest as machine

sys.path.insert(0, os.path.join(machine.TREE, "tests", "service"))
from mrda_service import CONFIG, Service, wait_until  # noqa: E402

STREAM = ["--width", 640, "--height", 360, "--colorFormat", "nv12", "--codecId", "h264"]
IOMMU = ["-device", "intel-iommu,intremap=on"]  # Which vfio-pci wants, and so interrupts do.


def plain(name, path, slot, mib=64):
    """QEMU's arguments for a device whose memory is a file."""
    return ["-object", f"memory-backend-file,id={name},share=on,mem-path={path},size={mib}M",
            "-device", f"ivshmem-plain,memdev={name},addr={slot}"]


def free_port():
    """One of loopback's that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def report_of(output):
    """What the sample's --json said."""
    return json.loads(output[output.index("{"):])


class Host:
    """A service that machines reach at 10.0.2.2, and a folder, `results`, that they may write."""

    def __init__(self, build, config=CONFIG, runner=()):
        self.bin = os.path.join(os.path.abspath(build), "bin")
        self._folder = tempfile.TemporaryDirectory(dir=os.path.join(machine.TREE, "build"))
        self.results = self._folder.name
        self.port = free_port()  # The same after a restart.
        self.service = Service(self.bin, "-addr", f"127.0.0.1:{self.port}", config=config, runner=runner).start()
        self.tokens = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, name):
        return os.path.join(self.results, name)

    def add(self, vm, *options):
        told = self.service.ctl("vm", "add", vm, *options)
        with open(told.split("token in ")[1].split(" ")[0], encoding="utf-8") as file:
            self.tokens[vm] = file.read().strip()

    def add_plain(self, vm, in_name, out_name):
        """A VM whose devices are files of `results`."""
        self.add(vm, "--in-device", self.path(in_name), "--out-device", self.path(out_name), "--memory", "64M")

    def vm_run(self, vm, *options):
        """What starts QEMU, behind it, with the VM's doorbell devices."""
        return [f"{self.bin}/mrdactl", "--runtime-dir", self.service.path("run"), "vm", "run", vm, *options, "--"]

    def doorbells(self, vm, bus):
        """QEMU's arguments for the VM's doorbell devices on another bus than its first."""
        shown = json.loads(self.service.ctl("--json", "vm", "show", vm))
        return [f"{argument},bus={bus}" if argument.startswith("ivshmem-doorbell") else argument
                for device in shown["devices"] for argument in device["qemu_arguments"]]

    def command(self, vm, *options):
        """The sample's command line for the guest's system."""
        return ["env", f"MRDA_TOKEN={self.tokens[vm]}", f"{self.bin}/mrda_sample_app",
                "--hostSessionAddr", f"10.0.2.2:{self.port}", *STREAM, *options]

    def encode(self, guest, vm, *options, timeout=120):
        """A guest's run to its end: the sample's report, and the bitstream."""
        out = self.path(f"{vm}.bitstream")
        output = guest.check(self.command(vm, "-o", out, "--json", *options), timeout=timeout)
        with open(out, "rb") as file:
            bitstream = file.read()
        os.unlink(out)
        return report_of(output), bitstream

    def local_bitstream(self, *options):
        """What a process of the host's gets for the same stream."""
        out = self.service.path("local.bitstream")
        self.service.guest(*STREAM, *options, "-o", out)
        with open(out, "rb") as file:
            return file.read()

    def close(self):
        """After the machines. In order, so that the holder of the doorbells ends, too."""
        try:
            self.service.end()
        finally:
            self.service.close()
            self._folder.cleanup()


def start_encoding(host, guest, vm, frames, *options):
    """An encoder in the guest that has given a few packets, and goes on; and its session's number."""
    before = {session["id"] for session in host.service.sessions()}
    running = guest.start_process(host.command(vm, "--frameNum", frames, "-o", "/dev/null", "--json", *options))
    flowing = []

    def flows():
        flowing[:] = [session["id"] for session in host.service.sessions()
                      if session["id"] not in before and session["vm"] == vm and session["packets"] >= 20]
        return flowing or running.code is not None
    wait_until(flows, f"packets of {vm}")
    if not flowing:
        raise machine.GuestError(f"the encoder of {vm} ended with {running.code}:\n{running.output}")
    return running, flowing[0]
