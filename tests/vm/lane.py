# SPDX-License-Identifier: MIT
"""Commands in a guest: each goes over a virtio-serial port, which runs one at a time (see init.sh)."""

import base64
import re
import secrets
import shlex
import threading
import time

LAST_LINE_BYTES = 64  # At most.


class GuestError(Exception):
    """A guest, or a command in it, that did not do what was asked."""


class GuestTimeout(GuestError):
    """A command in a guest that took too long."""


class Process:
    """A command in the guest, and what it has written. Any thread may wait for it."""

    def __init__(self, lane, command, token):
        self.command = command
        self.pid = None  # In the guest; its process group's too.
        self.code = None  # None while it runs. 128 + N: ended by signal N.
        self._lane = lane
        self._start = re.compile(rb"%s (\d+)\n" % token)
        self._end = re.compile(rb"%s (\d+)\n" % token)
        self._token = token
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

    def follow(self, write, timeout):
        """Calls write(bytes) with what it writes, as it comes; its exit code. Errors as wait(), without the output."""
        given = 0

        def ended():
            nonlocal given
            new = bytes(self._written[given:self._sure()])
            if new:
                write(new)
                given += len(new)
            return self.code is not None

        self._wait_until(ended, timeout, "ending", quoted=False)
        return self.code

    def take(self, received):
        """What came over the port, called with the lane's lock held; True if that was the end."""
        searched = max(len(self._written) - LAST_LINE_BYTES, 0)  # The last line may come in two parts.
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

    def _sure(self):
        """How many bytes are output for sure: what may be the beginning of the last line is not."""
        if self.pid is None:
            return 0
        if self.code is not None:
            return len(self._written)
        whole = self._written.rfind(self._token, max(len(self._written) - LAST_LINE_BYTES, 0))
        if whole >= 0:
            return whole
        part = next((length for length in range(len(self._token) - 1, 0, -1)
                     if self._written.endswith(self._token[:length])), 0)
        return len(self._written) - part

    def _wait_until(self, done, timeout, what, quoted=True):
        deadline = time.monotonic() + timeout
        with self._lane.changed:
            while not done():
                left = deadline - time.monotonic()
                if self._lane.closed or left <= 0:
                    told = f":\n{self.output}" if quoted else ""
                    if self._lane.closed:
                        raise GuestError(f"the guest ended while {self.command!r} ran in it{told}")
                    raise GuestTimeout(f"{self.command!r} took more than {timeout} s for {what}{told}")
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
