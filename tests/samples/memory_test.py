#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proof beside usm_to_va's own counter: x264 is given the very memory that Level Zero allocated."""

import re

import usm_to_va

WIDTH, HEIGHT = 640, 480
PLANE = re.compile(r"frame (\d+) plane (\d+) address (0x[0-9a-f]+) device (\d+) inode (\d+) "
                   r"offset (\d+)")


class Memory(usm_to_va.Case):
    def encode(self, *arguments):
        """Returns the program's report, and of each plane that x264 got its place in memory."""
        seen = self.path("planes")
        report = self.run_json(
            "--width", WIDTH, "--height", HEIGHT, "--frames", 10,
            "--encode", self.path("out.h264"), *arguments,
            environment={"LD_PRELOAD": usm_to_va.X264_PROBE, "MRDA_X264_PROBE": seen})
        with open(seen, encoding="ascii") as file:
            planes = [PLANE.match(line).groups() for line in file]
        self.assertEqual({int(plane[0]) for plane in planes}, set(range(10)))
        self.assertEqual({int(plane[1]) for plane in planes}, {0, 1})
        return report, planes

    def expect_objects_of_usm(self, report, planes):
        objects = {allocation["object"] for allocation in report["usm"]["allocations"]}
        chroma_offset = WIDTH * HEIGHT
        for _, plane, _, device, inode, offset in planes:
            self.assertIn(f"{device}:{inode}", objects)
            self.assertEqual(int(offset), chroma_offset * int(plane))

    def test_by_prime2_x264_reads_the_objects_of_the_usm(self):
        self.expect_objects_of_usm(*self.encode("--import", "prime2"))

    def test_by_prime_x264_reads_the_objects_of_the_usm(self):
        self.expect_objects_of_usm(*self.encode("--import", "prime"))

    def test_by_userptr_x264_reads_the_host_pages_of_the_usm(self):
        report, planes = self.encode("--import", "userptr")
        ranges = [(int(allocation["address"], 16), allocation["bytes"])
                  for allocation in report["usm"]["allocations"]]
        for _, _, address, _, _, _ in planes:
            at = int(address, 16)
            self.assertTrue(any(begin <= at < begin + size for begin, size in ranges),
                            f"{address} lies in none of {ranges}")

    def test_by_map_x264_reads_other_memory(self):
        report, planes = self.encode("--import", "map")
        ranges = [(int(allocation["address"], 16), allocation["bytes"])
                  for allocation in report["usm"]["allocations"]]
        for _, _, address, _, _, _ in planes:
            at = int(address, 16)
            self.assertFalse(any(begin <= at < begin + size for begin, size in ranges))


if __name__ == "__main__":
    usm_to_va.main()
