#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What vm.sh shows of virtual machines: a line for each row, WHAT|GOAL|FIGURE|yes, no or skipped.

    vm_rows.py BUILD_DIR [--quick]
"""

import contextlib
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))
import guest as machine  # noqa: E402
import vm_dma_bufs  # noqa: E402
import vm_notify  # noqa: E402
from host import IOMMU, Host, plain, report_of, start_encoding  # noqa: E402
from mrda_service import CONFIG, wait_until  # noqa: E402

# Nobody waits for a lease's end: what went away must be found by itself.
PATIENT = CONFIG.replace("lease_ms = 5000", "lease_ms = 60000")
KILLED_FRAMES = 600
BUFFERS = 8
# Named, because a machine that has another VM's device without doorbells could not promise to ring.
BY_DOORBELL = ["--inDevPath", "pci:both.in", "--outDevPath", "pci:both.out"]


def row(what, goal, figure, holds):
    if not isinstance(holds, str):
        holds = "yes" if holds else "no"
    print(f"{what}|{goal}|{figure}|{holds}", flush=True)


def bitstreams(host, guest, frames):
    expected = host.local_bitstream("--frameNum", frames)
    for vm, device in (("plain", "ivshmem-plain"), ("both", "ivshmem-doorbell")):
        named = BY_DOORBELL if vm == "both" else []
        report, bitstream = host.encode(guest, vm, "--frameNum", frames, *named, timeout=600)
        same = bitstream == expected
        row(f"1 {frames} frames over {device}: bytes of a local run's", len(expected),
            len(bitstream) if same else "other bytes", same and report["packets"] == frames)
        copied = report["cpu_copied_bytes"]
        row(f"1 {device}: bytes a CPU copied, path", "0, direct", f"{copied}, {report['path']}",
            copied == 0 and report["path"] == "direct")


def sessions_of(host, vm):
    return [session for session in host.service.sessions() if session["vm"] == vm]


class Steady(threading.Thread):
    """A machine that encodes the same stream again and again, and counts what is not as it must be."""

    def __init__(self, host, guest, vm, frames):
        super().__init__(daemon=True)
        self.runs = 0
        self.lost = 0
        self.wrong = []
        self._enough = threading.Event()
        self._encode = lambda: host.encode(guest, vm, "--frameNum", frames, *BY_DOORBELL, timeout=600)
        self._frames = frames
        self._expected = host.local_bitstream("--frameNum", frames)

    def run(self):
        while not self._enough.is_set():
            try:
                report, bitstream = self._encode()
            except Exception as error:  # pylint: disable=broad-except  # Whatever it is, the row shows it.
                self.wrong.append(str(error))
                return
            self.runs += 1
            self.lost += self._frames - report["packets"] + report["frames_lost"]
            if bitstream != self._expected:
                self.wrong.append("other bytes")

    def end(self):
        self._enough.set()
        self.join(machine.BOOT_SECONDS * 2)
        if self.is_alive():
            self.wrong.append("it hangs")


def machine_of(host, vm, devices=()):
    return machine.Guest(vm, results=host.results, devices=[*IOMMU, *devices], command_prefix=host.vm_run(vm))


def killed_machines(host, guest, victim, times):
    """`guest` encodes as "both" all the while; the machine of "victim", which may still boot, is killed and started anew."""
    steady = Steady(host, guest, "both", 60)
    steady.start()
    usable = 0
    expected = host.local_bitstream("--frameNum", 30)
    try:
        victim.wait_booted()
        for _ in range(times):
            start_encoding(host, victim, "victim", 10**6)
            victim.kill()
            wait_until(lambda: not sessions_of(host, "victim"), "the end of a killed machine's session")
            victim.close()
            victim = machine_of(host, "victim")
            victim.start()
            report, bitstream = host.encode(victim, "victim", "--frameNum", 30)
            usable += bitstream == expected and report["frames_lost"] == 0
    finally:
        victim.close()
        steady.end()
    row(f"3 QEMU killed {times} times: the other's frames lost of {steady.runs * 60}", 0,
        "; ".join(steady.wrong) or steady.lost, steady.lost == 0 and not steady.wrong and steady.runs > 0)
    row("3 and then its two regions are usable again", times, usable, usable == times)


def killed_services(host, guest, times):
    finished = attached = lost = most = 0
    for _ in range(times):
        running, _ = start_encoding(host, guest, "both", KILLED_FRAMES, "--bufferNum", BUFFERS, *BY_DOORBELL)
        host.service.end(signal.SIGKILL)
        host.service.start()
        code = running.wait(120)
        report = report_of(running.output) if code == 0 else {}
        told = report.get("frames_lost", 0)
        # In an input slot, or in the codec with an output slot to come.
        by_doorbell = "host by doorbell" in report.get("woken", "")
        whole = code == 0 and by_doorbell and report["packets"] + told == KILLED_FRAMES and told <= 2 * BUFFERS
        finished += whole
        attached += report.get("reattached", 0) > 0
        lost += told
        most = max(most, told)
        if not whole:
            print(running.output, file=sys.stderr)
    row(f"4 service killed {times} times: the guest attached again", times, attached, attached == times)
    row("4 and finished; no frame lost but those in flight, and told", times, finished, finished == times)
    row(f"4 frames in flight that were lost in {times} kills, most at once", "told", f"{lost}, {most}", lost > 0)


def main():
    build, quick = sys.argv[1], "--quick" in sys.argv
    try:
        machine.check_available()
    except machine.Missing as missing:
        row("1 to 5", "shown", missing, "skipped")
        return
    with contextlib.ExitStack() as others, Host(build, config=PATIENT) as host:
        host.add_plain("plain", "plain", "plain")
        host.add("both", "--devices", 2, "--memory", "64M")
        host.add("victim", "--devices", 2, "--memory", "64M")
        guest, victim = machine_of(host, "both", plain("plain", host.path("plain"), "0x18")), machine_of(host, "victim")
        with contextlib.closing(guest), contextlib.closing(victim):
            guest.launch()
            victim.launch()
            guest.wait_booted()
            bitstreams(host, guest, 30 if quick else 300)
            killed_machines(host, guest, victim, 1 if quick else 20)
            killed_services(host, guest, 1 if quick else 20)
            contest = others.enter_context(contextlib.closing(vm_notify.Contest(build)))
            for each in vm_dma_bufs.rows(guest, host.results, build, quick):
                row(*each)
        # Once the others are gone: what else the machine does would be measured, too.
        for each in vm_notify.rows(contest, quick):
            row(*each)


if __name__ == "__main__":
    main()
