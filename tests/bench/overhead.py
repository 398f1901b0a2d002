# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much slower loads become while collectors run: against none, and against libbpf-tools and bpftrace with the same questions."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import typing as t

ROUNDS = 7
TRACING = 6  # seconds that a rival has to attach
WINDOW = 60  # longer than any round; ended by a signal
SAMPLED = (
    0.1  # the share of a window, its first, in which the kernel takes the run time of our programs, which costs too
)

Row = t.Callable[..., None]

# The question's collector, and how the rival is asked; of those, whatever attaches to this kernel takes part.
LIBBPF_TOOLS = {
    "runqlat": ("runqlat",),
    "runqslower": ("runqslower", "10000"),
    "cpudist": ("cpudist",),
    "softirqs": ("softirqs", "-d"),
    "hardirqs": ("hardirqs", "-d"),
    "biolatency": ("biolatency", "-D"),
    "bitesize": ("bitesize",),
    "biotop": ("biotop",),
    "drsnoop": ("drsnoop",),
    "execsnoop": ("execsnoop",),
    "exitsnoop": ("exitsnoop",),
    "killsnoop": ("sigsnoop", "-k"),
    "opensnoop": ("opensnoop",),
    "oomkill": ("oomkill",),
    "tcpconnlat": ("tcpconnlat",),
    "tcplife": ("tcplife",),
    "tcpstates": ("tcpstates",),
}
BPFTRACE = {
    "runqlat": ("runqlat.bt",),
    "biolatency": ("biolatency.bt",),
    "bitesize": ("bitesize.bt",),
    "execsnoop": ("execsnoop.bt",),
    "killsnoop": ("killsnoop.bt",),
    "opensnoop": ("opensnoop.bt",),
    "oomkill": ("oomkill.bt",),
    "tcplife": ("tcplife.bt",),
    "tcpretrans": ("tcpretrans.bt",),
    "skbdrop": ("tcpdrop.bt",),
}


# --- loads: each returns the seconds that a fixed piece of work takes ------------------------------------------------


def scheduling() -> float:
    """Two threads that wake each other up, by a pipe: 400,000 switches.

    On one processor: left to the scheduler, they are put now on one and now on two, which alone is a factor of six.
    """
    bench = ["perf", "bench", "-f", "simple", "sched", "pipe", "-l", "200000"]
    said = subprocess.run(
        ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0))), *bench], check=True, stdout=subprocess.PIPE
    )
    return float(said.stdout)


def forking() -> float:
    """One process after another that runs a program of its own."""
    begun = time.perf_counter()
    for _ in range(600):
        os.waitpid(os.posix_spawn("/bin/true", ["/bin/true"], {}), 0)
    return time.perf_counter() - begun


def connecting() -> float:
    """Connections over loopback that carry some bytes and end."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:

        def serve() -> None:
            for _ in range(3000):
                with server.accept()[0] as peer:
                    peer.recv(64)

        thread = threading.Thread(target=serve)
        begun = time.perf_counter()
        thread.start()
        for _ in range(3000):
            with socket.create_connection(server.getsockname()) as client:
                client.sendall(b"x" * 64)
                client.recv(1)
        thread.join()
        return time.perf_counter() - begun


LOADS: dict[str, t.Callable[[], float]] = {"sched pipe": scheduling, "fork and exec": forking, "connect": connecting}


# --- what runs meanwhile ----------------------------------------------------------------------------------------------


class Tracing(t.Protocol):
    """Something that traces until it is closed."""

    def close(self) -> None:
        """End it."""


class Ours:
    """Collectors in one process, as a survey has them."""

    def __init__(self, names: t.Iterable[str]) -> None:
        """Attach and open the window."""
        from collecting import Collection

        self._collection = Collection(duration=WINDOW, collectors=list(names))
        self._before, self._since = self._cpu(), time.monotonic()

    def _cpu(self) -> float:
        fields = (
            pathlib.Path("/proc/%d/stat" % self._collection.pid).read_text(encoding="ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def unsampled(self) -> None:
        """Wait until the run time of programs is not taken any more."""
        time.sleep(max(0, self._since + SAMPLED * WINDOW + 0.5 - time.monotonic()))

    def share(self) -> float:
        """Return the share of one CPU that the process itself took since it had attached."""
        return (self._cpu() - self._before) / (time.monotonic() - self._since)

    def close(self) -> None:
        """End it."""
        os.kill(self._collection.pid, signal.SIGKILL)
        self._collection.ended()


class Theirs:
    """Tools, each in a process of its own, in a mount namespace that has what they look for."""

    _MOUNTS = 'mount -t tracefs none /sys/kernel/tracing; mount -t debugfs none /sys/kernel/debug; exec "$@"'

    def __init__(self, commands: t.Iterable[t.Sequence[str]]) -> None:
        """Start them and give them time to attach."""
        self._started = []
        for command in commands:
            whole = ["unshare", "-m", "sh", "-c", self._MOUNTS, "sh", *command]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
            self._started.append(subprocess.Popen(whole, **quiet))  # type: ignore[call-overload]
        time.sleep(TRACING)

    def alive(self) -> list[bool]:
        """Return which of them run."""
        return [process.poll() is None for process in self._started]

    def close(self) -> None:
        """End them."""
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        for process in self._started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def able(tools: t.Mapping[str, t.Sequence[str]]) -> dict[str, t.Sequence[str]]:
    """Return the tools that attach to this kernel, each tried alone."""
    found = {}
    for collector, command in tools.items():
        tried = Theirs([command])
        if tried.alive() == [True]:
            found[collector] = command
        tried.close()
    return found


def rounds(
    sides: t.Mapping[str, t.Callable[[], Tracing] | None],
) -> tuple[dict[tuple[str, str], list[float]], list[float]]:
    """Return the seconds of each load beside each side, a figure for each round, and the shares of a CPU of `standard`.

    Beside ours, what a load takes over a whole window: of the part of it that is sampled, and of the rest, in their proportion.
    """
    taken: dict[tuple[str, str], list[float]] = {}
    shares: list[float] = []
    order = list(sides)
    for turn in range(ROUNDS):
        for side in order[turn % len(order) :] + order[: turn % len(order)]:
            start = sides[side]
            tracing = start() if start else None
            seconds = {name: load() for name, load in LOADS.items()}
            if isinstance(tracing, Ours):
                tracing.unsampled()
                for name, load in LOADS.items():
                    seconds[name] = SAMPLED * seconds[name] + (1 - SAMPLED) * load()
                if side == "standard":
                    shares.append(tracing.share())
            for name in LOADS:
                taken.setdefault((side, name), []).append(seconds[name])
            if tracing:
                tracing.close()
    return taken, shares


def main(_folder: pathlib.Path, row: Row) -> None:
    """Print what the loads' slowdown is, of all collectors of `standard` and of those that a rival has, too."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
    from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors, _survey

    standard = [name for name in _survey.names({"profile": "standard"}) if _collectors.by_name(name).native]
    rivals = {"libbpf-tools": able(LIBBPF_TOOLS), "bpftrace": able(BPFTRACE)}
    sides: dict[str, t.Callable[[], Tracing] | None] = {"off": None, "standard": lambda: Ours(standard)}
    for rival, tools in rivals.items():
        print(
            "\n%s, on this kernel: %s"
            % (rival, ", ".join(" ".join(command) for command in tools.values()) or "nothing")
        )
        if tools:
            sides["ours as " + rival] = lambda tools=tools: Ours(tools)  # type: ignore[misc]
            sides[rival] = lambda tools=tools: Theirs(tools.values())  # type: ignore[misc]
    taken, shares = rounds(sides)
    print(
        "\nSlowdown of a load against none, median of %d rounds; of the %d collectors of `standard`, and in pairs"
        % (ROUNDS, len(standard))
    )
    row("load", *sides)
    slow: dict[tuple[str, str], float] = {}
    for name in LOADS:
        base = taken["off", name]
        for side in sides:
            slow[side, name] = statistics.median(one / off for one, off in zip(taken[side, name], base)) - 1
        row(
            name,
            "%.2f s" % statistics.median(base),
            *("%+.1f%%" % (100 * slow[side, name]) for side in list(sides)[1:]),
        )
    for rival, tools in rivals.items():
        if tools:
            print("\nOur slowdown by that of %s, with the same %d questions" % (rival, len(tools)))
            for name in LOADS:
                theirs = slow[rival, name]
                row(name, "%.2f" % (slow["ours as " + rival, name] / theirs) if theirs > 0 else "-")
    print(
        "\nThe process of `standard` itself took %.2f%% of a CPU in the window, median"
        % (100 * statistics.median(shares))
    )
