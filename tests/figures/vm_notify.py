# SPDX-License-Identifier: MIT
"""Notification, guest to host to guest: by doorbell and MSI-X, by gRPC stream, and by looking every 5 ms, in turn in one run.

    with contextlib.closing(Contest(BUILD_DIR)) as contest:
        for what, goal, figure, holds in rows(contest, quick): ...       holds: "yes" or "no"
"""

import contextlib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "vm"), os.path.join(HERE, "..", "service")]
import guest as machine  # noqa: E402
from host import IOMMU, Host  # noqa: E402

TRIPS, QUICK_TRIPS = 2000, 350
# No lease is due in the meantime: renewing it would take longer than a trip.
CONFIG = """
lease_ms = 3600000
[limits]
cpu_load = 2.0
memory_reserve_mib = 0
"""
DOORBELL = "0000:00:10.0"  # Where mrdactl puts it.
LOOKED_AT = "0000:00:11.0"
WAYS = {
    "doorbell": "doorbell and MSI-X, as sessions wait",
    "asleep": "doorbell and MSI-X, asleep at once",
    "stream": "gRPC stream",
    "guest_looks": "doorbell, and the guest looks every 5 ms",
    "both_look": "looking every 5 ms on both sides",
}
QUICK_WAYS = ["doorbell", "stream", "both_look"]  # That a goal is for.
GOALS = [("2 notification in a VM: doorbell's p99, of looking every 5 ms", "both_look", "p99_us", 20),
         ("2 notification in a VM: doorbell's p50, of the gRPC stream's", "stream", "p50_us", 2)]


def before_others():
    """The command by which contestants run before whatever else this machine does: a tail of its own is not to be measured.
    Empty where the user may not."""
    command = ["chrt", "--rr", "5"]
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    return command if allowed else []


def looked_at(stack, program, path):
    """QEMU's arguments for a device whose memory is a file, and the host's end of its rings, which only looks."""
    with open(path, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.truncate(1 << 20)
    host = stack.enter_context(subprocess.Popen([*program, "host", path], stdout=subprocess.PIPE, text=True))
    stack.callback(host.kill)
    if host.stdout.readline() != "ready\n":
        raise RuntimeError(f"{program} host {path} is not ready")
    return ["-object", f"memory-backend-file,id=looked_at,share=on,mem-path={path},size=1M",
            "-device", "ivshmem-plain,memdev=looked_at,addr=0x11"]


class Contest:
    """A machine that mrdactl starts, with a doorbell device. It boots while whoever made this goes on."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.runner = before_others()
        self.program = f"{self.build}/tests/notify_latency"
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.host = stack.enter_context(Host(self.build, CONFIG, self.runner))
            self.host.add("bells", "--devices", 1, "--memory", "64M")
            devices = IOMMU + looked_at(stack, [*self.runner, self.program], self.host.path("looked_at"))
            self.guest = stack.enter_context(contextlib.closing(machine.Guest(
                "notify", devices=devices, results=self.host.results, command_prefix=[*self.runner, *self.host.vm_run("bells")])))
            self.guest.launch()
            self._stack = stack.pop_all()

    def close(self):
        self._stack.close()

    def measure(self, trips, ways):
        """What notify_latency tells, in the machine, with the device bound to vfio-pci."""
        self.guest.wait_booted()
        self.guest.check(["sh", "tests/vm/ivshmem.sh", "bind", DOORBELL])
        return json.loads(self.guest.check(
            ["env", f"MRDA_TOKEN={self.host.tokens['bells']}", self.program, "guest", f"10.0.2.2:{self.host.port}", LOOKED_AT,
             str(trips), *ways], timeout=30 + trips / 10))


def as_asked(told):
    """Whether each way was what its name says."""
    by_doorbell = all(told[name]["woken"].startswith("guest by doorbell, host by doorbell")
                      for name in {"doorbell", "asleep", "guest_looks"} & told.keys())
    without_interrupts = all(told[name]["interrupted"] == 0 for name in {"stream", "guest_looks", "both_look"} & told.keys())
    return (by_doorbell and without_interrupts and ("asleep" not in told or told["asleep"]["interrupted"] > 0)
            and told["stream"]["woken"].startswith("guest by stream, host by stream"))


def rows(contest, quick):
    told = contest.measure(QUICK_TRIPS if quick else TRIPS, QUICK_WAYS if quick else WAYS)
    for name, way in told.items():
        yield (f"2 {WAYS[name]}: p50, p99 ms", f"{way['trips']} trips",
               f"{way['p50_us'] / 1000:.2f}, {way['p99_us'] / 1000:.2f}", "yes")
    yield ("2 interrupts in the trips of these ways", "none but by doorbell",
           ", ".join(str(way["interrupted"]) for way in told.values()), "yes" if as_asked(told) else "no")
    for what, peer, figure, least in GOALS:
        ours, theirs = told["doorbell"][figure], told[peer][figure]
        yield (what, f"<= 1/{least}", f"1/{theirs / ours:.1f}" + ("" if contest.runner else ", beside other work"),
               "yes" if ours * least <= theirs else "no")


def main():
    good = True
    with contextlib.closing(Contest(sys.argv[1])) as contest:
        for what, goal, figure, holds in rows(contest, "--quick" in sys.argv):
            print(f"{what:66} {goal:8} {figure:24} {holds}")
            good = good and holds == "yes"
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
