# SPDX-License-Identifier: MIT
"""A program and whatever it starts, which a mark in their environment tells from all other processes."""

import contextlib
import os
import secrets
import signal
import subprocess
import time

PATIENCE = 60


class MarkedProcess(subprocess.Popen):
    """Its output and errors are one text. What it started is killed when the `with` block ends."""

    def __init__(self, command):
        mark = secrets.token_hex(16)
        self._mark = f"MRDA_TEST_MARK={mark}".encode()
        super().__init__(command, env=dict(os.environ, MRDA_TEST_MARK=mark), text=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __exit__(self, *raised):
        for pid in self.marked():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return super().__exit__(*raised)

    def marked(self):
        """{process id: name} of those that run."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if self._mark not in file.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    found[int(pid)] = os.path.basename(os.fsdecode(file.read().split(b"\0")[0]))
        return found

    def wait_for_output(self, text):
        """Reads lines until one has `text`."""
        read = ""
        for line in self.stdout:
            read += line
            if text in line:
                return
        raise AssertionError(f"it ended and did not write {text!r}:\n{read}")

    def wait_for(self, name):
        """Waits until a program of that name is among what it started."""
        self._wait_until(lambda: name in self.marked().values(), name)

    def wait_for_the_last(self):
        """Waits until nothing of it runs; it must be about to end."""
        self._wait_until(lambda: not self.marked(), "the end of all")

    def _wait_until(self, done, what):
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"waited {PATIENCE} s for {what}; there are {self.marked()}")
            time.sleep(0.05)
