# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run in a guest: a little of everything that bcc's tools look at, again and again until it is ended.

Files are made, read, asked about, renamed and deleted, also such as are not there; disks are written to and read; TCP
connects, over IPv4 and IPv6; sockets listen; descriptors are passed; shared memory is made; file systems are mounted;
threads and programs are started. The process is named `two words`.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import mmap
import os
import socket
import subprocess
import tempfile
import threading
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NAME, _IPC_PRIVATE, _IPC_RMID = 15, 0, 0
DISK = "/dev/vda"


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
    with tempfile.TemporaryDirectory(dir="/root") as folder:
        while True:
            files(folder)
            disk()
            network()
            memory()
            mounts(folder)
            processes()
            time.sleep(0.1)


if __name__ == "__main__":
    main()
