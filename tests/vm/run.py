# SPDX-License-Identifier: MIT
"""The part of run.sh that starts and ends things: a service, a machine with a device of its, and one program in it.

    run.py BUILD DEVICE MEMORY PLATFORM SECONDS RESULTS PROGRAM [ARGUMENT ...]      as run.sh's options; RESULTS may be empty"""

import contextlib
import os
import re
import signal
import sys

import guest as machine
from lane import GuestError, GuestTimeout
from qmp import QmpError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "service"))
from mrda_service import Refused, Service  # noqa: E402

WRONG_USE, NO_MACHINE, TIME_UP, BROKEN = 2, 77, 124, 125
VM = "run"
# One guest of one user, on a machine that may be busy.
CONFIG = """
[limits]
max_pixels_per_second = 4000000000
cpu_load = 2.0
"""
# A service whose parent is killed must not stay.
WITH_US = ("setpriv", "--pdeathsig", "TERM")


def start_service(stack, build, platform):
    service = Service(f"{build}/bin", "-addr", "127.0.0.1:0", config=CONFIG, platform=platform, runner=WITH_US).start()
    stack.callback(service.close)
    stack.callback(service.end)  # In order, so that the holder of the doorbells ends, too.
    return service


def start_guest(stack, service, device, memory, results):
    """(a machine that has the VM's device, its token)"""
    told = service.ctl("vm", "add", VM, "--devices", 1, "--memory", memory)
    with open(re.search(r"token in (\S+)", told)[1], encoding="utf-8") as file:
        token = file.read().strip()
    run = [f"{service.bin}/mrdactl", "--runtime-dir", service.path("run"), "vm", "run", VM,
           *(["--plain"] if device == "plain" else []), "--"]
    iommu = ["-device", "intel-iommu,intremap=on"] if device == "doorbell" else []
    guest = machine.Guest(VM, devices=iommu, results=results or None, command_prefix=run)
    stack.callback(guest.close)
    guest.start()
    if device == "doorbell":
        address, _ = guest.check("sh tests/vm/ivshmem.sh list").split()
        guest.check(["sh", "tests/vm/ivshmem.sh", "bind", address])
    return guest, token


def write_out(text):
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def run(build, device, memory, platform, seconds, results, *command):
    with contextlib.ExitStack() as stack:
        service = start_service(stack, build, platform)
        guest, token = start_guest(stack, service, device, memory, results)
        process = guest.start_process(
            ["env", f"MRDA_ADDRESS=10.0.2.2:{service.port()}", f"MRDA_TOKEN={token}", *command])
        try:
            return process.follow(write_out, int(seconds))
        except GuestTimeout:
            print(f"run.sh: {command[0]} was ended after {seconds} s", file=sys.stderr)
            return TIME_UP


def main():
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return run(*sys.argv[1:])
    except machine.Missing as missing:
        print(f"run.sh: {missing}", file=sys.stderr)
        return NO_MACHINE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Refused as refused:
        print(f"run.sh: {refused.words}", file=sys.stderr)
        return WRONG_USE if refused.code == WRONG_USE else BROKEN
    except (AssertionError, GuestError, QmpError, OSError) as error:
        print(f"run.sh: {error}", file=sys.stderr)
        return BROKEN


if __name__ == "__main__":
    sys.exit(main())
