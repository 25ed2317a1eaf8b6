#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets ioctls of the chain fail, one in each child, and says what came of it.

    faults.py BUILD [--device KIND] [--drivers SET] [--va-drivers SET] [--how ENOMEM] [--every N] [--json FILE]

In a child the chain runs three times, and the n-th ioctl of the process fails. A crash is whose code was innermost. A leak is what
the process holds after the third run more than after three runs without a fault; it is ours where our own calls made it."""

import argparse
import json
import os
import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import check_trace
import rig

RUNS = 3
CHAIN = ["--times", RUNS, "--frames", 3]
OURS = "intel_chain"


class Outcome:
    """What came of failing one ioctl."""

    def __init__(self, number, run, baseline):
        self.number = number
        self.name = next((line.split()[1] for line in run.trace if line.startswith("FAULT")), None)
        self.hung = run.hung
        self.crash = None
        self.error = None  # Of ours, as JSON.
        self.usable = True
        self.leak = None  # By how much the process grew.
        self.left = []  # What of it is ours.
        lines = run.lines()
        if run.hung:
            return
        crash = re.search(r"^crash: signal (\d+) in (\S+)$", run.stderr, re.MULTILINE)
        if crash or run.returncode >= 128 or len(lines) < RUNS:
            self.crash = (crash.group(1), crash.group(2)) if crash else (str(run.returncode), "unknown!")
            return
        self.error = next((line for line in lines if not line["ok"]), None)
        self.usable = lines[-1]["ok"]
        grown = {key: lines[-1][key] - baseline[key] for key in ("descriptors", "mappings")}
        self.leak = grown if any(count > 0 for count in grown.values()) else None
        self.left = check_trace.left_by(OURS, run.trace)

    @property
    def crashed_in_ours(self):
        return self.crash is not None and self.crash[1].split("!")[0] in (OURS, "libmrda_stub_node.so", "unknown")

    @property
    def unnamed(self):
        return self.error is not None and not self.error["call"]


class Faults:
    """A campaign: every `every`-th ioctl fails in the way `how`."""

    def __init__(self, device, how="ENOMEM", codec="avc"):
        self.rig = device
        self.how = how
        self.words = [OURS, *CHAIN, "--codec", codec]
        clean = device.run(*self.words)
        if clean.returncode != 0:
            raise RuntimeError(f"without a fault: exit {clean.returncode}\n{clean.stdout}{clean.stderr}")
        self.baseline = clean.lines()[-1]
        # Those of the first pass: later ones repeat most of them.
        once = device.run(OURS, "--times", 1, *CHAIN[2:], "--codec", codec)
        self.ioctls = int(next(line for line in once.trace if line.startswith("end")).split("=")[1])

    def fail(self, number):
        run = self.rig.run(*self.words, fail=f"*:{number}:{self.how}", timeout=rig.HANG_SECONDS)
        return Outcome(number, run, self.baseline)

    def run(self, every=1, first=1):
        numbers = range(first, self.ioctls + 1, every)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return list(pool.map(self.fail, numbers))


def summary(outcomes):
    crashes = [o for o in outcomes if o.crash]
    errors = [o for o in outcomes if o.error]
    return {
        "failed": len(outcomes),
        "not_reached": [o.number for o in outcomes if o.name is None and not o.hung],
        "absorbed": len([o for o in outcomes if o.name and not (o.crash or o.hung or o.error)]),
        "errors": len(errors),
        "errors_without_call": [(o.number, o.error["message"]) for o in errors if o.unnamed],
        "crashes": len(crashes),
        "crashes_of_ours": [(o.number, o.crash) for o in crashes if o.crashed_in_ours],
        "crashes_by_function": Counter(o.crash[1] for o in crashes).most_common(),
        "hangs": [o.number for o in outcomes if o.hung],
        "leaks": len([o for o in outcomes if o.leak]),
        "leaks_of_ours": [(o.number, o.name, o.left) for o in outcomes if o.left],
        "not_usable_again": Counter(o.error["call"] or o.error["message"] for o in errors if not o.usable).most_common(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("build")
    parser.add_argument("--device", default="adlp")
    parser.add_argument("--drivers", default="debian12")
    parser.add_argument("--va-drivers")
    parser.add_argument("--codec", default="avc")
    parser.add_argument("--how", default="ENOMEM")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--json", help="write the summary to this file")
    options = parser.parse_args()
    device = rig.Rig(options.build, options.device, options.drivers, options.va_drivers)
    told = summary(Faults(device, options.how, options.codec).run(options.every))
    text = json.dumps(told, indent=1)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(text)
    print(text)
    sys.exit(1 if told["crashes_of_ours"] or told["hangs"] or told["errors_without_call"] or told["leaks_of_ours"] else 0)


if __name__ == "__main__":
    main()
