# SPDX-License-Identifier: MIT
"""Commands in a guest: each goes over a virtio-serial port, which runs one at a time (see init.sh)."""

import base64
import re
import secrets
import shlex
import threading
import time


class GuestError(Exception):
    """A guest, or a command in it, that did not do what was asked."""


class Process:
    """A command in the guest, and what it has written. Any thread may wait for it."""

    def __init__(self, lane, command, token):
        self.command = command
        self.pid = None  # In the guest; its process group's too.
        self.code = None  # None while it runs. 128 + N: ended by signal N.
        self._lane = lane
        self._start = re.compile(rb"%s (\d+)\n" % token)
        self._end = re.compile(rb"\n%s (\d+)\n" % token)
        self._written = bytearray()

    @property
    def output(self):
        """Its standard output and error so far."""
        with self._lane.changed:
            return self._written.decode(errors="replace") if self.pid else ""

    def wait(self, timeout):
        """Its exit code. GuestError if it has not ended by then, or the guest ends first."""
        self._wait_until(lambda: self.code is not None, timeout, "ending")
        return self.code

    def wait_for(self, text, timeout):
        """Waits until it has written `text`."""
        self._wait_until(lambda: text in self.output or self.code is not None, timeout, f"writing {text!r}")
        if text not in self.output:
            raise GuestError(f"{self.command!r} ended with code {self.code}, and did not write {text!r}:\n{self.output}")

    def take(self, received):
        """What came over the port, called with the lane's lock held; True if that was the end."""
        searched = max(len(self._written) - 64, 0)  # The last line may come in two parts.
        self._written += received
        if self.pid is None:
            start = self._start.match(self._written)
            if start is None:
                return False
            self.pid = int(start[1])
            del self._written[:start.end()]
            searched = 0
        end = self._end.search(self._written, searched)
        if end is None:
            return False
        self.code = int(end[1])
        del self._written[end.start():]
        return True

    def _wait_until(self, done, timeout, what):
        deadline = time.monotonic() + timeout
        with self._lane.changed:
            while not done():
                if self._lane.closed:
                    raise GuestError(f"the guest ended while {self.command!r} ran in it:\n{self.output}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise GuestError(f"{self.command!r} took more than {timeout} s for {what}:\n{self.output}")
                self._lane.changed.wait(left)


class Lane:
    """The host's end of one port, a connected socket that it owns."""

    def __init__(self, socket):
        self.changed = threading.Condition(threading.RLock())
        self.closed = False
        self._socket = socket
        self._process = None
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def idle(self):
        return self._process is None

    def start(self, command, folder="/"):
        """Runs a shell's command in a folder of the guest's."""
        token = secrets.token_hex(16).encode()
        process = Process(self, command, token)
        with self.changed:
            assert self.idle, "a lane runs one command at a time"
            self._process = process
        script = f"cd {shlex.quote(folder)} && {{ {command}\n}}"
        try:
            self._socket.sendall(token + b" " + base64.b64encode(script.encode()) + b"\n")
        except OSError:
            pass  # The reader sees it too, and tells whoever waits.
        return process

    def close(self):
        self._socket.close()

    def _read(self):
        while True:
            try:
                received = self._socket.recv(65536)
            except OSError:
                received = b""
            with self.changed:
                if not received:
                    self.closed = True
                elif self._process is not None and self._process.take(received):
                    self._process = None
                self.changed.notify_all()
                if self.closed:
                    return
