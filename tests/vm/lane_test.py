#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lane, without a guest: the test is the port's other end."""

import base64
import socket
import unittest

from lane import GuestError, GuestTimeout, Lane

SOON = 30
# What ends with a hexadecimal digit may be held back, as it may begin the token: the words here end with others.


class Follow(unittest.TestCase):
    def setUp(self):
        ours, self.port = socket.socketpair()
        self.lane = Lane(ours)
        self.addCleanup(self.lane.close)
        self.addCleanup(self.port.close)
        self.start()

    def start(self):
        self.process = self.lane.start("program")
        with self.port.makefile("rb") as lines:
            self.token, command = lines.readline().split()
        self.assertIn(b"program", base64.b64decode(command))
        self.port.sendall(self.token + b" 7\n")

    def follow(self, *pieces):
        """(what it gives, exit code); each piece is sent once it has given something of the one before."""
        left, given = list(pieces), []

        def write(text):
            given.append(text)
            self.port.sendall(left.pop(0))

        self.port.sendall(left.pop(0))
        return given, self.process.follow(write, SOON)

    def test_gives_output_as_it_comes(self):
        self.assertEqual(self.follow(b"first", b"next", self.token + b" 0\n"), ([b"first", b"next"], 0))

    def test_gives_no_part_of_the_last_line(self):
        for length in range(1, 35):
            with self.subTest(length):
                last = self.token + b" 3\n"
                self.assertEqual(self.follow(b"out" + last[:length], last[length:]), ([b"out"], 3))
                self.start()

    def test_gives_what_only_begins_as_the_last_line(self):
        almost = self.token[:-1] + b"! 3\n"
        self.assertEqual(self.follow(b"out" + almost + b"rest", self.token + b" 0\n"), ([b"out" + almost + b"rest"], 0))

    def test_ends_when_the_time_is_up(self):
        with self.assertRaisesRegex(GuestTimeout, "'program' took more than 0.1 s"):
            self.process.follow(lambda text: None, 0.1)

    def test_ends_with_the_guest(self):
        self.port.shutdown(socket.SHUT_RDWR)
        with self.assertRaisesRegex(GuestError, "the guest ended while 'program' ran"):
            self.process.follow(lambda text: None, SOON)


if __name__ == "__main__":
    unittest.main(verbosity=2)
