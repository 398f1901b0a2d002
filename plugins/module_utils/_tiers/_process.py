# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""A child process of its own group that never outlives us, and whose output is read without waiting."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import subprocess
import tty
import typing as t

# Nothing of ours reaches the tool: it finds its own programs, writes ASCII or UTF-8, line by line, and leaves no .pyc.
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
}
_PR_SET_PDEATHSIG = 1
_LINKS = ("anon_inode:bpf_link", "anon_inode:[bpf_link]", "anon_inode:bpf-link")
_CHUNK = 65536
_AT_ONCE = 1 << 20  # bytes read at one call, so that a flood cannot keep us


class Child:
    """A program that was started. `OSError` where it could not be."""

    def __init__(self, argv: t.Sequence[str], terminal: bool = False) -> None:
        """Start it; with `terminal` it writes to one, since the C library keeps back what is written to a pipe."""
        ours, theirs = _terminal() if terminal else os.pipe2(os.O_CLOEXEC)
        try:
            self._process = self._run(argv, theirs)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        pipes: tuple[t.IO[bytes] | None, ...] = (os.fdopen(ours, "rb", buffering=0), self._process.stderr)
        self._pipes = [pipe for pipe in pipes if pipe is not None]
        self._eof = [False, False]
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)

    @staticmethod
    def _run(argv: t.Sequence[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # pylint: disable=ansible-bad-function  # run_command waits for a program to end
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            bufsize=0,
            start_new_session=True,
            preexec_fn=_prepare(),  # noqa: PLW1509  # we have one thread
        )

    def descriptors(self) -> list[int]:
        """Return the pipes that may still have something to read."""
        return [pipe.fileno() for pipe, eof in zip(self._pipes, self._eof) if not eof]

    def read(self) -> tuple[bytes, bytes]:
        """Return what is there of standard output and standard error, without waiting."""
        output, errors = (self._read(which) for which in (0, 1))
        return output, errors

    def _read(self, which: int) -> bytes:
        chunks: list[bytes] = []
        while not self._eof[which] and sum(map(len, chunks)) < _AT_ONCE:
            try:
                chunk = os.read(self._pipes[which].fileno(), _CHUNK)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                chunk = b""  # so a terminal says that nobody has its other end any more
            self._eof[which] = not chunk
            chunks.append(chunk)
        return b"".join(chunks)

    def interrupt(self) -> None:
        """Send SIGINT to the program and to what it has started."""
        self._signal(signal.SIGINT)

    def samples(self, cpus: int) -> bool:
        """Say whether the program has opened a perf event for each of so many CPUs."""
        folder = "/proc/%d/fd" % self._process.pid
        found = 0
        with contextlib.suppress(OSError):  # it ends meanwhile, or closes one
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    found += os.readlink("%s/%s" % (folder, name)) == "anon_inode:[perf_event]"
        return found >= cpus

    def status(self) -> int | None:
        """Return the exit status, negative for a signal, None while it runs. What it left in its group is killed."""
        if self._process.returncode is None:
            # WNOWAIT: until it is reaped below, its number, which is its group's, cannot become another's.
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            self._signal(signal.SIGKILL)
            self._process.wait()
        return self._process.returncode

    def holds_a_link(self) -> bool:
        """Say whether the program has attached one of its own to the kernel."""
        folder = "/proc/%d/fd" % self._process.pid
        try:
            return any(os.readlink("%s/%s" % (folder, fd)) in _LINKS for fd in os.listdir(folder))
        except OSError:  # it has ended, or closed one meanwhile
            return False

    def kill(self) -> None:
        """End the program and its group at once; nothing to do when it has ended."""
        if self._process.returncode is None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def close(self) -> None:
        """Kill what still runs, and close the pipes."""
        self.kill()
        for pipe in self._pipes:
            pipe.close()
        self._eof = [True, True]

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:  # everything in the group has ended and waits to be reaped
                return


def _terminal() -> tuple[int, int]:
    """Return the two ends of a terminal that leaves alone what is written to it; nobody becomes its session."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    return ours, theirs


def _prepare() -> t.Callable[[], None]:
    """Return what the child does before it becomes the program.

    SIGINT must end it: under nohup or an asynchronous task it would inherit a SIGINT that is ignored, and Python, which
    the tools are written in, leaves that as it is. And when we die, however that happens, the kernel kills it.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # we died before the kernel knew
            os._exit(1)

    return prepare
