# SPDX-License-Identifier: MIT
"""QEMU's machine protocol: hot-plug, and questions to a machine."""

import json
import time


class QmpError(Exception):
    """What QEMU refused, in its words; or that it did not answer."""


class Qmp:
    """One connection, over a connected socket that it owns. Not for several threads."""

    def __init__(self, socket, timeout=30):
        self._socket = socket
        self._buffer = b""
        self._events = []
        self._receive(time.monotonic() + timeout)  # The greeting.
        self.execute("qmp_capabilities")

    def execute(self, command, timeout=30, **arguments):
        """What the command returns; names with a dash go as **{"mem-path": ...}."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        deadline = time.monotonic() + timeout
        while True:
            message = self._receive(deadline)
            if "error" in message:
                raise QmpError(f"{command} {arguments}: {message['error']['desc']}")
            if "return" in message:
                return message["return"]
            self._events.append(message)

    def wait_event(self, name, timeout=30):
        """The data of the first such event that nobody has waited for yet."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self._events:
                if event["event"] == name:
                    self._events.remove(event)
                    return event.get("data", {})
            self._events.append(self._receive(deadline))

    def close(self):
        self._socket.close()

    def _receive(self, deadline):
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                received = self._socket.recv(65536)
            except TimeoutError:
                raise QmpError("QEMU did not answer in time") from None
            except ConnectionError:
                received = b""
            if not received:
                raise QmpError("QEMU has ended")
            self._buffer += received
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)
