# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: something for the collectors of a batch (plan.py) to count, by processes with names of their own.

deeds.py BATCH    returns when all of it is done
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import signal
import socket
import sys
import threading
import time
import traceback
import typing as t

import load

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NAME = 15
CGROUPS = "/sys/fs/cgroup"
MIB = 1 << 20
BUSY_SECONDS = 5
LEFT = 256 * MIB  # memory that is not taken before the kernel is made to reclaim
ROOM_KIB = 8 << 10  # of it, what is free beyond what is to stay so
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # what is shared is a file to the kernel
SPARSE_FILE, WRITTEN, SHELL = "/root/lab-sparse", "/root/lab-written", "/tmp/lab-shell"


def start(name: str, work: t.Callable[[], t.Any], cgroup: str | None = None) -> int:
    """Start a process that takes a name, does its work and ends; return its id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if cgroup:
                put("%s/%s/cgroup.procs" % (CGROUPS, cgroup), "0")
            _LIBC.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
            work()
            status = 0
        except Exception:  # noqa: BLE001 - whatever it was: it is told, and ends this process only
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def ended(*pids: int) -> None:
    """Wait for processes that must end well."""
    for pid in pids:
        status = os.waitpid(pid, 0)[1]
        assert status == 0, (pid, status)


def put(path: str, text: str) -> None:
    """Write into a file of the kernel."""
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def value(path: str, name: str) -> int:
    """Return a number by its name, of /proc/meminfo and its like."""
    with open(path, encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.split()[0].rstrip(":") == name)


@contextlib.contextmanager
def cgroup(name: str, controller: str, **limits: str) -> t.Iterator[str]:
    """Have a cgroup with limits; memory_max is memory.max."""
    put(CGROUPS + "/cgroup.subtree_control", "+" + controller)
    folder = os.path.join(CGROUPS, name)
    os.mkdir(folder)
    try:
        for limit, amount in limits.items():
            put(os.path.join(folder, limit.replace("_", ".", 1)), amount)
        yield name
    finally:
        for _ in range(200):  # until the last process in it is reaped
            with contextlib.suppress(OSError):
                os.rmdir(folder)
                break
            time.sleep(0.05)


# --- scheduling and disks ---------------------------------------------------------------------------------------------


def spin(seconds: float) -> None:
    """Want a CPU all the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(10000):  # without asking for the time, which some clocks tell by the kernel only
            pass


def converse(seconds: float) -> None:
    """Wake each other up: two threads, which answer one another through pipes."""
    there, here = os.pipe(), os.pipe()

    def answer() -> None:
        while os.read(there[0], 1):
            os.write(here[1], b"x")

    answering = threading.Thread(target=answer, daemon=True)
    answering.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.write(there[1], b"x")
        os.read(here[0], 1)
        time.sleep(0.001)


def write_disk(seconds: float) -> None:
    """Write blocks of several sizes, and wait for each of them; then read them past the cache."""
    file = os.open(WRITTEN, os.O_CREAT | os.O_RDWR)
    os.write(file, os.urandom(8 * MIB))
    os.fsync(file)
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        size = 4096 << number % 5
        os.pwrite(file, os.urandom(size), MIB * (number % 8))
        os.fdatasync(file)
        number += 1
    os.close(file)
    direct = os.open(WRITTEN, os.O_RDONLY | os.O_DIRECT)
    with mmap.mmap(-1, 1 << 16) as page:
        for at in range(128):
            os.preadv(direct, [page], at << 16)
    os.close(direct)
    os.unlink(WRITTEN)


def scheduling() -> None:
    """More who want a CPU than there are, some who wake each other up, and one who waits for the disk."""
    busy = [start("lab-busy", lambda: spin(BUSY_SECONDS)) for _ in range(3)]
    ended(
        *busy,
        start("lab-converse", lambda: converse(BUSY_SECONDS)),
        start("lab-writer", lambda: write_disk(BUSY_SECONDS)),
    )


def interrupts() -> None:
    """The same, for other collectors: each program that is run when tasks change makes the next one's times longer."""
    scheduling()


def disks() -> None:
    """One who waits for the disk."""
    ended(start("lab-writer", lambda: write_disk(BUSY_SECONDS)))


# --- system calls -----------------------------------------------------------------------------------------------------


def open_files() -> None:
    """Open what is there, and look for what is not."""
    file = os.open("/root/lab-file", os.O_CREAT | os.O_RDWR)
    for _ in range(2000):
        os.pwrite(file, b"x" * 100, 0)
        os.pread(file, 100, 0)
    os.close(file)
    for _ in range(300):
        os.close(os.open("/root/lab-file", os.O_RDONLY))
    os.unlink("/root/lab-file")
    for number in range(60):
        with contextlib.suppress(FileNotFoundError):
            os.open("/root/lab-not-here-%d" % (number % 3), os.O_RDONLY)
    for number in range(20):
        file = os.open("/root/lab-made-%d" % number, os.O_CREAT | os.O_RDWR)
        os.write(file, b"x" * 1000)
        os.lseek(file, 0, os.SEEK_SET)
        os.read(file, 1000)
        os.fsync(file)
        os.close(file)
        os.unlink("/root/lab-made-%d" % number)


def call() -> None:
    """Make system calls that hardly anybody else makes."""
    for _ in range(2000):
        os.getpgid(0)
        os.sched_yield()
    for _ in range(300):
        with contextlib.suppress(OSError):
            os.readlink("/etc/passwd")


def run_programs() -> None:
    """Start a program of a name of our own, which ends with several codes."""
    with contextlib.suppress(FileExistsError):
        os.symlink("/bin/sh", SHELL)
    for code in (0, 0, 0, 3, 3, 7):
        for _ in range(3):
            pid = os.posix_spawn(SHELL, [SHELL, "-c", "exit %d" % code], {})
            os.waitpid(pid, 0)


def send_signals() -> None:
    """Send signals to a process, which at last ends by one."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    other = start("lab-target", lambda: time.sleep(60))
    time.sleep(0.2)
    for _ in range(25):
        os.kill(other, signal.SIGUSR1)
    for _ in range(3):
        os.kill(other, 0)
    os.kill(other, signal.SIGTERM)
    os.waitpid(other, 0)


def look_up() -> None:
    """Ask the C library for addresses: of a number, and of a name that it has to look for in a file."""
    with open("/etc/hosts", "a", encoding="ascii") as hosts:
        hosts.write("127.0.0.1 lab-host\n")
    for _ in range(60):
        socket.getaddrinfo("127.0.0.1", 80)
        socket.getaddrinfo("lab-host", 80)


def touch_pages() -> None:
    """Write to pages for the first time."""
    with mmap.mmap(-1, 16 * MIB, PRIVATE) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        for at in range(0, 16 * MIB, 4096):
            memory[at] = 1


def calls() -> None:
    """A little of all that processes ask the kernel for."""
    for name, work in (
        ("lab-open", open_files),
        ("lab-call", call),
        ("lab-run", run_programs),
        ("lab-kill", send_signals),
        ("lab-lookup", look_up),
        ("lab-touch", touch_pages),
    ):
        ended(start(name, work))


# --- network ----------------------------------------------------------------------------------------------------------


def sessions() -> None:
    """Sessions over loopback, each of another size, both ways, with both families."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.create_server((address, 0), family=family) as server:
            for number in range(1, 61):
                client = socket.create_connection(server.getsockname()[:2])
                peer, _address = server.accept()
                with client, peer:
                    exchange(client, peer, number * 1024)
                    exchange(peer, client, number * 512)


def exchange(sender: socket.socket, receiver: socket.socket, size: int) -> None:
    """Send and receive."""
    sender.sendall(b"x" * size)
    while size:
        size -= len(receiver.recv(size))


def turn_away() -> None:
    """Connect, without waiting, to one who does not accept: his queue has room for two."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server, contextlib.ExitStack() as clients:
        for _ in range(6):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        time.sleep(2.5)


def knock() -> None:
    """Send where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(40):
            sender.sendto(b"x", ("127.0.0.1", 9))
    for _ in range(20):
        with socket.socket() as client:
            client.connect_ex(("127.0.0.1", 9))


def send_over_loss() -> None:
    """Send over a link that loses packets, until each family has had some sent again."""
    again = dict.fromkeys(load.ENDS, 0)
    end = time.monotonic() + load.LONGEST_SECONDS
    while min(again.values()) < load.RETRANSMITS and time.monotonic() < end:
        for family, (_ours, theirs, _width) in load.ENDS.items():
            again[family] += load.send(theirs)


def network() -> None:
    """Sessions, also over a link that loses packets; attempts that nobody wants."""
    ended(start("lab-turn-away", turn_away), start("lab-sessions", sessions), start("lab-knock", knock))
    ended(start("lab-lossy", send_over_loss))
    time.sleep(1)  # what was sent last may be lost, and sent again


# --- memory -----------------------------------------------------------------------------------------------------------


def read_sparse(path: str, size: int) -> None:
    """Fill the page cache from a file that has no blocks: no disk is waited for."""
    file = os.open(path, os.O_CREAT | os.O_RDWR)
    os.ftruncate(file, size)
    for _ in range(size // MIB):
        os.read(file, MIB)
    os.close(file)


@contextlib.contextmanager
def kept(path: str) -> t.Iterator[None]:
    """Have a file of the kernel hold at the end what it held before."""
    with open(path, encoding="ascii") as file:
        before = file.read()
    try:
        yield
    finally:
        put(path, before)


def gorge() -> None:
    """Want ever more memory."""
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * MIB)


def want_huge() -> None:
    """Write to memory that is to be of huge pages."""
    with mmap.mmap(-1, 192 * MIB, PRIVATE) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, len(memory), 2 * MIB):
            memory[at] = 1


def compact() -> None:
    """Ask the kernel to compact all memory."""
    for _ in range(60):
        put("/proc/sys/vm/compact_memory", "1")


def reclaim() -> None:
    """Take memory while the kernel wants what is free to stay so: what the page cache holds has to go.

    Most memory is set aside beforehand (as huge pages, which are not cleared before somebody uses them), since the kernel begins
    to reclaim when a quarter more is free than has to stay so.
    """
    with kept("/proc/sys/vm/nr_hugepages"), kept("/proc/sys/vm/min_free_kbytes"):
        put("/proc/sys/vm/nr_hugepages", str(((value("/proc/meminfo", "MemFree") << 10) - LEFT) // (2 * MIB)))
        read_sparse(SPARSE_FILE, LEFT // 2)
        put("/proc/sys/vm/min_free_kbytes", str(value("/proc/meminfo", "MemFree") - ROOM_KIB))
        read_sparse(SPARSE_FILE + "-2", LEFT // 2)
    os.unlink(SPARSE_FILE)
    os.unlink(SPARSE_FILE + "-2")


def memory() -> None:
    """Want more memory than a cgroup, or the host, has; huge pages; and large blocks."""
    with cgroup("lab-memory", "memory", memory_max=str(24 * MIB)) as group:
        ended(start("lab-thirst", lambda: read_sparse(SPARSE_FILE, 64 * MIB), group))
        os.unlink(SPARSE_FILE)
        for _ in range(2):
            killed = start("lab-glutton", gorge, group)
            assert os.waitpid(killed, 0)[1] == signal.SIGKILL
    ended(start("lab-huge", want_huge))
    ended(start("lab-compact", compact))
    ended(start("lab-reclaim", reclaim))


def quota() -> t.ContextManager[str]:
    """Have a cgroup that may use a fifth of a CPU."""
    return cgroup("lab-quota", "cpu", cpu_max="20000 100000")


def host() -> None:
    """What the kernel itself counts: time of CPUs, switches, and a quota that is used up."""
    ended(
        start("lab-held-back", lambda: spin(BUSY_SECONDS), "lab-quota"),
        start("lab-busy", lambda: spin(BUSY_SECONDS)),
        start("lab-converse", lambda: converse(BUSY_SECONDS)),
        start("lab-writer", lambda: write_disk(BUSY_SECONDS)),
    )


# --- stacks -----------------------------------------------------------------------------------------------------------


def ask_kernel(seconds: float) -> None:
    """Be in one function of the kernel nearly all the time."""
    end = time.monotonic() + seconds
    source = os.open("/dev/urandom", os.O_RDONLY)
    while time.monotonic() < end:
        os.read(source, 256 << 10)


def nap(seconds: float) -> None:
    """Sleep again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


def stacks() -> None:
    """One who computes, one whom the kernel works for, one who sleeps."""
    ended(
        start("lab-compute", lambda: spin(BUSY_SECONDS)),
        start("lab-ask", lambda: ask_kernel(BUSY_SECONDS)),
        start("lab-nap", lambda: nap(BUSY_SECONDS)),
    )


DEEDS: dict[str, t.Callable[[], None]] = {
    work.__name__: work for work in (scheduling, interrupts, disks, calls, network, memory, host, stacks)
}
# What is there before anybody counts, and until all have done so.
PREPARED: dict[str, t.Callable[[], t.ContextManager[t.Any]]] = {"network": load.lossy, "host": quota}

if __name__ == "__main__":
    DEEDS[sys.argv[1]]()
