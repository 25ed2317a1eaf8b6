# SPDX-License-Identifier: MIT
"""Linux guests for tests and figures: QEMU without KVM, a kernel of tests/vm/fetch.sh, and the host's files, read-only.

    with Guest("example", devices=["-device", "edu"], results=folder) as guest:
        code, output = guest.run(["build/bin/mrdactl", "doctor"])      # in the guest, as root, from the tree's folder
        server = guest.start_process("nc -lk -p 7000")                 # server.output, .wait(), .wait_for(); end(server)
        guest.qmp.execute("device_add", driver="edu", id="second", bus="port1")

Programs of the host's run as they are, by their paths; /tmp, /run and /dev are the guest's own. The host's 127.0.0.1 is 10.0.2.2.
"""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess

from lane import GuestError, Lane
from qmp import Qmp, QmpError

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
VM_DIR = os.path.join(TREE, "build", "vm")
QEMU = "qemu-system-x86_64"
BOOT_SECONDS = 60
LANES = 6
# Folders of the host that the guest has its own of.
HIDDEN = ("/tmp/", "/run/", "/dev/")
MOUNT_OPTIONS = "trans=virtio,version=9p2000.L,msize=524288"


class Missing(Exception):
    """What a guest needs and is not here; says what, and what to do."""


def check_available():
    """Missing if there can be no guest."""
    if shutil.which(QEMU) is None:
        raise Missing(f"{QEMU} is not installed (Debian package qemu-system-x86)")
    if not os.path.exists(os.path.join(VM_DIR, ".complete")):
        raise Missing("the guest's kernel is missing; run tests/vm/fetch.sh")


def shares(results=None):
    """The host's folders that are mounted over the root's, at their own paths: (tag, path, whether it is read-only)."""
    shared = []
    if TREE.startswith(HIDDEN):
        shared.append(("tree", TREE, True))
    if results is not None:
        shared.append(("results", os.path.realpath(results), False))
    return shared


def arguments(qmp_fd, lane_fds, devices=(), results=None, memory_mib=1024):
    """QEMU's command. The descriptors are connected sockets' that it inherits; `devices` are further arguments."""
    # One processor: with two, one boot in thirty ends where the kernel patches text that the other is in the midst of; and to
    # wake another one costs an interpreted machine more than most of what is measured in it.
    command = [QEMU, "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1", "-m", str(memory_mib),
               "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
               "-kernel", os.path.join(VM_DIR, "vmlinuz"), "-initrd", os.path.join(VM_DIR, "initramfs.cpio"),
               # On a busy host, the kernel's check that its timer ticks finds none in time, and panics.
               "-append", "console=ttyS0 loglevel=5 panic=-1 no_timer_check udmabuf.size_limit_mb=256",
               "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
               "-chardev", f"socket,id=qmp,fd={qmp_fd}", "-mon", "chardev=qmp,mode=control"]
    command += devices  # Before ours: an IOMMU comes before the devices behind it.
    for tag, path, read_only in [("root", "/", True), *shares(results)]:
        mode = "on" if read_only else "off"
        command += ["-fsdev", f"local,id={tag},path={path},security_model=none,readonly={mode},multidevs=remap",
                    "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    command += ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-serial-pci"]
    for number, fd in enumerate(lane_fds):
        command += ["-chardev", f"socket,id=lane{number},fd={fd}", "-device", f"virtserialport,chardev=lane{number}"]
    for number in (1, 2):
        command += ["-device", f"pcie-root-port,id=port{number},chassis={number},pref64-reserve=256M"]  # For hot-plug.
    return command


class Guest:
    """One machine. It ends with close(), with the thread that launched it, and with the `with` block.

    devices: further arguments for QEMU. results: a folder of the host's that the guest may write, at the same path. pass_fds:
    descriptors that QEMU inherits. command_prefix: a program that starts QEMU, which is the rest of its arguments. What the
    machine and QEMU say is kept in build/vm/NAME.console."""

    def __init__(self, name, devices=(), results=None, pass_fds=(), command_prefix=(), memory_mib=1024):
        self.console = os.path.join(VM_DIR, f"{name}.console")
        self.qmp = None
        self._name = name
        self._results = results
        self._pass_fds = tuple(pass_fds)
        self._prefix = list(command_prefix)
        self._options = {"devices": list(devices), "results": results, "memory_mib": memory_mib}
        self._process = None
        self._control = None
        self._lanes = []

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    @property
    def pid(self):
        """QEMU's, or that of the program which starts it."""
        return self._process.pid

    def start(self):
        self.launch()
        return self.wait_booted()

    def launch(self):
        """Starts QEMU and does not wait: several machines boot at once so."""
        check_available()
        subprocess.run([os.path.join(TREE, "tests", "vm", "initramfs.sh")], check=True)
        pairs = [socket.socketpair() for _ in range(1 + LANES)]
        ours, theirs = zip(*pairs)
        fds = [end.fileno() for end in theirs]
        command = [*self._prefix, *arguments(fds[0], fds[1:], **self._options)]
        with open(self.console, "wb") as console:
            # It dies with us, however we die.
            self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], cwd=TREE, stdin=subprocess.DEVNULL,
                                             stdout=console, stderr=console, start_new_session=True,
                                             pass_fds=(*fds, *self._pass_fds))
        for end in theirs:
            end.close()
        self._qmp_socket = ours[0]
        self._control, *self._lanes = [Lane(end) for end in ours[1:]]

    def wait_booted(self, timeout=BOOT_SECONDS):
        try:
            self.qmp = Qmp(self._qmp_socket, timeout)
            self._control.start("true").wait(timeout)
            for tag, path, read_only in shares(self._results):
                options = MOUNT_OPTIONS + (",ro,cache=loose" if read_only else ",rw,cache=readahead")
                self.check(f"mkdir -p {shlex.quote(path)} && mount -t 9p -o {options} {tag} {shlex.quote(path)}")
        except (GuestError, QmpError) as error:
            self.close()
            raise GuestError(f"the guest {self._name} did not boot: {error}\n{self.console_tail()}") from None
        return self

    def start_process(self, command):
        """Runs a shell's command, or a list of words, from the tree's folder; does not wait for it."""
        words = command if isinstance(command, str) else shlex.join(map(str, command))
        for lane in self._lanes:
            if lane.idle:
                return lane.start(words, TREE)
        raise GuestError(f"{len(self._lanes)} commands run in the guest already; end one before {words!r}")

    def run(self, command, timeout=60):
        """(exit code, output) of a command; one that takes longer is killed, and is a GuestError."""
        process = self.start_process(command)
        try:
            return process.wait(timeout), process.output
        except GuestError as error:
            with contextlib.suppress(GuestError):
                self.end(process)
            raise GuestError(f"{error}\n{self.console_tail()}") from None

    def check(self, command, timeout=60):
        """The output of a command that must end with 0."""
        code, output = self.run(command, timeout)
        if code != 0:
            raise GuestError(f"{command} ended with {code}:\n{output}")
        return output

    def end(self, process, how=signal.SIGKILL, timeout=20):
        """Sends a signal to the process and its children; its exit code. GuestError if it does not end."""
        if process.code is None and process.pid is not None:
            self._control.start(f"kill -s {int(how)} -- -{process.pid}").wait(timeout)
        return process.wait(timeout)

    def console_tail(self, lines=30):
        with open(self.console, encoding="utf-8", errors="replace") as file:
            return f"The end of {self.console}:\n" + "".join(file.readlines()[-lines:])

    def kill(self):
        """As if the power went."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self):
        if self._process is None:
            return
        self.kill()
        for end in (self._qmp_socket, self._control, *self._lanes):
            end.close()
