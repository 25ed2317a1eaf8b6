#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ffmpeg_frame: libavutil reads what Level Zero wrote and the other way about, byte for byte."""

import usm_to_va as program

USAGE, UNSUPPORTED = 2, 4
SMALL = ["--width", 320, "--height", 192]
BY_VA = ["NV12", "P010", "BGRA", "RGBA", "BGRX", "RGBX"]
OTHERS = ["I420", "YUY2"]


class Frames(program.Case):
    def expect_alike(self, *arguments, size=SMALL):
        lines = self.run_well(*size, *arguments).splitlines()
        self.assertEqual(len(lines), 3, lines)
        self.assertRegex(lines[1], r"^to FFmpeg .* read by libavutil.*: \d+ bytes alike$")
        self.assertRegex(lines[2], r"^from FFmpeg .* read by Level Zero: \d+ bytes alike$")
        return lines

    def test_are_read_through_the_va_driver_and_come_back(self):
        for pixels in BY_VA:
            with self.subTest(pixels):
                self.assertIn("through the VA driver", self.expect_alike("--format", pixels)[1])

    def test_are_read_by_libavutil_itself_in_every_format_and_form(self):
        for pixels in BY_VA + OTHERS:
            for layers in ["separate", "composed"]:
                with self.subTest(f"{pixels}, {layers}"):
                    self.expect_alike("--format", pixels, "--layers", layers, "--read", "cpu")

    def test_of_one_layer_are_read_through_the_va_driver(self):
        self.assertIn("as one layer", self.expect_alike("--layers", "composed")[1])

    def test_of_a_size_that_is_no_multiple_of_anything_come_back(self):
        self.expect_alike(size=["--width", 322, "--height", 194])

    def test_go_one_way_only_where_that_is_asked_for(self):
        for direction, line in [("to", "to FFmpeg"), ("from", "from FFmpeg")]:
            with self.subTest(direction):
                told = self.run_well(*SMALL, "--direction", direction).splitlines()
                self.assertEqual(len(told), 2, told)
                self.assertTrue(told[1].startswith(line), told)

    def test_of_tiled_surfaces_are_unsupported_unless_not_asked_for(self):
        environment = self.choose_lying_driver("tiled export")
        for direction in ["both", "from"]:
            with self.subTest(direction):
                self.expect_refused(UNSUPPORTED,
                                    ["NV12:0x0100000000000002", "tiled", "--direction to"],
                                    *SMALL, "--direction", direction, environment=environment)
        self.assertIn("bytes alike",
                      self.run_well(*SMALL, "--direction", "to", environment=environment))

    def test_that_libavutil_cannot_map_are_refused_with_its_own_code(self):
        self.expect_refused(USAGE, ["cannot map", "--read", "av_hwframe_map: averror"],
                            *SMALL, "--format", "I420")


class Values(program.Case):
    def test_that_mean_nothing_are_refused_by_name(self):
        self.expect_refused(USAGE, ['layers "both"', "separate, composed"], "--layers", "both")
        self.expect_refused(USAGE, ['read "gpu"', "va, cpu"], "--read", "gpu")
        self.expect_refused(USAGE, ['direction "back"', "both, to, from"], "--direction", "back")
        self.expect_refused(USAGE, '"cloud"', platform="cloud")
        self.expect_refused(USAGE, "641x480", "--width", 641, "--height", 480)
        self.expect_refused(UNSUPPORTED, '"NV99"', "--format", "NV99")
        self.expect_refused(USAGE, "--colour", "--colour", "red")


if __name__ == "__main__":
    program.main()
