# SPDX-License-Identifier: MIT
"""A mrda-service of a test's or a figure's own: folders, socket, workers and guests."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

PATIENCE = 60
LEASE = 5

CONFIG = f"""
lease_ms = {LEASE * 1000}
drain_ms = 1000
[limits]
max_pixels_per_second = 8000000000
cpu_load = 2.0
memory_reserve_mib = 0
"""


def wait_until(done, what):
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.01)


class Refused(AssertionError):
    """A program ended otherwise than it should have: its exit code and what it said on standard error."""

    def __init__(self, program, arguments, run):
        super().__init__(f"{program} {' '.join(map(str, arguments))}: exit code {run.returncode}: {run.stderr.strip()}")
        self.code = run.returncode
        self.words = run.stderr.strip()


class Service:
    """A mrda-service with folders of its own; `bin_dir` holds the programs."""

    def __init__(self, bin_dir, *options, config=CONFIG, platform="software", runner=()):
        self.bin = os.path.abspath(bin_dir)
        self.platform = platform
        self.runner = list(runner)  # What the service is run by; its sessions' workers are not.
        self.dir = tempfile.TemporaryDirectory()
        self.options = options
        self.env = dict(os.environ, MRDA_RUNTIME_DIR=self.path("run"))
        with open(self.path("mrda.toml"), "w", encoding="utf-8") as file:
            file.write(config)
        self.process = None

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def start(self):
        self.log = open(self.path("log"), "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [*self.runner, f"{self.bin}/mrda-service", "--config", self.path("mrda.toml"),
             "--state-dir", self.path("state"), "--platform", self.platform, *self.options],
            env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            wait_until(self.answers, "the service")
        except AssertionError:
            self.end(signal.SIGKILL)
            raise
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("the service ended: " + self.text())
        return subprocess.run([f"{self.bin}/mrdactl", "resources"], env=self.env, timeout=PATIENCE,
                              capture_output=True, check=False).returncode == 0

    def text(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()

    def port(self):
        """Where it listens, for an address that left that open."""
        return int(re.findall(r"port=(\d+)", self.text())[-1])

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.log.close()
        return code

    def close(self):
        self.end(signal.SIGKILL)
        self.dir.cleanup()

    def ctl(self, *arguments, code=0):
        run = subprocess.run([f"{self.bin}/mrdactl", *map(str, arguments)], env=self.env, text=True,
                             timeout=PATIENCE, capture_output=True, check=False)
        if run.returncode != code:
            raise Refused("mrdactl", arguments, run)
        return run.stdout if code == 0 else run.stderr

    def sessions(self):
        return json.loads(self.ctl("--json", "sessions"))

    def workers(self):
        """The process ids of its workers."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    name, rest = file.read().rsplit(") ", 1)
                if "(mrda-worker" in name and int(rest.split()[1]) == self.process.pid:
                    found.append(int(pid))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def command(self, *options):
        return [f"{self.bin}/mrda_sample_app", *map(str, options)]

    def guest(self, *options, code=0, env=None):
        run = subprocess.run(self.command(*options), env=env or self.env, text=True,
                             timeout=4 * PATIENCE, capture_output=True, check=False)
        if run.returncode != code:
            raise AssertionError(f"sample {options}: {run.returncode}\n{run.stdout}{run.stderr}\n"
                                 + self.text())
        return run.stdout if code == 0 else run.stdout + run.stderr
