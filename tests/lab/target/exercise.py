# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: a little of everything that bcc's tools look at, again and again until it is ended.

    exercise.py [memory]    with want of memory too, which takes seconds each time

Files are made, read, asked about, renamed and deleted, also such as are not there; disks are written to and read; TCP
connects, over IPv4 and IPv6, to where nobody listens too; names are looked up; sockets listen; descriptors are passed; shared
memory is made; file systems are mounted; threads and programs are started. The process is named `two words`.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NAME, _IPC_PRIVATE, _IPC_RMID = 15, 0, 0
DISK = "/dev/vda"
_MIN_FREE, _GROUP = "/proc/sys/vm/min_free_kbytes", "/sys/fs/cgroup/exercise"
_MIB = 1 << 20


def files(folder: str) -> None:
    """Make a file, read it, ask about it, rename it, delete it; look for what is not there."""
    path = os.path.join(folder, "a file")
    with open(path, "wb") as file:
        file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with open(path, "rb") as file:
        file.read()
    for name in (path, os.path.join(folder, "not here")):
        with contextlib.suppress(OSError):
            os.stat(name)
            os.stat(name, follow_symlinks=False)
            os.statvfs(name)
    os.rename(path, path + " renamed")
    os.unlink(path + " renamed")
    os.sync()


def disk() -> None:
    """Read the disk past the page cache."""
    reader = os.open(DISK, os.O_RDONLY | os.O_DIRECT)
    try:
        with mmap.mmap(-1, 1 << 16) as page:
            for _ in range(8):
                os.readv(reader, [page])
    finally:
        os.close(reader)


def network() -> None:
    """Listen, connect, accept, send, receive and close, with both families; pass a descriptor."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        server = socket.create_server((address, 0), family=family)
        client = socket.create_connection(server.getsockname()[:2])
        peer, _address = server.accept()
        with server, client, peer:
            client.sendall(b"x" * 50000)
            left = 50000
            while left:
                left -= len(peer.recv(left))
        with contextlib.suppress(OSError):
            socket.create_connection((address, 9))
    socket.getaddrinfo("127.0.0.1", 80)
    here, there = socket.socketpair()
    with here, there, open("/etc/passwd", "rb") as passed:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [passed.fileno()]))]
        here.sendmsg([b"x"], rights)
        _data, ancillary, _flags, _address = there.recvmsg(1, socket.CMSG_SPACE(4))
        os.close(array.array("i", ancillary[0][2])[0])


def memory() -> None:
    """Make shared memory, attach it, remove it."""
    _LIBC.shmat.restype = ctypes.c_void_p
    number = _LIBC.shmget(_IPC_PRIVATE, 4096, 0o600)
    place = ctypes.c_void_p(_LIBC.shmat(number, None, 0))
    _LIBC.shmdt(place)
    _LIBC.shmctl(number, _IPC_RMID, None)


def free() -> int:
    """Return how many bytes are free."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("MemFree:"))


def put(path: str, value: str) -> None:
    """Write a setting."""
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def want() -> None:
    """Want memory: more than a cgroup may have, more than the kernel keeps free, and in large blocks."""
    os.makedirs(_GROUP, exist_ok=True)
    put(_GROUP + "/memory.max", str(16 * _MIB))
    glutton = "open('%s/cgroup.procs', 'w').write('0')\nbytearray(b'x') * (64 << 20)" % _GROUP
    subprocess.run([sys.executable, "-c", glutton], check=False)
    put("/proc/sys/vm/compact_memory", "1")
    # What the kernel wants to keep free it does not free for itself while more than a quarter of it more is there.
    with mmap.mmap(-1, free() - 96 * _MIB) as hoard, open(_MIN_FREE, encoding="ascii") as file:
        before = file.read()
        hoard.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, len(hoard), 2 * _MIB):
            hoard[at] = 1
        put(_MIN_FREE, str((free() >> 10) - 4096))
        try:
            with mmap.mmap(-1, 16 * _MIB) as more:
                for at in range(0, len(more), mmap.PAGESIZE):
                    more[at] = 1
        finally:
            put(_MIN_FREE, before)


def mounts(folder: str) -> None:
    """Mount a file system, and unmount it."""
    place = os.path.join(folder, "mounted")
    os.makedirs(place, exist_ok=True)
    _LIBC.mount(b"tmpfs", place.encode(), b"tmpfs", 0, None)
    _LIBC.umount2(place.encode(), 0)


def processes() -> None:
    """Start a thread and a program."""
    thread = threading.Thread(target=time.sleep, args=(0.01,))
    thread.start()
    subprocess.run(["/bin/true"], check=True)
    thread.join()


def main() -> None:
    """Go on until it is killed."""
    _LIBC.prctl(_PR_SET_NAME, b"two words", 0, 0, 0)
    if "memory" in sys.argv[1:]:
        put("/sys/fs/cgroup/cgroup.subtree_control", "+memory")
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        while True:
            if "memory" in sys.argv[1:]:
                want()
            network()
            memory()
            processes()
            disk()
            mounts(folder)
            files(folder)  # what it syncs may take long
            time.sleep(0.1)


if __name__ == "__main__":
    main()
