# SPDX-License-Identifier: MIT
"""Runs programs on Intel's own drivers, over the stand-in for the kernel's render node."""

import json
import os
import re
import subprocess
import tempfile

SKIPPED = 77
HANG_SECONDS = 10


class Missing(Exception):
    """Drivers that were not fetched; says which, and what to run."""


class Run:
    """What came of one run."""

    def __init__(self, returncode, stdout, stderr, trace):
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.trace = trace

    @property
    def hung(self):
        return self.returncode is None

    def lines(self):
        """The JSON lines of the chain program."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]


class Rig:
    """A device and the drivers on it. `build` is the build tree; `--va-drivers` names another set for the VA driver alone."""

    def __init__(self, build, device="adlp", drivers="debian12", va_drivers=None, drivers_dir=None):
        self.build = build
        self.device = device
        self.drivers = drivers
        self.va_drivers = va_drivers
        self.drivers_dir = drivers_dir

    def __str__(self):
        return f"{self.device}, {self.va_drivers or self.drivers}"

    def program(self, name):
        folder = "bin" if os.path.exists(os.path.join(self.build, "bin", name)) else "tests"
        return os.path.join(self.build, folder, name)

    def command(self, *words, fail=None, trace=None, frame_bytes=None):
        command = [os.path.join(self.build, "tests", "stub_run"), "--device", self.device, "--drivers", self.drivers]
        for option, value in [("--va-drivers", self.va_drivers), ("--drivers-dir", self.drivers_dir),
                              ("--fail", fail), ("--trace", trace), ("--bytes", frame_bytes)]:
            if value is not None:
                command += [option, str(value)]
        return command + [str(word) for word in words]

    def run(self, name, *words, fail=None, frame_bytes=None, timeout=60, environment=None):
        """Runs MRDA's program `name`, with its trace. A run that is over the time is ended, and has hung."""
        with tempfile.TemporaryDirectory(prefix="mrda-") as folder:
            trace = os.path.join(folder, "trace")
            command = self.command(self.program(name), *words, fail=fail, trace=trace, frame_bytes=frame_bytes)
            # The tree goes with the folder, also where the run is killed.
            quiet = {"LIBVA_MESSAGING_LEVEL": "0", "TMPDIR": folder, **(environment or {})}
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, **quiet}, start_new_session=True) as process:
                try:
                    stdout, stderr = process.communicate(timeout=timeout)
                    returncode = process.returncode
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, 9)  # Its own group: the program is a child of the runner.
                    stdout, stderr = process.communicate()
                    returncode = None
            if returncode == SKIPPED and b"run tests/intel/fetch.sh" in stderr:
                raise Missing(stderr.decode().strip())
            lines = []
            if os.path.exists(trace):
                with open(trace, encoding="utf-8") as file:
                    lines = file.read().splitlines()
        return Run(returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace"), lines)


def masked(trace):
    """The trace without what differs from run to run: addresses."""
    return [re.sub(r"@[0-9a-f]+", "@", line) for line in trace]
