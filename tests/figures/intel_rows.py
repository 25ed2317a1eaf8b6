#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rows of intel.sh: "what|goal|figure|yes, no or skipped"."""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "intel"))

import check_trace
import faults
import rig

FRAMES = 60
REQUIRED = [("adlp", "debian12", None, "avc"), ("dg2", "debian12", None, "avc")]
WIDER = [
    ("adlp", "debian12", "debian12-nonfree", "hevc"),
    ("dg2", "debian12", "debian12-nonfree", "hevc"),
    ("lnl", "newer", "newer-nonfree", "avc"),
    ("lnl", "newer", "newer-nonfree", "hevc"),
    ("bmg", "newer", "newer-nonfree", "avc"),
    ("bmg", "newer", "newer-nonfree", "hevc"),
]
DIRECTIONS = ["usm-to-va", "dma-buf-to-usm", "va-to-usm"]


def row(what, goal, figure, holds):
    print(f"{what}|{goal}|{figure}|{'yes' if holds else 'no'}", flush=True)


def row_skipped(what, goal, why):
    print(f"{what}|{goal}|{why}|skipped", flush=True)


def explain(text):
    print(text.strip(), file=sys.stderr, flush=True)


def objects_of(trace):
    """The objects that the encoder was given, as a sentence: each was made by one node, and read under another."""
    events = check_trace.parse(trace)
    return len({event.number("bo") for event in events if event.name == "SOURCE"})


def chain_rows(build, rows):
    for kind, drivers, va_drivers, codec in rows:
        what = f"1: {codec.upper()}, {kind}, {va_drivers or drivers}"
        try:
            run = rig.Rig(build, kind, drivers, va_drivers).run("intel_chain", "--codec", codec, "--frames", FRAMES)
        except rig.Missing as missing:
            row_skipped(f"{what}: frames of 1080p synchronised", FRAMES, missing)
            continue
        if run.hung or run.returncode != 0:
            explain(run.stdout + run.stderr)
        packets = run.lines()[0].get("packets", 0) if run.lines() else 0
        row(f"{what}: frames of 1080p synchronised", FRAMES, packets, packets == FRAMES and run.returncode == 0)
        findings = check_trace.check(run.trace, codec, 1920, 1080, FRAMES)
        for finding in findings:
            explain(finding)
        row(f"{what}: findings of the checker", 0, f"{len(findings)}, {objects_of(run.trace)} objects", not findings)


def trace_rows(build, rows, count):
    for kind, drivers, va_drivers, codec in rows:
        what = f"2: {codec.upper()}, {kind}: traces that differ from the first, of {count}"
        try:
            device = rig.Rig(build, kind, drivers, va_drivers)
            traces = [rig.masked(device.run("intel_chain", "--codec", codec, "--frames", 10).trace) for _ in range(count)]
        except rig.Missing as missing:
            row_skipped(what, 0, missing)
            continue
        differ = sum(trace != traces[0] for trace in traces)
        row(what, 0, f"{differ}, of {len(traces[0])} lines", differ == 0 and len(traces[0]) > 100)


def cycle_rows(build, rows, count):
    for kind, drivers, va_drivers, _ in rows:
        for direction in DIRECTIONS:
            what = f"3: {kind}, {direction}, {count} times: fds, maps, handles"
            try:
                run = rig.Rig(build, kind, drivers, va_drivers).run("intel_cycles", direction, count, timeout=300)
            except rig.Missing as missing:
                row_skipped(what, "0 0 0", missing)
                continue
            handles = handles_left(run.trace)
            row(what, "0 0 0", f"{run.stdout.strip() or run.stderr.strip()[-60:]} {handles}", run.returncode == 0 and handles == 0)


def handles_left(trace):
    """Handles of objects that were exported or imported, and that nobody closed."""
    held = set()
    shared = set()
    for event in check_trace.parse(trace):
        key = (event.values.get("node"), event.values.get("handle"))
        if event.failed:
            continue
        if event.name in ("GEM_CREATE", "PRIME_FD_TO_HANDLE"):
            held.add(key)
        if event.name.startswith("PRIME_"):
            shared.add(key)
        elif event.name == "GEM_CLOSE":
            held.discard(key)
            shared.discard(key)
    return len(held & shared)


def fault_rows(build, quick):
    for how, every in [("ENOMEM", 61 if quick else 1), ("EIO", 181 if quick else 11), ("LOST", 613 if quick else 41)]:
        campaign = faults.Faults(rig.Rig(build, "dg2"), how)
        told = faults.summary(campaign.run(every))
        what = f"4: {how}, {told['failed']} of {campaign.ioctls} ioctls"
        for rule, text in [("crashes_of_ours", "crashes of ours"), ("hangs", "hangs over 10 s"),
                           ("leaks_of_ours", "leaks of ours"), ("errors_without_call", "errors without a call"),
                           ("not_reached", "not reached")]:
            for found in told[rule]:
                explain(f"{text}: {found}")
            row(f"{what}: {text}", 0, len(told[rule]), not told[rule])
        usable = sum(count for _, count in told["not_usable_again"])
        explain(f"{what}: {told['absorbed']} absorbed, {told['errors']} errors of ours, after {usable} of which the drivers"
                f" could not be used again ({', '.join(f'{call}: {count}' for call, count in told['not_usable_again'])});"
                f" the vendor's {told['crashes']} crashes:")
        for function, count in told["crashes_by_function"]:
            explain(f"  {count:5} {function}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    if not os.path.exists(os.path.join(build, "intel", "debian12.complete")):
        row_skipped("all", "", "the drivers debian12 could not be fetched")
        return
    chain_rows(build, REQUIRED + WIDER)
    trace_rows(build, REQUIRED + ([] if options.quick else WIDER), 3 if options.quick else 10)
    cycle_rows(build, REQUIRED, 100 if options.quick else 1000)
    fault_rows(build, options.quick)


if __name__ == "__main__":
    main()
