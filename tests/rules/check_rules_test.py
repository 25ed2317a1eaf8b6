#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that check_rules.py finds what it is there to find."""

import os
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import check_rules

SPDX = "// SPDX-License-Identifier: MIT\n"


def write(root, files):
    for path, text in files.items():
        whole = os.path.join(root, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)


def breaches_of(files):
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        return list(check_rules.check(root))


def include(path, *headers):
    return {path: SPDX + "".join(f"#include {header}\n" for header in headers)}


class Includes(unittest.TestCase):
    def assert_refused(self, path, header):
        breaches = breaches_of(include(path, "<vector>", header))
        self.assertEqual(len(breaches), 1, f"{path}: {header}: {breaches}")
        self.assertTrue(breaches[0].startswith(f"{path}:3: "), breaches[0])

    def assert_allowed(self, path, *headers):
        self.assertEqual(breaches_of(include(path, *headers)), [])

    def test_a_room_may_include_itself_the_vocabulary_and_the_system(self):
        self.assert_allowed("interop/src/a.cpp", '"mrda/interop/fd.h"', "<drm_fourcc.h>", "<span>",
                            "<sys/stat.h>", "<linux/dma-buf.h>", "<unistd.h>", '"run_child.h"')
        self.assert_allowed("l0/src/a.cpp", '"mrda/l0/usm.h"', "<level_zero/ze_api.h>")
        self.assert_allowed("vpl/src/a.cpp", '"mrda/vaapi/surface.h"', "<vpl/mfx.h>", "<va/va.h>")
        self.assert_allowed("vpl/soft/a.cpp", "<x264.h>", "<x265.h>", "<libyuv.h>",
                            "<svt-av1/EbSvtAv1Enc.h>", '"mrda/interop/fd.h"')
        self.assert_allowed("tests/l0/a_test.cpp", '"mrda/vpl/session.h"', "<gtest/gtest.h>",
                            "<va/va.h>", '"support/display.h"')

    def test_the_vocabulary_knows_no_vendor(self):
        for header in ("<va/va.h>", "<level_zero/ze_api.h>", "<vpl/mfx.h>", "<xf86drm.h>",
                       "<drm/i915_drm.h>", "<libyuv.h>", '"mrda/l0/usm.h"'):
            self.assert_refused("interop/src/a.cpp", header)

    def test_modules_meet_only_in_the_vocabulary(self):
        self.assert_refused("l0/src/a.cpp", '"mrda/vaapi/surface.h"')
        self.assert_refused("vaapi/src/a.cpp", "<mrda/l0/usm.h>")
        self.assert_refused("vaapi/include/mrda/vaapi/a.h", '"mrda/vpl/session.h"')
        self.assert_refused("l0/src/a.cpp", "<va/va.h>")
        self.assert_refused("vpl/src/a.cpp", '"mrda/l0/usm.h"')

    def test_a_software_driver_knows_at_most_the_vocabulary(self):
        self.assert_refused("l0/soft/a.cpp", '"mrda/l0/usm.h"')
        self.assert_refused("vaapi/soft/a.cpp", '"mrda/vaapi/surface.h"')
        self.assert_refused("vpl/soft/a.cpp", '"mrda/vpl/session.h"')
        self.assert_refused("vaapi/soft/a.cpp", "<x264.h>")

    def test_the_copy_report_is_the_one_exception(self):
        self.assert_allowed("vpl/soft/a.cpp", '"mrda/vpl/copy_report.h"')
        self.assert_refused("vaapi/soft/a.cpp", '"mrda/vpl/copy_report.h"')

    def test_gpl_encoders_stay_in_the_software_runtime(self):
        for path in ("vpl/src/a.cpp", "vaapi/soft/a.cpp", "samples/a.cpp"):
            self.assert_refused(path, "<x264.h>")
            self.assert_refused(path, "<x265.h>")

    def test_codec_libraries_of_plugins_stay_in_plugins(self):
        for header in ("<wels/codec_api.h>", "<dav1d/dav1d.h>", "<libde265/de265.h>",
                       "<vpx/vpx_codec.h>"):
            self.assert_allowed("service/plugins/a/plugin.cpp", header)
            for path in ("interop/media/src/a.cpp", "service/worker/a.cpp", "samples/a.cpp"):
                self.assert_refused(path, header)

    def test_no_include_reaches_into_another_folder(self):
        self.assert_refused("vpl/src/a.cpp", '"../../vaapi/src/driver.h"')
        self.assert_refused("vpl/src/a.cpp", '"vaapi/soft/surface.h"')
        self.assert_refused("vpl/src/a.cpp", '"vaapi/src/display.h"')

    def test_a_header_that_nobody_knows_is_refused(self):
        self.assert_refused("l0/src/a.cpp", "<boost/asio.hpp>")
        self.assert_refused("l0/src/a.cpp", "<fancy.h>")

    def test_a_folder_without_a_row_is_refused(self):
        breaches = breaches_of(include("cellar/a.cpp", "<span>"))
        self.assertEqual(len(breaches), 1)
        self.assertIn("in no room of the table", breaches[0])

    def test_what_is_built_or_hidden_is_not_looked_at(self):
        for folder in ("build/x", "build-arm", ".git"):
            self.assertEqual(breaches_of({f"{folder}/a.cpp": "#include <nonsense.h>\n"}), [])


class Files(unittest.TestCase):
    """Which files count as the project's own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def git(self, *arguments):
        if shutil.which("git") is None:
            self.skipTest("git is not installed")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("GIT_")}
        subprocess.run(["git", "-C", self.root, *arguments], check=True, capture_output=True,
                       env=environment)

    def assert_files(self, *paths):
        self.assertEqual(sorted(check_rules.project_files(self.root)), sorted(paths))

    def test_without_git_are_those_that_lie_there(self):
        write(self.root, {"a/b.cpp": "", ".ci/run": "", ".hidden/c": "", "build/d": ""})
        self.assert_files("a/b.cpp", ".ci/run")

    def test_in_a_work_tree_are_those_tracked_and_those_new_but_not_ignored(self):
        self.git("init")
        write(self.root, {".gitignore": "/build*/\n*.log\n", "tracked.cpp": "", "new.cpp": "",
                          "a.log": "", "build/b.cpp": "", ".github/c": ""})
        self.git("add", "tracked.cpp")
        self.assert_files(".gitignore", ".github/c", "new.cpp", "tracked.cpp")

    def test_a_tracked_file_that_was_deleted_is_none(self):
        self.git("init")
        write(self.root, {"gone.cpp": "", "here.cpp": ""})
        self.git("add", ".")
        os.remove(os.path.join(self.root, "gone.cpp"))
        self.assert_files("here.cpp")

    def test_in_a_folder_of_another_work_tree_are_those_that_lie_there(self):
        self.git("init")
        write(self.root, {".gitignore": "*\n", "inner/a.cpp": ""})
        self.root = os.path.join(self.root, "inner")
        self.assert_files("a.cpp")

    def test_do_not_follow_from_the_repository_that_a_hook_names(self):
        self.git("init")
        write(self.root, {"a.cpp": ""})
        with mock.patch.dict(os.environ, {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere"}):
            self.assert_files("a.cpp")

    def test_a_link_is_none_whether_it_leads_to_a_file_or_nowhere(self):
        for in_git in [False, True]:
            with self.subTest(in_git=in_git):
                if in_git:
                    self.git("init")
                write(self.root, {"a.cpp": SPDX})
                for name, target in [("b.cpp", "a.cpp"), ("c.cpp", "/nowhere")]:
                    if not os.path.lexists(os.path.join(self.root, name)):
                        os.symlink(target, os.path.join(self.root, name))
                self.assert_files("a.cpp")
                self.assertEqual(list(check_rules.check(self.root)), [])


class Spdx(unittest.TestCase):
    def test_sources_and_scripts_without_a_licence_line_are_named(self):
        for path in ("interop/src/a.cpp", "interop/CMakeLists.txt", "cmake/A.cmake", "tests/a.py",
                     "cmake/a.cmake.in", "l0/soft/exports.map", "interop/src/config.h.in"):
            self.assertEqual(breaches_of({path: "\n"}),
                             [f"{path}:1: no line SPDX-License-Identifier: MIT at the top"])

    def test_a_script_is_known_by_its_first_line(self):
        self.assertEqual(len(breaches_of({".ci/run": "#!/bin/sh\ntrue\n"})), 1)
        self.assertEqual(
            breaches_of({".ci/run": "#!/bin/sh\n# SPDX-License-Identifier: MIT\n"}), [])

    def test_other_files_need_none(self):
        self.assertEqual(breaches_of({"docs/a.md": "# Title\n", "CMakePresets.json": "{}\n"} |
                                     {"docs/picture.png": "x"}), [])


class Links(unittest.TestCase):
    HEAD = "# SPDX-License-Identifier: MIT\n"
    DRIVER = "mrda_driver(mrda_l0_soft libmrda_ze.so\n  SOURCES a.cpp\n  PRIVATE mrda::interop)\n"

    def links(self, text):
        return breaches_of({"l0/soft/CMakeLists.txt": self.HEAD + self.DRIVER,
                            "samples/CMakeLists.txt": self.HEAD + text})

    def test_a_driver_that_is_linked_is_named(self):
        for word in ("mrda_l0_soft", "mrda_ze", "-lmrda_ze", "/usr/lib/mrda/libmrda_ze.so"):
            self.assertEqual(
                self.links(f"target_link_libraries(sample\n  PRIVATE {word})\n"),
                [f"samples/CMakeLists.txt:2: sample links the software driver {word}"])
        self.assertEqual(len(self.links("mrda_test(a_test LIBS mrda_l0_soft)\n")), 1)

    def test_a_driver_may_be_depended_on_and_commented_on(self):
        self.assertEqual(self.links("add_dependencies(sample mrda_l0_soft)\n"
                                    "# target_link_libraries(sample mrda_l0_soft)\n"
                                    "target_link_libraries(sample PRIVATE mrda::l0)\n"), [])


if __name__ == "__main__":
    unittest.main()
