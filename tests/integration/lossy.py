# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two network namespaces, a veth pair between them, and a link that really loses packets."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time

# netem loses packets in the queueing discipline; where a kernel has none, netfilter drops them as they arrive.
_RULES = """
table inet lossy {
    chain arriving {
        type filter hook input priority 0;
        tcp dport %d drop
        %s
    }
}
"""
_LOSS = "meta l4proto tcp numgen random mod 100 < %d drop"

# A port at which nothing ever arrives.
DEAF = 7999

# Sends until everything is acknowledged (SIOCOUTQ), so that nothing is sent again afterwards, and may keep its connection
# open, so that its owner can still be found out.
_SENDER = """
import fcntl, socket, struct, sys, time
peer = socket.create_connection((sys.argv[1], 7000))
peer.sendall(b"x" * int(sys.argv[2]))
while struct.unpack("i", fcntl.ioctl(peer, 0x5411, bytes(4)))[0]:
    time.sleep(0.01)
print("sent", flush=True)
if sys.argv[3] == "keep":
    sys.stdin.read()
"""
_RECEIVER = """
import socket, sys
server = socket.create_server(("", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
while True:
    peer = server.accept()[0]
    while peer.recv(1 << 16):
        pass
"""


def run(*command: str) -> str:
    """Run a command; its failure is the test's."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Lossy:
    """A pair of namespaces; `close` removes it and what runs in it."""

    def __init__(self, tag: str, left: str, right: str, percent: int) -> None:
        """`left` and `right` are the two addresses, IPv4 or IPv6, of one /24 or /64."""
        self.names = ["ebpffleet-%s%d" % (tag, side) for side in (0, 1)]
        self.addresses = [left, right]
        self._running: list[subprocess.Popen[str]] = []
        width = "64" if ":" in left else "24"
        ends = ["ef%s%d" % (tag, side) for side in (0, 1)]
        for name in self.names:
            run("ip", "netns", "add", name)
        run(
            "ip", "link", "add", ends[0], "netns", self.names[0], "type", "veth", "peer", "name", ends[1],
            "netns", self.names[1],
        )  # fmt: skip
        for name, end, address in zip(self.names, ends, self.addresses):
            run("ip", "-n", name, "link", "set", "lo", "up")
            run(
                "ip",
                "-n",
                name,
                "address",
                "add",
                "%s/%s" % (address, width),
                "dev",
                end,
                *(["nodad"] if ":" in left else []),
            )
            # Packets of a few segments each: enough of them to lose, and still several segments in one event.
            run("ip", "-n", name, "link", "set", end, "gso_max_segs", "4", "up")
        self.how = self._lose(ends, percent)
        self._spawn(1, _RECEIVER)

    def _lose(self, ends: list[str], percent: int) -> str:
        """Lose packets in both directions; return by what."""
        netem = ["root", "netem", "loss", "%d%%" % percent]
        add = ["tc", "-n", self.names[0], "qdisc", "add", "dev", ends[0], *netem]
        by_netem = subprocess.run(add, check=False, stderr=subprocess.DEVNULL).returncode == 0
        if by_netem:
            run("tc", "-n", self.names[1], "qdisc", "add", "dev", ends[1], *netem)
        for name in self.names:
            run("ip", "netns", "exec", name, "nft", _RULES % (DEAF, "" if by_netem else _LOSS % percent))
        return "netem" if by_netem else "netfilter"

    def _spawn(self, side: int, program: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.names[side], sys.executable, "-c", program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() in ("listening\n", "sent\n")
        return process

    def send(self, size: int, keep: bool) -> int:
        """Send `size` bytes from left to right through the loss; return the sender's process id."""
        sender = self._spawn(0, _SENDER, self.addresses[1], str(size), "keep" if keep else "close")
        if not keep:
            sender.communicate(timeout=30)
        return sender.pid

    def knock(self, seconds: float) -> None:
        """Try to connect from left to right at the deaf port, for some seconds."""
        program = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3]))"
        command = ["ip", "netns", "exec", self.names[0], sys.executable, "-c", program, self.addresses[1], str(DEAF)]
        assert subprocess.run([*command, str(seconds)], check=False, stderr=subprocess.DEVNULL).returncode != 0

    def inum(self, side: int) -> int:
        """Return the namespace's number, as the kernel shows it everywhere."""
        return os.stat("/run/netns/" + self.names[side]).st_ino

    def retransmitted(self, side: int) -> int:
        """Return the kernel's own RetransSegs of a namespace."""
        text = run("ip", "netns", "exec", self.names[side], "cat", "/proc/net/snmp")
        names, values = [line.split() for line in text.splitlines() if line.startswith("Tcp:")]
        return int(values[names.index("RetransSegs")])

    def close(self) -> None:
        """End what runs, remove both namespaces and with them the pair."""
        for process in self._running:
            process.kill()
            process.communicate()
        time.sleep(0.1)
        for name in self.names:
            if pathlib.Path("/run/netns", name).exists():
                run("ip", "netns", "delete", name)
