#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what a trace of the stand-in node says of a chain: that the encoder reads the very objects that Level Zero
allocated, whole and untouched.

    check_trace.py TRACE --codec avc --width 1920 --height 1080 --frames 60 [--program NAME]

Acceptance by the driver proves little: it takes a pitch below the width, objects that are too small, planes that overlap."""

import argparse
import sys
from collections import Counter, defaultdict

# Commands that read an encoder's source where it lies. Whatever else names one copies it, or worse.
ENCODER_COMMANDS = {"VDENC_PIPE_BUF_ADDR_STATE", "MFX_PIPE_BUF_ADDR_STATE", "HCP_PIPE_BUF_ADDR_STATE"}
# iHD maps the source inside vaEndPicture for low-power AVC, and for no other codec.
MAPS_THE_SOURCE = {"avc": {"iHD_drv_video.so"}}
PITCH_ALIGNMENT = 64  # Bytes, of linear surfaces: VDENC_Surface_State.


class Event:
    """A line of a trace: NAME key=value … -> outcome."""

    def __init__(self, line):
        before, _, after = line.partition(" -> ")
        words = before.split()
        self.line = line
        self.name = words[0]
        self.outcome = after
        self.values = {}
        for word in words[1:] + after.split():
            key, equals, value = word.partition("=")
            if equals:
                # "fd=" stands on both sides of a dup.
                self.values["new_" + key if key in self.values else key] = value

    def number(self, key):
        return int(self.values[key], 0) if key in self.values else None

    @property
    def failed(self):
        return self.outcome.startswith("E") and "=" not in self.outcome


def parse(lines):
    return [Event(line) for line in lines if line.strip()]


class Checker:
    """Reads the events once, in order; `findings` are sentences."""

    def __init__(self, events, codec, width, height, frames, program="intel_chain"):
        self.events = events
        self.codec, self.width, self.height, self.frames, self.program = codec, width, height, frames, program
        self.findings = []
        # A codec is programmed with the picture's size, or with whole macroblocks.
        self.widths, self.heights = {width, -(-width // 16) * 16}, {height, -(-height // 16) * 16}
        self.input_bytes = max(self.widths) * max(self.heights) * 3 // 2
        self.sources = [event for event in events if event.name == "SOURCE"]
        self.inputs = {event.number("bo") for event in self.sources}

    def check(self):
        if len(self.sources) != self.frames:
            self.find(f"{len(self.sources)} frames were programmed, not {self.frames}")
        self.check_layout()
        self.check_origin()
        self.check_copies()
        self.check_batches()
        self.check_handles()
        self.check_descriptors()
        return self.findings

    def find(self, text, event=None):
        self.findings.append(text + (f": {event.line}" if event else ""))

    def check_layout(self):
        sizes = {event.number("bo"): event.number("size") for event in self.events
                 if event.name == "GEM_CREATE" and not event.failed}
        for event in self.sources:
            pitch, height = event.number("pitch"), event.number("height")
            row, size = event.number("chroma_row"), sizes.get(event.number("bo"))
            if event.number("width") not in self.widths or height not in self.heights:
                self.find(f"not {self.width}x{self.height}, nor that in whole macroblocks", event)
            if event.number("offset") != 0:
                self.find("luma does not begin with the object", event)
            if pitch < self.width or pitch % PITCH_ALIGNMENT:
                self.find("pitch", event)
            if event.values["tiling"] != "linear":
                self.find("USM is linear, and this is not", event)
            if row < height or row % 2:
                self.find("chroma begins within luma, or between rows", event)
            if size is None:
                self.find("an object that nobody made", event)
            elif (row + height // 2) * pitch > size:
                self.find(f"reaches past the object's {size} bytes", event)

    def check_origin(self):
        """From USM to the encoder's command: made on one node, exported there, imported on another."""
        made, exported, imported = {}, defaultdict(set), defaultdict(set)
        for event in self.events:
            if event.failed:
                continue
            bo, node = event.number("bo"), event.number("node")
            if event.name == "GEM_CREATE":
                made[bo] = node
            elif event.name == "PRIME_HANDLE_TO_FD":
                exported[bo].add(node)
            elif event.name == "PRIME_FD_TO_HANDLE":
                imported[bo].add(node)
        for bo in sorted(self.inputs):
            if bo not in made or made[bo] not in exported[bo]:
                self.find(f"bo {bo} was not exported by the node that made it")
            elif not imported[bo] - {made[bo]}:
                self.find(f"bo {bo} was not imported by another node")

    def check_copies(self):
        begun = 0
        sizes = {}
        mapped = Counter()  # By the program: times that each picture is.
        for event in self.events:
            bo = event.number("bo")
            if event.name in ("MAP", "UNMAP") and bo in self.inputs and event.values["by"] == self.program:
                mapped[bo] += 1 if event.name == "MAP" else -1
            if event.name == "SOURCE":
                if not begun:
                    for left in sorted(+mapped):
                        self.find(f"bo {left}, a picture, was still mapped when encoding began")
                begun += 1
            elif event.name == "GEM_CREATE" and not event.failed:
                sizes[bo] = event.number("size")
                if begun and sizes[bo] >= self.input_bytes:
                    self.find("an object as large as a picture was made while encoding", event)
            elif event.name == "GEM_USERPTR" and begun and event.number("size") >= self.input_bytes:
                self.find("an object as large as a picture was made while encoding", event)
            elif event.name == "REF" and bo in self.inputs and event.values["command"] not in ENCODER_COMMANDS:
                self.find("a command that is not the encoder's names a picture", event)
            elif event.name in ("GEM_PWRITE", "GEM_PREAD") and bo in self.inputs:
                self.find("the kernel was asked to copy a picture", event)
            elif event.name == "MAP":
                self.check_map(event, bo, begun, sizes)

    def check_batches(self):
        """i915 is told of each batch's objects, and so of those that no command names: a shader's surfaces."""
        programmed = set()
        for event in self.events:
            if event.name == "SOURCE":
                programmed.add(event.number("bo"))
            elif event.name == "EXECBUFFER2":
                listed = [bo for bo in event.values.get("bos", "").split(",") if bo]
                if self.inputs & {int(bo[:-1]) for bo in listed if bo.endswith("w")}:
                    self.find("a batch writes a picture", event)
                if (self.inputs & {int(bo.rstrip("w")) for bo in listed}) - programmed:
                    self.find("a batch has a picture that no encoder was programmed with", event)
                programmed.clear()

    def check_map(self, event, bo, begun, sizes):
        if bo in self.inputs:
            # Before the first frame the library checks once that both sides see the same bytes.
            allowed = {self.program, "iHD_drv_video.so"} if not begun else MAPS_THE_SOURCE.get(self.codec, set())
            if event.values["by"] not in allowed:
                self.find("a picture was mapped", event)
        elif self.input_bytes <= sizes.get(bo, 0) < 2 * self.input_bytes:
            self.find("another object as large as a picture was mapped", event)

    def check_handles(self):
        held = {}
        for event in self.events:
            key = (event.values.get("node"), event.values.get("handle"))
            if event.name == "GEM_CLOSE":
                if event.failed or key not in held:
                    self.find("a handle was closed that is not open", event)
                held.pop(key, None)
            elif event.name in ("GEM_CREATE", "GEM_USERPTR", "PRIME_FD_TO_HANDLE") and not event.failed:
                held[key] = event.number("bo")
            elif event.name == "release":
                held = {other: bo for other, bo in held.items() if other[0] != event.values["node"] or bo in self.inputs}
        for (node, handle), bo in held.items():
            if bo in self.inputs:
                self.find(f"handle {handle} of node {node} (bo {bo}, a picture) was never closed")

    def check_descriptors(self):
        open_fds, wrong = descriptors(self.events)
        for event in wrong:
            self.find("a descriptor was closed that is not open", event)
        for event in open_fds.values():
            self.find("a descriptor was never closed", event)


def descriptors(events):
    """Those that are open at the end, by number, with the event that made them; and the events that closed one twice."""
    open_fds, wrong = {}, []
    for event in events:
        if event.name == "PRIME_HANDLE_TO_FD" and not event.failed:
            open_fds[event.number("fd")] = event
        elif event.name == "dup":
            open_fds[event.number("new_fd")] = event
        elif event.name == "close":
            if event.outcome.startswith("EBADF") or event.number("fd") not in open_fds:
                wrong.append(event)
            open_fds.pop(event.number("fd"), None)
    return open_fds, wrong


def left_by(program, lines):
    """What the program itself has open or mapped at the end, as sentences: what a driver forgets is no fault of the program's."""
    events = parse(lines)
    left = []
    taken, open_exports = set(), {}
    for event in events:
        if event.name == "PRIME_HANDLE_TO_FD" and not event.failed:
            open_exports[event.number("fd")] = event
        elif event.name == "dup" and event.values["by"] == program:
            # Numbers are used again: it is this export, not each of that number.
            taken.add(open_exports.get(event.number("fd")))
    for event in descriptors(events)[0].values():
        # An export belongs to the program once it has been told of it.
        if event.values.get("by") == program or event in taken:
            left.append(f"open: {event.line}")
    mapped = defaultdict(int)
    for event in events:
        if event.name in ("MAP", "UNMAP") and event.values["by"] == program:
            mapped[event.number("bo")] += 1 if event.name == "MAP" else -1
    left += [f"mapped: bo {bo}" for bo, count in sorted(mapped.items()) if count > 0]
    return left


def check(lines, codec, width, height, frames, program="intel_chain"):
    """The findings, as sentences; none where all is well."""
    return Checker(parse(lines), codec, width, height, frames, program).check()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("trace", help="of one process: build/tests/intel_chain")
    parser.add_argument("--codec", default="avc", choices=["avc", "hevc"], help="default: %(default)s")
    parser.add_argument("--width", type=int, default=1920, help="of the picture; default: %(default)s")
    parser.add_argument("--height", type=int, default=1080, help="default: %(default)s")
    parser.add_argument("--frames", type=int, default=60, help="that were encoded; default: %(default)s")
    parser.add_argument("--program", default="intel_chain", help="whose trace it is; default: %(default)s")
    options = parser.parse_args()
    try:
        with open(options.trace, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as problem:
        parser.error(f"cannot read the trace: {problem}")
    if sum(line.startswith("end ") for line in lines) > 1:
        parser.error("that is the trace of several processes, or runs: their numbers would be mixed up")
    findings = check(lines, options.codec, options.width, options.height, options.frames, options.program)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
