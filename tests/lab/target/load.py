# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: something for every collector to count, for some seconds, and until there is enough of it.

    load.py SECONDS    prints {"pids": processes started by exec, "retransmitted": growth of RetransSegs at both ends,
                               "requests": reads, writes and discards that the root disk completed, "flushes"}

Busy loops (more than there are CPUs), programs that are started and end, writes that are waited for, and TCP over a
lossy pair of network interfaces, IPv4 and IPv6. On a slow machine the seconds may be too few: it goes on until each family
has retransmitted RETRANSMITS times, in ROUNDS rounds at least, and LONGEST_SECONDS at most.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
import typing as t

NAMESPACE = "lab-peer"
PORT = 7000
ENDS = {"4": ("10.9.0.1", "10.9.0.2", "24"), "6": ("fd09::1", "fd09::2", "64")}
LOSS = "5%"
ROUNDS, RETRANSMITS, LONGEST_SECONDS = 6, 4, 300
TOTAL_RETRANS = 100  # where tcpi_total_retrans is in struct tcp_info, linux/tcp.h
DISK = "vda"
PROGRAM = "/bin/true"

_BUSY = "while True: pass"
_WRITE = """
import os
file = os.open("/root/load", os.O_CREAT | os.O_WRONLY)
while True:
    os.pwrite(file, os.urandom(4096), 4096 * int.from_bytes(os.urandom(1), "big"))
    os.fdatasync(file)
"""
_RECEIVE = (
    """
import socket
server = socket.create_server(("", %d), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
while True:
    with server.accept()[0] as peer:
        while peer.recv(1 << 16):
            pass
"""
    % PORT
)


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def lossy() -> t.Iterator[None]:
    """Have a namespace behind a pair of interfaces that lose packets, and somebody in it who receives."""
    run("modprobe", "sch_netem")
    run("ip", "netns", "add", NAMESPACE)
    run("ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1", "netns", NAMESPACE)
    for family, (ours, theirs, width) in ENDS.items():
        more = ["nodad"] if family == "6" else []
        run("ip", "address", "add", "%s/%s" % (ours, width), "dev", "lab0", *more)
        run("ip", "-n", NAMESPACE, "address", "add", "%s/%s" % (theirs, width), "dev", "lab1", *more)
    run("ip", "link", "set", "lab0", "up")
    run("ip", "-n", NAMESPACE, "link", "set", "lab1", "up")
    run("tc", "qdisc", "add", "dev", "lab0", "root", "netem", "loss", LOSS)
    command = ["ip", "netns", "exec", NAMESPACE, sys.executable, "-c", _RECEIVE]
    receiver = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert receiver.stdout is not None
        receiver.stdout.readline()
        yield
    finally:
        receiver.kill()
        receiver.communicate()
        run("ip", "netns", "delete", NAMESPACE)  # the pair of interfaces goes with it


def retransmitted(*within: str) -> int:
    """Return RetransSegs of the guest's own network namespace, or of the one that `within` enters."""
    said = subprocess.run(
        [*within, "cat", "/proc/net/snmp"], check=True, stdout=subprocess.PIPE, encoding="ascii"
    ).stdout
    names, values = (line.split() for line in said.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("RetransSegs")])


def completed() -> tuple[int, int]:
    """Return what the root disk completed: reads, writes and discards; flushes (Documentation/admin-guide/iostats.rst)."""
    with open("/proc/diskstats", encoding="ascii") as file:
        (fields,) = [line.split()[3:] for line in file if line.split()[2] == DISK]
    return sum(int(fields[at]) for at in (0, 4, 11)), int(fields[15])


def send(address: str) -> int:
    """Send something over the lossy link until all of it has arrived; return how often TCP retransmitted."""
    with socket.create_connection((address, PORT), 60) as peer:
        peer.sendall(b"x" * 200000)
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)  # the other end closes when it has everything
        return struct.unpack_from("=I", peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), TOTAL_RETRANS)[0]


def main() -> int:
    """Make the load."""
    begun = time.monotonic()
    background = [[sys.executable, "-c", _BUSY]] * 3 + [[sys.executable, "-c", _WRITE]]
    before, requests, flushes = retransmitted(), *completed()
    pids, rounds, sent_again = [], 0, dict.fromkeys(ENDS, 0)
    with lossy():
        running = [subprocess.Popen(command) for command in background]
        enough = False
        while not enough:
            for family, (_ours, theirs, _width) in ENDS.items():
                sent_again[family] += send(theirs)
            for _ in range(5):
                pid = os.posix_spawn(PROGRAM, [PROGRAM, "one two"], {})
                os.waitpid(pid, 0)
                pids.append(pid)
            rounds += 1
            lasted = time.monotonic() - begun
            enough = lasted > float(sys.argv[1]) and rounds >= ROUNDS and min(sent_again.values()) >= RETRANSMITS
            enough = enough or lasted > LONGEST_SECONDS
        for process in running:
            process.kill()
            process.wait()
        time.sleep(1)  # what was sent last may be lost, and sent again
        again = retransmitted() - before
        # The other end sends again, too, where what answers it is lost. Its namespace is as old as the link.
        again += retransmitted("ip", "netns", "exec", NAMESPACE)
    said = {"pids": pids, "retransmitted": again}
    now = completed()
    print(json.dumps({**said, "requests": now[0] - requests, "flushes": now[1] - flushes}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
