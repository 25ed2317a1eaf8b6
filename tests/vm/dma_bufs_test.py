#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""True DMA-BUFs, in a guest whose kernel makes them: the host's side of MRDA runs there.

    dma_bufs_test.py BUILD_DIR [TEST ...]       77: there can be no guest here
"""

import os
import sys
import tempfile
import time
import unittest

import guest as machine
import host_in_guest

BUILD = None
CYCLES = 500
# Programs, and those of their tests whose memory is then a true DMA-BUF. What tells of kernels without, or of GPUs, is left out.
TESTS = [("interop_test", "*Udmabuf*:*DmaBuf*:-*without_the_device*"),
         ("va_soft_tests", "SoftExport*:SoftImport*"),
         ("vaapi_test", "KernelDmaBuf*:*SharedMemoryTest*:ChainTest*:-*where_the_kernel_makes_no_dma_buf:*refused_by_name_on_a_gpu")]


class KernelDmaBufs(unittest.TestCase):
    """One guest for all."""

    @classmethod
    def setUpClass(cls):
        cls.results = tempfile.TemporaryDirectory(dir=os.path.join(machine.TREE, "build"))
        cls.addClassCleanup(cls.results.cleanup)
        cls.guest = machine.Guest("dma_bufs", results=cls.results.name).start()
        cls.addClassCleanup(cls.guest.close)
        cls.service = host_in_guest.InnerService(cls.guest, BUILD, cls.results.name).ready()

    def setUp(self):
        self.wait_for_udmabufs(lambda count: count == 0, "none, after the test before")

    def path(self, name):
        return os.path.join(self.results.name, name)

    def test_are_as_the_tests_expect_and_none_is_skipped(self):
        for program, chosen in TESTS:
            with self.subTest(program):
                output = self.guest.check([f"{BUILD}/tests/{program}", f"--gtest_filter={chosen}"], timeout=120)
                self.assertRegex(output, r"\[  PASSED  \] [1-9]")
                self.assertNotIn("SKIPPED", output)

    def test_are_the_surfaces_that_a_service_encodes_from(self):
        video = host_in_guest.Video(self.results.name)
        here, there = self.path("here.h264"), self.path("there.h264")
        host_in_guest.encode_here(BUILD, video, here)
        report = self.service.encode(video, there)
        self.assertEqual((report["path"], report["path_reason"]), ("direct", "by a DMA-BUF of udmabuf"))
        self.assertEqual((report["packets"], report["cpu_copied_bytes"]), (host_in_guest.FRAMES, 0))
        self.assertAlmostEqual(video.psnr(there), video.psnr(here), delta=0.1)

    def wait_for_udmabufs(self, done, what):
        end = time.monotonic() + machine.BOOT_SECONDS
        while not done(host_in_guest.udmabufs(self.guest)):
            self.assertLess(time.monotonic(), end, f"the kernel never had {what}")

    def test_are_there_for_as_long_as_the_session(self):
        sample = self.guest.start_process([self.service.sample, *host_in_guest.STREAM, "--frameNum", 1000000])
        self.wait_for_udmabufs(lambda count: count > 1, "a DMA-BUF for each slot")
        self.guest.end(sample)
        self.wait_for_udmabufs(lambda count: count == 0, "none again")

    def test_are_made_and_closed_without_end(self):
        steady, grown = host_in_guest.cycles(self.guest, BUILD, CYCLES)
        self.assertTrue(steady, grown)
        self.assertEqual((grown["cycles"], grown["kernel_objects"]), (CYCLES, 0))


def main():
    global BUILD
    BUILD = os.path.abspath(sys.argv.pop(1))
    try:
        machine.check_available()
    except machine.Missing as missing:
        print(f"skipped: {missing}")
        return 77
    run = unittest.main(exit=False, verbosity=2)
    return 0 if run.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
