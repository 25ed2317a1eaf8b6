#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that check_trace.py finds what it is there to find, and nothing else."""

import os
import random
import subprocess
import sys
import tempfile
import unittest

import check_trace

CODEC, WIDTH, HEIGHT, FRAMES = "avc", 128, 40, 2
PICTURE_BYTES = 128 * 48 * 3 // 2  # In whole macroblocks.

# USM that Level Zero makes on node 1 is exported, checked and imported on node 2, and encoded twice. bo 8 is the driver's own.
MADE = "GEM_CREATE node=1 size=12288 region=system -> handle=5 bo=7"
EXPORTED = "PRIME_HANDLE_TO_FD node=1 handle=5 bo=7 size=12288 -> fd=20"
TAKEN = "dup fd=20 bo=7 by=intel_chain -> fd=21"
IMPORTED = "PRIME_FD_TO_HANDLE node=2 fd=21 size=12288 -> handle=9 bo=7"
CHECKED = "MAP bo=7 length=12288 by=intel_chain"
UNCHECKED = "UNMAP bo=7 by=intel_chain"
UNTAKEN = "close fd=21 bo=7 by=intel_chain"
MADE_BY_DRIVER = "GEM_CREATE node=2 size=4096 region=system -> handle=10 bo=8"
NAMED = "REF command=MFX_PIPE_BUF_ADDR_STATE bo=7 offset=0x0"
SOURCE = ("SOURCE codec=avc command=VDENC_PIPE_BUF_ADDR_STATE bo=7 offset=0x0 width=128 height=48 pitch=128 "
          "tiling=linear chroma_row=48")
EXECUTED = "EXECBUFFER2 node=2 context=3 ring=2 commands=90 stores=4 bos=7,8w"
IMPORT_CLOSED = "GEM_CLOSE node=2 handle=9 bo=7"
DRIVERS_CLOSED = "GEM_CLOSE node=2 handle=10 bo=8"
EXPORT_CLOSED = "close fd=20 bo=7 by=libze_intel_gpu.so.1"
CLOSED = "GEM_CLOSE node=1 handle=5 bo=7"
CLEAN = [
    "open renderD128 pci=0000:00:02.0 -> node=1",
    "open renderD128 pci=0000:00:02.0 -> node=2",
    "UNKNOWN query=5 -> EINVAL",
    MADE, EXPORTED, TAKEN, IMPORTED,
    CHECKED, "MAP bo=7 length=12288 by=iHD_drv_video.so", UNCHECKED, UNTAKEN,
    MADE_BY_DRIVER, "MAP bo=8 length=4096 by=iHD_drv_video.so",
    NAMED, SOURCE, EXECUTED,
    NAMED, SOURCE, EXECUTED,
    "UNMAP bo=8 by=iHD_drv_video.so", "UNMAP bo=7 by=iHD_drv_video.so",
    IMPORT_CLOSED, DRIVERS_CLOSED, "release node=2 handles_left=0",
    EXPORT_CLOSED, CLOSED, "release node=1 handles_left=0",
    "end ioctls=31",
]


def place_of(line, lines):
    """Of the last such line; a test whose line is not in the trace proves nothing."""
    return len(lines) - 1 - lines[::-1].index(line)


def without(line):
    at = place_of(line, CLEAN)
    return CLEAN[:at] + CLEAN[at + 1:]


def with_after(line, *added):
    at = place_of(line, CLEAN)
    return CLEAN[:at + 1] + list(added) + CLEAN[at + 1:]


def with_instead(line, *others):
    at = place_of(line, CLEAN)
    return CLEAN[:at] + list(others) + CLEAN[at + 1:]


def source(**changed):
    """SOURCE with other values."""
    words = [word.split("=") for word in SOURCE.split()[1:]]
    assert set(changed) <= {key for key, _ in words}
    return " ".join(["SOURCE", *(f"{key}={changed.get(key, value)}" for key, value in words)])


def findings_of(lines, codec=CODEC, frames=FRAMES):
    return check_trace.check(lines, codec, WIDTH, HEIGHT, frames)


class Finds(unittest.TestCase):
    """Every test: the clean trace with one thing wrong, and exactly the finding that says so."""

    def assert_found(self, lines, *findings, **options):
        self.assertEqual(findings_of(lines, **options), list(findings))

    def assert_source_found(self, finding, **changed):
        wrong = source(**changed)
        self.assert_found(with_instead(SOURCE, wrong), f"{finding}: {wrong}")

    def test_nothing_in_a_clean_trace(self):
        self.assert_found(CLEAN)

    def test_nothing_where_the_very_size_was_programmed(self):
        self.assert_found(with_instead(SOURCE, source(height=40)))

    def test_a_pitch_below_the_width(self):
        self.assert_source_found("pitch", pitch=64)

    def test_a_pitch_that_is_not_aligned(self):
        self.assert_source_found("pitch", pitch=144)

    def test_an_object_too_small_for_its_last_row(self):
        small = MADE.replace("12288", "8192")
        expected = f"reaches past the object's 8192 bytes: {SOURCE}"
        self.assert_found(with_instead(MADE, small), expected, expected)

    def test_nothing_where_the_last_row_just_fits(self):
        self.assert_found(with_instead(MADE, MADE.replace("12288", str(PICTURE_BYTES))))

    def test_an_object_one_byte_too_small(self):
        one_short = PICTURE_BYTES - 1
        expected = f"reaches past the object's {one_short} bytes: {SOURCE}"
        self.assert_found(with_instead(MADE, MADE.replace("12288", str(one_short))), expected, expected)

    def test_chroma_inside_luma(self):
        self.assert_source_found("chroma begins within luma, or between rows", chroma_row=46)

    def test_an_odd_chroma_row(self):
        self.assert_source_found("chroma begins within luma, or between rows", chroma_row=49)

    def test_luma_that_does_not_begin_with_the_object(self):
        self.assert_source_found("luma does not begin with the object", offset="0x1000")

    def test_tiles(self):
        for tiling in ("x", "y", "4", "64", "unknown"):
            with self.subTest(tiling):
                self.assert_source_found("USM is linear, and this is not", tiling=tiling)

    def test_another_width(self):
        self.assert_source_found("not 128x40, nor that in whole macroblocks", width=112)

    def test_another_height(self):
        self.assert_source_found("not 128x40, nor that in whole macroblocks", height=32)

    def test_a_picture_where_nothing_is_bound(self):
        nowhere = source(bo=0)
        self.assert_found(with_instead(SOURCE, nowhere), f"an object that nobody made: {nowhere}",
                          "bo 0 was not exported by the node that made it",
                          f"a batch has a picture that no encoder was programmed with: {EXECUTED}")

    def test_a_frame_too_few(self):
        self.assert_found(without(SOURCE), "1 frames were programmed, not 2",
                          f"a batch has a picture that no encoder was programmed with: {EXECUTED}")

    def test_a_frame_too_many(self):
        self.assert_found(with_after(SOURCE, SOURCE), "3 frames were programmed, not 2")

    def test_an_object_that_its_maker_did_not_export(self):
        by_another = EXPORTED.replace("node=1", "node=2")
        self.assert_found(with_instead(EXPORTED, by_another), "bo 7 was not exported by the node that made it")

    def test_an_export_that_failed(self):
        refused = "PRIME_HANDLE_TO_FD node=1 handle=5 bo=7 -> EINVAL"
        lines = [line for line in CLEAN if line not in (EXPORTED, EXPORT_CLOSED)]
        lines.insert(lines.index(TAKEN), refused)
        self.assert_found(lines, "bo 7 was not exported by the node that made it")

    def test_an_object_that_nobody_imported(self):
        lines = [line for line in CLEAN if line not in (IMPORTED, IMPORT_CLOSED)]
        self.assert_found(lines, "bo 7 was not imported by another node")

    def test_an_object_that_only_its_maker_imported(self):
        lines = [IMPORTED.replace("node=2", "node=1").replace("handle=9", "handle=5") if line == IMPORTED else line
                 for line in CLEAN if line != IMPORT_CLOSED]
        self.assert_found(lines, "bo 7 was not imported by another node")

    def test_an_object_as_large_as_a_picture_made_while_encoding(self):
        made = f"GEM_CREATE node=2 size={PICTURE_BYTES} region=system -> handle=11 bo=9"
        self.assert_found(with_after(NAMED, made), f"an object as large as a picture was made while encoding: {made}")

    def test_memory_of_the_programs_as_large_as_a_picture_given_while_encoding(self):
        given = f"GEM_USERPTR node=2 at=@7f0000000000 size={PICTURE_BYTES} -> handle=11 bo=9"
        self.assert_found(with_after(NAMED, given), f"an object as large as a picture was made while encoding: {given}")

    def test_nothing_in_smaller_ones(self):
        made = f"GEM_CREATE node=2 size={PICTURE_BYTES - 1} region=system -> handle=11 bo=9"
        self.assert_found(with_after(NAMED, made))

    def test_nothing_in_what_was_made_before_encoding(self):
        made = f"GEM_CREATE node=2 size={PICTURE_BYTES} region=system -> handle=11 bo=9"
        self.assert_found(with_after(MADE_BY_DRIVER, made))

    def test_nothing_in_an_object_that_could_not_be_made(self):
        self.assert_found(with_after(NAMED, f"GEM_CREATE node=2 size={PICTURE_BYTES} -> ENOMEM"))

    def test_a_foreign_command_that_names_the_picture(self):
        for command in ("XY_FAST_COPY_BLT", "MI_STORE_DATA_IMM", "0x7b0a0000"):
            with self.subTest(command):
                named = f"REF command={command} bo=7 offset=0x0"
                self.assert_found(with_after(NAMED, named), f"a command that is not the encoder's names a picture: {named}")

    def test_nothing_in_a_foreign_command_that_names_another_object(self):
        self.assert_found(with_after(NAMED, "REF command=XY_FAST_COPY_BLT bo=8 offset=0x0"))

    def test_a_copy_by_the_kernel(self):
        for name in ("GEM_PWRITE", "GEM_PREAD"):
            with self.subTest(name):
                copied = f"{name} bo=7 size=9216"
                self.assert_found(with_after(NAMED, copied), f"the kernel was asked to copy a picture: {copied}")

    def test_nothing_in_a_copy_of_another_object(self):
        self.assert_found(with_after(NAMED, "GEM_PWRITE bo=8 size=64"))

    def test_a_picture_that_the_driver_maps_while_encoding_but_for_avc(self):
        mapped = "MAP bo=7 length=12288 by=iHD_drv_video.so"
        lines = with_after(NAMED, mapped)
        self.assert_found(lines)
        self.assert_found(lines, f"a picture was mapped: {mapped}", codec="hevc")

    def test_a_picture_that_the_program_maps_while_encoding(self):
        for codec in ("avc", "hevc"):
            with self.subTest(codec):
                self.assert_found(with_after(NAMED, CHECKED), f"a picture was mapped: {CHECKED}", codec=codec)

    def test_a_picture_that_anyone_else_maps_before(self):
        mapped = "MAP bo=7 length=12288 by=libze_intel_gpu.so.1"
        self.assert_found(with_after(UNCHECKED, mapped), f"a picture was mapped: {mapped}")

    def test_a_mapping_of_ours_that_outlives_the_check(self):
        lines = without(UNCHECKED)
        lines.insert(place_of(IMPORT_CLOSED, lines), UNCHECKED)
        self.assert_found(lines, "bo 7, a picture, was still mapped when encoding began")

    def test_a_batch_that_writes_a_picture(self):
        written = EXECUTED.replace("bos=7,", "bos=7w,")
        self.assert_found(with_instead(EXECUTED, written), f"a batch writes a picture: {written}")

    def test_a_batch_whose_shaders_read_a_picture(self):
        copying = EXECUTED.replace("ring=2", "ring=0")
        self.assert_found(with_after(UNTAKEN, copying), f"a batch has a picture that no encoder was programmed with: {copying}")
        self.assert_found(with_after(EXECUTED, copying), f"a batch has a picture that no encoder was programmed with: {copying}")

    def test_another_object_as_large_as_a_picture_that_is_mapped(self):
        made = f"GEM_CREATE node=2 size={PICTURE_BYTES} region=system -> handle=11 bo=9"
        mapped = f"MAP bo=9 length={PICTURE_BYTES} by=iHD_drv_video.so"
        self.assert_found(with_after(MADE_BY_DRIVER, made, mapped),
                          f"another object as large as a picture was mapped: {mapped}")

    def test_nothing_in_a_drivers_heap_that_is_mapped(self):
        made = f"GEM_CREATE node=2 size={2 * PICTURE_BYTES} region=system -> handle=11 bo=9"
        self.assert_found(with_after(MADE_BY_DRIVER, made, f"MAP bo=9 length={2 * PICTURE_BYTES} by=iHD_drv_video.so"))

    def test_a_handle_closed_twice(self):
        again = "GEM_CLOSE node=1 handle=5 -> EINVAL"
        self.assert_found(with_after(CLOSED, again), f"a handle was closed that is not open: {again}")

    def test_a_handle_closed_twice_after_its_number_is_another_objects(self):
        self.assert_found(with_after(CLOSED, CLOSED), f"a handle was closed that is not open: {CLOSED}")

    def test_a_handle_of_the_drivers_closed_twice(self):
        again = "GEM_CLOSE node=2 handle=10 -> EINVAL"
        self.assert_found(with_after(DRIVERS_CLOSED, again), f"a handle was closed that is not open: {again}")

    def test_a_pictures_handle_never_closed(self):
        self.assert_found(without(CLOSED), "handle 5 of node 1 (bo 7, a picture) was never closed")
        self.assert_found(without(IMPORT_CLOSED), "handle 9 of node 2 (bo 7, a picture) was never closed")

    def test_nothing_in_a_drivers_handle_that_goes_with_its_node(self):
        self.assert_found(without(DRIVERS_CLOSED))
        self.assert_found([line for line in CLEAN if line not in (DRIVERS_CLOSED, "release node=2 handles_left=0")])

    def test_a_descriptor_closed_twice(self):
        again = "close fd=20 -> EBADF by=libze_intel_gpu.so.1"
        self.assert_found(with_after(EXPORT_CLOSED, again), f"a descriptor was closed that is not open: {again}")

    def test_a_descriptor_closed_twice_after_its_number_is_another_objects(self):
        # The second close took somebody else's.
        self.assert_found(with_after(EXPORT_CLOSED, EXPORT_CLOSED),
                          f"a descriptor was closed that is not open: {EXPORT_CLOSED}")

    def test_a_descriptor_never_closed(self):
        self.assert_found(without(EXPORT_CLOSED), f"a descriptor was never closed: {EXPORTED}")
        self.assert_found(without(UNTAKEN), f"a descriptor was never closed: {TAKEN}")


class LeftBy(unittest.TestCase):
    def assert_left(self, lines, *left):
        self.assertEqual(check_trace.left_by("intel_chain", lines), list(left))

    def test_nothing_in_a_clean_trace(self):
        self.assert_left(CLEAN)

    def test_a_duplicate_of_the_programs(self):
        self.assert_left(without(UNTAKEN), f"open: {TAKEN}")

    def test_an_export_that_the_program_was_told_of(self):
        self.assert_left(without(EXPORT_CLOSED), f"open: {EXPORTED}")

    def test_not_an_export_that_the_driver_forgot(self):
        self.assert_left([line for line in CLEAN if line not in (TAKEN, UNTAKEN, EXPORT_CLOSED)])

    def test_not_an_export_that_only_the_driver_was_told_of(self):
        lines = [line.replace("intel_chain", "iHD_drv_video.so") for line in CLEAN if line != EXPORT_CLOSED]
        self.assert_left(lines)

    def test_not_an_export_whose_number_the_program_was_told_of_for_another(self):
        later = "PRIME_HANDLE_TO_FD node=2 handle=10 bo=8 size=4096 -> fd=20"
        self.assert_left(with_after(EXPORT_CLOSED, later))

    def test_not_a_duplicate_of_the_drivers(self):
        self.assert_left(with_after(EXPORTED, "dup fd=20 bo=7 by=iHD_drv_video.so -> fd=22"))

    def test_a_mapping_of_the_programs(self):
        self.assert_left(without(UNCHECKED), "mapped: bo 7")

    def test_a_mapping_made_twice_and_ended_once(self):
        self.assert_left(with_after(CHECKED, CHECKED), "mapped: bo 7")

    def test_not_a_mapping_of_the_drivers(self):
        self.assert_left(without("UNMAP bo=8 by=iHD_drv_video.so"))


class Survives(unittest.TestCase):
    """Traces of crashed and killed programs end anywhere."""

    def test_any_lines_in_any_order(self):
        extra = [source(bo=0), "GEM_CLOSE node=1 handle=5 -> EINVAL", "close fd=20 -> EBADF by=intel_chain",
                 "GEM_PREAD bo=7 size=1", "MAP bo=7 length=12288 by=ioctl", "FAULT GEM_CREATE number=3", ""]
        for seed in range(300):
            chance = random.Random(seed)
            lines = chance.sample(CLEAN + extra, chance.randint(0, len(CLEAN + extra)))
            with self.subTest(seed=seed):
                for codec in ("avc", "hevc"):
                    found = findings_of(lines, codec=codec)
                    self.assertTrue(all(isinstance(finding, str) for finding in found))
                    self.assertEqual(found, findings_of(lines, codec=codec))
                check_trace.left_by("intel_chain", lines)

    def test_a_trace_that_ends_anywhere(self):
        for count in range(len(CLEAN)):
            with self.subTest(lines=count):
                findings_of(CLEAN[:count])
                check_trace.left_by("intel_chain", CLEAN[:count])

    def test_a_missing_frame_whatever_else_is_missing(self):
        for seed in range(100):
            chance = random.Random(seed)
            lines = [line for line in without(SOURCE) if chance.random() < 0.8]
            programmed = lines.count(SOURCE)
            with self.subTest(seed=seed):
                self.assertIn(f"{programmed} frames were programmed, not 2", findings_of(lines))


class Program(unittest.TestCase):
    def run_on(self, lines, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trace")
            with open(path, "w", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in lines))
            return subprocess.run(
                [sys.executable, "-B", check_trace.__file__, path, "--width", str(WIDTH), "--height", str(HEIGHT),
                 "--frames", str(FRAMES), *options], capture_output=True, text=True, timeout=60, check=False)

    def test_succeeds_with_a_clean_trace(self):
        run = self.run_on(CLEAN)
        self.assertEqual((run.returncode, run.stdout), (0, "0 findings\n"), run.stderr)

    def test_fails_and_prints_the_findings_of_another(self):
        run = self.run_on(without(CLOSED))
        self.assertEqual(run.stdout, "handle 5 of node 1 (bo 7, a picture) was never closed\n1 findings\n", run.stderr)
        self.assertEqual(run.returncode, 1)

    def test_takes_the_programs_name(self):
        lines = [line.replace("intel_chain", "usm_to_va") for line in CLEAN]
        self.assertEqual(self.run_on(lines, "--program", "usm_to_va").returncode, 0)
        self.assertEqual(self.run_on(lines).returncode, 1)


if __name__ == "__main__":
    unittest.main()
