# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network namespace of a test's own: its counters count nothing else, and its number tells its rows from others'."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import threading
import time
import typing as t

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def run(*command: str) -> str:
    """Run a command; its failure is the test's."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Alone:
    """A namespace with loopback; `close` removes it."""

    def __init__(self, tag: str) -> None:
        """`tag` makes the name."""
        self.name = "ebpffleet-alone-%s" % tag
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "set", "lo", "up")

    @property
    def inum(self) -> int:
        """The namespace's number, as the kernel shows it everywhere."""
        return os.stat("/run/netns/" + self.name).st_ino

    @property
    def within(self) -> list[str]:
        """The beginning of a command that runs within."""
        return ["ip", "netns", "exec", self.name]

    def python(self, program: str, *arguments: str) -> str:
        """Run a program within; return what it prints."""
        return run("ip", "netns", "exec", self.name, sys.executable, "-c", program, *arguments)

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a program within that says a line when it is ready."""
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", program, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    def counters(self, path: str, section: str) -> dict[str, int]:
        """Return a section of /proc/net/snmp or netstat."""
        text = run("ip", "netns", "exec", self.name, "cat", path)
        names, values = [line.split()[1:] for line in text.splitlines() if line.startswith(section + ":")]
        return dict(zip(names, map(int, values)))

    def counters6(self) -> dict[str, int]:
        """Return /proc/net/snmp6."""
        text = run("ip", "netns", "exec", self.name, "cat", "/proc/net/snmp6")
        return {name: int(value) for name, value in (line.split() for line in text.splitlines())}

    def close(self) -> None:
        """Remove it."""
        run("ip", "netns", "delete", self.name)


class Far:
    """Two namespaces, and a wire between them that takes its time: every packet is held for `seconds` on each way."""

    def __init__(self, tag: str, seconds: float) -> None:
        """The addresses are 10.112.0.1 and 10.112.0.2."""
        self.sides = [Alone(tag + "0"), Alone(tag + "1")]
        self.addresses = ["10.112.0.1", "10.112.0.2"]
        self._seconds = seconds
        self._ends = [self._tun(side, address, tag) for side, address in zip(self.sides, self.addresses)]
        self._over = threading.Event()
        self._ways = [threading.Thread(target=self._carry, args=(self._ends[at], self._ends[1 - at])) for at in (0, 1)]
        for way in self._ways:
            way.start()

    @staticmethod
    def _tun(side: Alone, address: str, tag: str) -> int:
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        device = ("ef-%s" % tag).encode()
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", device, _IFF_TUN | _IFF_NO_PI))
        run("ip", "link", "set", device.decode(), "netns", side.name)
        run("ip", "-n", side.name, "address", "add", address + "/24", "dev", device.decode())
        run("ip", "-n", side.name, "link", "set", device.decode(), "up")
        return end

    def _carry(self, source: int, target: int) -> None:
        held: list[tuple[float, bytes]] = []
        while not self._over.is_set():
            wait = max(held[0][0] - time.monotonic(), 0) if held else 0.1
            if select.select([source], [], [], wait)[0]:
                held.append((time.monotonic() + self._seconds, os.read(source, 65536)))
            while held and held[0][0] <= time.monotonic():
                os.write(target, held.pop(0)[1])

    def close(self) -> None:
        """Cut the wire and remove both namespaces."""
        self._over.set()
        for way in self._ways:
            way.join()
        for end in self._ends:
            os.close(end)
        for side in self.sides:
            side.close()


def rows_of(data: dict[str, t.Any], netns: int) -> list[dict[str, t.Any]]:
    """Return a result's items of one network namespace."""
    return [row for row in data["items"] if row["labels"]["netns"] == netns]
