#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The service, its workers, the guest library and the sample, as an operator and a guest run them.

    end_to_end_test.py BIN_DIR STANDARD_CALLS ENDING_PLUGINS
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from mrda_service import CONFIG, LEASE, PATIENCE, Service, wait_until

BIN = os.path.abspath(sys.argv.pop(1))
STANDARD_CALLS = os.path.abspath(sys.argv.pop(1))
ENDING_PLUGINS = os.path.abspath(sys.argv.pop(1))
PLUGINS = os.path.abspath(os.path.join(BIN, "../lib/mrda/plugins"))
WIDTH, HEIGHT = 320, 240
NV12_BYTES = WIDTH * HEIGHT * 3 // 2

def frame_count(path):
    run = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
         "stream=nb_read_frames", "-of", "csv=p=0", path],
        text=True, timeout=PATIENCE, capture_output=True, check=True)
    return int(run.stdout.strip().strip(",") or 0)


def standard_calls(service):
    return subprocess.run([STANDARD_CALLS, "unix:" + service.path("run/mrda.sock")], text=True,
                          timeout=PATIENCE, capture_output=True, check=False)


SIZE = ["--width", WIDTH, "--height", HEIGHT, "--fps", 30]


class Encode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(BIN).start()
        cls.raw = cls.service.path("raw.nv12")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
                        f"testsrc2=size={WIDTH}x{HEIGHT}:rate=30", "-frames:v", "20", "-pix_fmt",
                        "nv12", "-f", "rawvideo", cls.raw], timeout=PATIENCE, check=True)

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def encode(self, out, *options, raw=None):
        return json.loads(self.service.guest(
            "-i", raw or self.raw, "-o", out, *SIZE, "--colorFormat", "nv12", "--json", *options))

    def test_every_codec_in_place(self):
        for codec, ending in (("h264", "h264"), ("h265", "h265"), ("av1", "obu")):
            with self.subTest(codec):
                out = self.service.path("out." + ending)
                report = self.encode(out, "--codecId", codec, "--rcMode", 0, "--qp", 30)
                self.assertEqual(report["frames"], 20)
                self.assertEqual(report["path"], "direct")
                self.assertEqual(report["cpu_copied_bytes"], 0)
                self.assertEqual(frame_count(out), 20)

    def test_vp9_is_written_as_a_file_that_others_decode(self):
        self.need("vpx")
        out = self.service.path("out.ivf")
        report = self.encode(out, "--codecId", "vp9", "--rcMode", 0, "--qp", 30)
        self.assertIn("libvpx", report["implementation"])
        self.assertEqual((report["frames"], report["packets"], frame_count(out)), (20, 20, 20))
        self.assertEqual(report["cpu_copied_bytes"], 0)
        raw = self.service.path("vp9.nv12")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", out, "-pix_fmt", "nv12",
                        "-f", "rawvideo", raw], timeout=PATIENCE, check=True)
        self.assertEqual(os.path.getsize(raw), 20 * NV12_BYTES)

    def test_what_comes_back_is_decoded_here_and_is_what_was_sent(self):
        for codec, plugin in (("h264", "openh264"), ("h265", "de265"), ("av1", "dav1d"),
                              ("vp9", "vpx")):
            with self.subTest(codec):
                self.need(plugin)
                report = self.encode(self.service.path("d.bin"), "--codecId", codec, "--rcMode", 0,
                                     "--qp", 20, "--decodeType", "auto")
                decoded = report["decoded"]
                self.assertEqual((decoded["pictures"], decoded["compared"]), (20, 20))
                self.assertGreater(decoded["luma_psnr_db"], 30)
                self.assertEqual(decoded["kept_bytes"], 20 * WIDTH * HEIGHT)

    def test_b_frames_are_compared_with_the_frames_of_their_times(self):
        self.need("de265")
        report = self.encode(self.service.path("b.h265"), "--codecId", "h265", "--gopRefDist", 3,
                             "--qp", 20, "--decodeType", "de265")
        self.assertEqual(report["decoded"]["compared"], 20)
        self.assertGreater(report["decoded"]["luma_psnr_db"], 30)

    def test_a_decoder_that_cannot_is_named_before_anything_is_encoded(self):
        self.need("dav1d")
        for decoder, says, code in (("dav1d", "asked of plugin dav1d", 4), ("nosuch", "nosuch", 3)):
            words = self.service.guest("-o", self.service.path("n.h264"), *SIZE, "--codecId",
                                       "h264", "--decodeType", decoder, code=code)
            self.assertIn(says, words)
            self.assertFalse(os.path.exists(self.service.path("n.h264")))

    def need(self, plugin):
        if not os.path.exists(f"{PLUGINS}/libmrda_{plugin}.so"):
            self.skipTest(f"the plugin {plugin} was not built")

    def test_a_plugin_is_chosen_by_name(self):
        self.need("openh264")
        out = self.service.path("openh264.h264")
        report = self.encode(out, "--codecId", "h264", "--encodeType", "openh264")
        self.assertIn("openh264", report["implementation"])
        self.assertEqual((report["packets"], frame_count(out)), (20, 20))
        self.assertEqual(report["cpu_copied_bytes"], 0)

    def test_no_message_for_a_frame(self):
        few = self.encode(self.service.path("a.h264"), "--frameNum", 2)
        many = self.encode(self.service.path("b.h264"), "--frameNum", 20)
        # Renewals come by the clock, half a lease apart; nothing else may grow.
        self.assertLessEqual(many["rpc_count"] - few["rpc_count"], 3)

    def test_b_frames_come_with_right_times(self):
        out = self.service.path("b.h264")
        report = self.encode(out, "--gopRefDist", 3, "--gopSize", 12)
        self.assertEqual(report["packets"], 20)
        self.assertEqual(frame_count(out), 20)

    def test_a_pipe_is_read(self):
        with open(self.raw, "rb") as raw:
            run = subprocess.run(
                self.service.command("-i", "-", "-o", self.service.path("p.h264"), *SIZE,
                                     "--colorFormat", "nv12", "--json"),
                env=self.service.env, stdin=raw, timeout=PATIENCE, capture_output=True, check=True)
        self.assertEqual(json.loads(run.stdout)["frames"], 20)

    def test_nothing_is_left_of_a_session(self):
        self.encode(self.service.path("out.h264"))
        wait_until(lambda: not self.service.sessions() and not self.service.workers(), "the end")
        resources = json.loads(self.service.ctl("--json", "resources"))
        self.assertEqual(resources["pixels_per_second_reserved"], 0)
        self.assertEqual(resources["region_bytes_used"], 0)

    def test_the_log_ends_with_a_sessions_last_counts(self):
        report = self.encode(self.service.path("out.h264"))
        wait_until(lambda: "state=stopped" in self.service.text(), "the last line")
        self.assertRegex(self.service.text(), rf"state=stopped .*frames={report['frames']}\b")

    def test_what_is_wrong_is_named(self):
        out = self.service.path("x.h264")
        for options, says, code in (
                (["--width", 0, "--height", HEIGHT], "width", 2),
                (["--width", 100000, "--height", 2], "100000", 2),
                ([*SIZE, "--bufferNum", 4, "--bufferSize", 1000], "115200", 2),
                ([*SIZE, "--codecProfile", "avc:main10"], "main10", 4),
                ([*SIZE, "--encodeType", "nosuch"], "nosuch", 3)):
            with self.subTest(says):
                words = self.service.guest("-i", self.raw, "-o", out, "--colorFormat", "nv12",
                                           *options, code=code)
                self.assertIn(says, words)

    def test_an_input_that_is_a_folder_costs_no_output(self):
        out = self.service.path("kept.h264")
        with open(out, "w", encoding="utf-8") as file:
            file.write("kept")
        words = self.service.guest("-i", self.service.dir.name, "-o", out, *SIZE, code=2)
        self.assertIn("is a folder", words)
        self.assertEqual(os.path.getsize(out), 4)

    def test_any_client_can_ask_for_health_and_services(self):
        run = standard_calls(self.service)
        self.assertEqual(run.stdout.split("\n"), ["serving", "grpc.health.v1.Health",
                                                  "mrda.v1.Sessions", ""], run.stderr)

    def test_a_wrong_token_is_refused(self):
        env = dict(self.service.env, MRDA_TOKEN="0" * 64)
        words = self.service.guest("-i", self.raw, "-o", self.service.path("x.h264"), *SIZE,
                                   "--colorFormat", "nv12", code=5, env=env)
        self.assertIn("token", words)


class Tls(unittest.TestCase):
    """Guests and service that show each other certificates."""

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.certify("ca")
        for name in ("service", "local", "stranger"):
            cls.certify(name, signer="ca")
        cls.certify("foreign")
        cls.service = Service(BIN, "--addr", "127.0.0.1:0", "--tls-cert", cls.file("service.crt"),
                              "--tls-key", cls.file("service.key"), "--tls-client-ca",
                              cls.file("ca.crt")).start()
        cls.port = cls.service.port()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.dir.cleanup()

    @classmethod
    def file(cls, name):
        return os.path.join(cls.dir.name, name)

    @classmethod
    def certify(cls, name, signer=None):
        signed = ["-CA", cls.file(f"{signer}.crt"), "-CAkey", cls.file(f"{signer}.key")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "1", "-subj", f"/CN={name}", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", cls.file(f"{name}.key"), "-out",
             cls.file(f"{name}.crt"), *(signed if signer else [])],
            timeout=PATIENCE, capture_output=True, check=True)

    def encode(self, who, code=0, **env):
        # No folder with a default token: the certificate alone says who it is.
        shown = dict(self.service.env, MRDA_RUNTIME_DIR=self.dir.name,
                     MRDA_TLS_CA=self.file("ca.crt"), MRDA_TLS_CERT=self.file(f"{who}.crt"),
                     MRDA_TLS_KEY=self.file(f"{who}.key")) | env
        return self.service.guest("--hostSessionAddr", f"127.0.0.1:{self.port}", "--frameNum", 3,
                                  *SIZE, "--json", code=code, env=shown)

    def test_a_certificate_names_its_vm(self):
        self.assertEqual(json.loads(self.encode("local"))["frames"], 3)

    def test_a_certificate_of_no_vm_is_refused_by_name(self):
        self.assertIn("stranger", self.encode("stranger", code=5))

    def test_a_certificate_of_another_ca_opens_nothing(self):
        self.assertIn("does not answer", self.encode("foreign", code=3))

    def test_two_of_three_files_are_not_enough(self):
        self.assertIn("three files", self.encode("local", code=2, MRDA_TLS_CERT=""))

    def test_who_speaks_without_tls_is_not_heard(self):
        words = self.service.guest("--hostSessionAddr", f"127.0.0.1:{self.port}", "--frameNum", 3,
                                   *SIZE, "--json", code=3)
        self.assertIn("does not answer", words)


class Devices(unittest.TestCase):
    """The first generation's options: two device files of the VM's own."""

    def setUp(self):
        self.service = Service(BIN, "-addr", "127.0.0.1:0").start()
        self.addCleanup(self.service.close)
        self.devices = [self.service.path("shmIN"), self.service.path("shmOUT")]

    def options(self):
        return ["--memDevSize", 100000000, "--bufferNum", 100, "--bufferSize", 1000000,
                "--inDevPath", self.devices[0], "--outDevPath", self.devices[1], "--frameNum", 8,
                "--codecId", "h265", "--gopSize", 30, "--asyncDepth", 4, "--targetUsage",
                "balanced", "--rcMode", 1, "--bitrate", 1500, *SIZE, "--colorFormat", "rgb32",
                "--codecProfile", "hevc:main", "--gopRefDist", 1, "--numRefFrame", 1]

    def test_of_another_vm_are_refused_and_ones_own_work(self):
        words = self.service.guest(*self.options(), "--json", code=5)
        self.assertIn(self.devices[0], words)
        self.service.ctl("vm", "add", "first", "--in-device", self.devices[0], "--out-device",
                         self.devices[1], "--memory", 100000000)
        out = self.service.path("out.h265")
        report = json.loads(self.service.guest(*self.options(), "--json", "-o", out))
        self.assertEqual(report["frames"], 8)
        self.assertEqual(report["path"], "direct")
        self.assertTrue(any("slots" in notice for notice in report["notices"]), report["notices"])
        self.assertEqual(frame_count(out), 8)

    def test_that_are_cut_short_end_their_sessions_and_nothing_else(self):
        self.service.ctl("vm", "add", "first", "--in-device", self.devices[0], "--out-device",
                         self.devices[1], "--memory", 10000000)
        for device in self.devices:
            guest = subprocess.Popen(
                self.service.command("--inDevPath", self.devices[0], "--outDevPath", self.devices[1],
                                     *SIZE, "--colorFormat", "nv12", "--codecId", "copy",
                                     "--frameNum", 100000000, "-o", os.devnull),
                env=self.service.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.addCleanup(guest.stdout.close)
            self.addCleanup(guest.wait, PATIENCE)
            self.addCleanup(guest.kill)
            wait_until(lambda: any(s["frames"] > 0 for s in self.service.sessions()), "its frames")
            whole = os.path.getsize(device)
            os.truncate(device, 4096)
            words = guest.communicate(timeout=PATIENCE)[0]
            self.assertEqual(guest.returncode, 1, words)
            # Whichever of both touches it first: the worker dies of it, the guest goes on to say so.
            self.assertRegex(words, "signal 7|was cut short")
            wait_until(lambda: not self.service.sessions(), "the end of its session")
            os.truncate(device, whole)
        report = json.loads(self.service.guest(*SIZE, "--colorFormat", "nv12", "--frameNum", 8,
                                               "--json"))
        self.assertEqual(report["frames"], 8)


class Failure(unittest.TestCase):
    def setUp(self):
        self.service = Service(BIN).start()
        self.addCleanup(self.service.close)

    def long_guest(self, frames):
        """A guest that sends so many synthetic frames through the transport."""
        guest = subprocess.Popen(
            self.service.command("-o", os.devnull, *SIZE, "--colorFormat", "nv12", "--frameNum",
                                 frames, "--codecId", "copy", "--json"),
            env=self.service.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(guest.stdout.close)
        self.addCleanup(guest.wait, PATIENCE)
        self.addCleanup(guest.kill)
        return guest

    def test_a_guest_that_is_killed_leaves_nothing(self):
        guest = self.long_guest(100000000)
        wait_until(self.service.workers, "its worker")
        guest.kill()
        begin = time.monotonic()  # It renews nothing any more: the lease ends within this LEASE.
        wait_until(lambda: not self.service.sessions(), "the end of its lease")
        self.assertLess(time.monotonic() - begin, LEASE + 1 + 1,
                        "the lease, and a second; and one to look")
        self.assertEqual(self.service.workers(), [])

    def test_a_worker_that_is_killed_ends_its_session_by_name_and_no_other(self):
        guest = self.long_guest(100000000)
        wait_until(self.service.workers, "its worker")
        first = self.service.workers()[0]
        other = self.long_guest(20000)
        wait_until(lambda: len(self.service.workers()) == 2, "the second worker")
        os.kill(first, signal.SIGKILL)
        words = guest.communicate(timeout=PATIENCE)[0]
        self.assertNotEqual(guest.returncode, 0)
        self.assertIn("signal 9", words)
        out = other.communicate(timeout=PATIENCE)[0]
        self.assertEqual(other.returncode, 0, out)
        self.assertEqual(json.loads(out)["frames"], 20000)

    def test_a_stopped_session_is_told_to_its_guest(self):
        guest = self.long_guest(100000000)
        wait_until(lambda: self.service.sessions(), "its session")
        self.service.ctl("stop", self.service.sessions()[0]["id"])
        words = guest.communicate(timeout=PATIENCE)[0]
        self.assertEqual(guest.returncode, 1, words)
        self.assertIn("the session was stopped on the host", words)

    def test_workers_die_with_the_service_and_guests_come_back(self):
        guest = self.long_guest(30000)
        wait_until(lambda: any(s["frames"] > 0 for s in self.service.sessions()), "its frames")
        workers = self.service.workers()
        self.service.end(signal.SIGKILL)
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers),
                   "the workers' end")
        self.service.start()
        out = guest.communicate(timeout=4 * PATIENCE)[0]
        self.assertEqual(guest.returncode, 0, out)
        report = json.loads(out)
        self.assertEqual(report["reattached"], 1)
        self.assertEqual(report["packets"] + report["frames_lost"], report["frames"])

    def test_a_guest_outlives_an_orderly_restart(self):
        guest = self.long_guest(30000)
        wait_until(lambda: any(s["frames"] > 0 for s in self.service.sessions()), "its frames")
        self.assertEqual(self.service.end(), 0)
        self.service.start()
        out = guest.communicate(timeout=4 * PATIENCE)[0]
        self.assertEqual(guest.returncode, 0, out)
        report = json.loads(out)
        self.assertEqual(report["reattached"], 1)
        self.assertEqual((report["packets"], report["frames_lost"]), (30000, 0))

    def test_the_service_ends_gracefully(self):
        self.assertEqual(self.service.end(), 0)
        self.assertIn("stopped", self.service.text())

    def test_the_service_ends_gracefully_also_under_guests_that_watch(self):
        for _ in range(8):
            self.long_guest(100000000)
        wait_until(lambda: sum(s["frames"] > 0 for s in self.service.sessions()) == 8, "frames")
        self.assertEqual(self.service.end(), 0)
        self.assertIn("stopped", self.service.text())

    def test_a_service_that_drains_is_not_healthy(self):
        self.service.close()
        self.service = Service(BIN, config=CONFIG.replace("drain_ms = 1000", "drain_ms = 30000"))
        self.service.start()
        self.addCleanup(self.service.close)
        self.long_guest(100000000)
        wait_until(lambda: any(s["frames"] > 0 for s in self.service.sessions()), "its frames")
        self.service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: standard_calls(self.service).stdout.startswith("not serving\n"),
                   "its word that it is not healthy")

    def test_a_second_service_in_the_same_folders_is_refused(self):
        second = subprocess.run(
            [f"{BIN}/mrda-service", "--state-dir", self.service.path("state"), "--platform",
             "software"], env=self.service.env, text=True, capture_output=True, timeout=PATIENCE,
            check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("another mrda-service", second.stderr)


class Plugins(unittest.TestCase):
    """A service with a folder of an operator's own before MRDA's, and one that it cannot read."""

    def setUp(self):
        self.mine = tempfile.TemporaryDirectory()
        self.addCleanup(self.mine.cleanup)
        self.service = Service(BIN, "--plugin-dir", self.mine.name, "--plugin-dir", ENDING_PLUGINS,
                               "--plugin-dir", "/nowhere", "--plugin-dir", PLUGINS).start()
        self.addCleanup(self.service.close)

    def listed(self):
        return json.loads(self.service.ctl("--json", "plugins"))

    def plugin(self, name):
        return next(plugin for plugin in self.listed()["plugins"] if plugin["name"] == name)

    def add(self, name):
        # Renamed into its place: a half of it is never seen.
        shutil.copy(f"{PLUGINS}/libmrda_{name}.so", f"{self.mine.name}/new")
        os.rename(f"{self.mine.name}/new", f"{self.mine.name}/libmrda_{name}.so")

    def test_are_listed_with_their_folders_and_what_is_wrong_with_them(self):
        copy = self.plugin("copy")
        self.assertEqual((copy["folder"], copy["sessions"]), (PLUGINS, 0))
        self.assertEqual(copy["kinds"][0]["codecs"], ["copy"])
        self.assertIn("SIGKILL", self.plugin("ends-by-signal")["refused"])
        self.assertEqual([folder["folder"] for folder in self.listed()["folders"]], ["/nowhere"])
        self.assertIn("encoder copy", self.service.ctl("plugins"))
        self.assertEqual(self.service.process.poll(), None)

    def test_one_that_is_put_before_another_is_listed_and_used_at_once(self):
        self.assertEqual(self.plugin("copy")["folder"], PLUGINS)
        self.add("copy")
        copies = [plugin for plugin in self.listed()["plugins"] if plugin["name"] == "copy"]
        self.assertEqual([copy["shadowed_by"] for copy in copies], ["", self.mine.name])
        guest = self.service.guest("-o", os.devnull, *SIZE, "--frameNum", 3, "--codecId", "copy",
                                   "--json")
        self.assertEqual(json.loads(guest)["frames"], 3)

    def test_a_refused_one_is_not_replaced_by_the_next_folders(self):
        self.add("copy")
        os.chmod(f"{self.mine.name}/libmrda_copy.so", 0o757)
        self.assertIn("chmod o-w", self.plugin("copy")["refused"])
        words = self.service.guest("-o", os.devnull, *SIZE, "--frameNum", 3, "--codecId", "copy",
                                   code=5)
        self.assertIn("chmod o-w", words)

    def test_one_whose_session_fails_or_crashes_ends_that_session_by_name_and_no_other(self):
        broken = f"{os.path.dirname(ENDING_PLUGINS)}/plugins"
        for name, says, code in (("init-declines", "slot 3; plug one in", 3),
                                 ("init-crashes", "signal 6", 1)):
            shutil.copy(f"{broken}/libmrda_{name}.so", self.mine.name)
            words = self.service.guest("-o", os.devnull, *SIZE, "--frameNum", 3, "--colorFormat",
                                       "nv12", "--codecId", "copy", "--encodeType", name,
                                       code=code)
            self.assertIn(says, words)
            self.assertEqual(self.service.process.poll(), None)
            guest = self.service.guest("-o", os.devnull, *SIZE, "--frameNum", 3, "--codecId",
                                       "copy", "--json")
            self.assertEqual(json.loads(guest)["frames"], 3)

    def test_have_their_sessions_counted(self):
        guest = subprocess.Popen(
            self.service.command("-o", os.devnull, *SIZE, "--frameNum", 100000000, "--codecId",
                                 "copy", "--json"), env=self.service.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(guest.wait, PATIENCE)
        self.addCleanup(guest.kill)
        wait_until(lambda: self.plugin("copy")["sessions"] == 1, "its session")
        self.assertEqual(self.plugin("copy")["pixels_per_second_reserved"], WIDTH * HEIGHT * 30)


class Control(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(BIN).start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def test_vms_are_added_listed_and_removed(self):
        self.service.ctl("vm", "add", "guest7", "--max-sessions", 2)
        vms = {vm["name"]: vm for vm in json.loads(self.service.ctl("--json", "vm", "list"))}
        self.assertEqual(vms["guest7"]["max_sessions"], 2)
        self.assertEqual([name for name, vm in vms.items() if vm["default"]], ["guest7"])
        self.assertIn("was there", self.service.ctl("vm", "add", "guest7"))
        self.service.ctl("vm", "remove", "guest7")
        self.assertIn("guest7", self.service.ctl("vm", "remove", "guest7", code=3))
        self.assertIn("../x", self.service.ctl("vm", "add", "../x", code=2))

    def test_of_files_are_told_as_they_are(self):
        file = self.service.path("guest8")
        with open(file, "wb") as made:
            made.truncate(1 << 23)
        told = self.service.ctl("vm", "add", "guest8", "--in-device", file, "--out-device", file, "--memory", "16M")
        self.assertIn(f"{file} was there, and keeps its 8388608 bytes", told)
        vms = {vm["name"]: vm for vm in json.loads(self.service.ctl("--json", "vm", "list"))}
        self.assertEqual(vms["guest8"]["device_bytes"], [1 << 23])
        self.assertIn(file, self.service.ctl("vm", "remove", "guest8"))
        self.assertTrue(os.path.exists(file))

    def test_sizes_are_told(self):
        size = json.loads(self.service.ctl("--json", "size", "1920x1080", "NV12", 8))
        self.assertEqual(size["slot_bytes"], 3133440)
        self.assertGreaterEqual(size["region_bytes"], size["input_bytes"] + size["output_bytes"])
        self.assertIn("1920", self.service.ctl("size", "1920", "NV12", 8, code=2))

    def test_the_doctor_says_what_works(self):
        findings = {item["what"]: item for item in json.loads(self.service.ctl("--json", "doctor"))}
        self.assertEqual(findings["chain on the software drivers"]["verdict"], "works")
        for item in findings.values():
            self.assertTrue(item["found"], item)

    def test_plugins_are_listed_without_a_service(self):
        listed = json.loads(self.service.ctl("--json", "plugins", "--plugin-dir", PLUGINS))
        self.assertIn("copy", [plugin["name"] for plugin in listed["plugins"]])
        self.assertNotIn("sessions", listed["plugins"][0])

    def test_programs_tell_their_version(self):
        for program in ("mrda-service", "mrdactl", "mrda_sample_app"):
            run = subprocess.run([f"{BIN}/{program}", "--version"], text=True, capture_output=True,
                                 timeout=PATIENCE, check=True)
            self.assertRegex(run.stdout, rf"^{program} \d+\.\d+\.\d+\n$")

    def test_top_prints_resources_and_sessions(self):
        self.assertIn("pixels per second", self.service.ctl("top", "--rounds", 1))

    def test_without_a_service_it_says_so(self):
        with tempfile.TemporaryDirectory() as empty:
            run = subprocess.run([f"{BIN}/mrdactl", "--runtime-dir", empty, "sessions"], text=True,
                                 capture_output=True, timeout=PATIENCE, check=False)
            guest = subprocess.run([f"{BIN}/mrda_sample_app", "--frameNum", "1"], text=True,
                                   env=dict(os.environ, MRDA_RUNTIME_DIR=empty),
                                   capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual((run.returncode, guest.returncode), (3, 3))
        self.assertIn("is it running", run.stderr)


if __name__ == "__main__":
    unittest.main()
