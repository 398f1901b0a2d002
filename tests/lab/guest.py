# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a guest under QEMU, wait for its SSH servers, end it. A guest is known by its process id and start time.

CACHE/run/NAME.json is the state of one that was started, NAME.console its console. QEMU runs below `timeout`, which
ends it after LIFE_SECONDS whatever happens, and which the kernel ends with the process that started it where that is
asked for (`bound`): nothing stays behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import typing as t

import accelerator
import needs
import table

LIFE_SECONDS = int(os.environ.get("LAB_LIFE") or 2 * 3600)
BOOT_SECONDS = 300
STOP_SECONDS = 10
ADDRESS = "127.0.0.1"
# Debian's name of an architecture: QEMU's program, machine, console.
MACHINES = {
    "amd64": ("qemu-system-x86_64", ("-machine", "q35", "-cpu", "max"), "ttyS0"),
    "arm64": ("qemu-system-aarch64", ("-machine", "virt", "-cpu", "cortex-a72"), "ttyAMA0"),
}


# Those that this process has started, to be reaped by it, by process id.
_children: dict[int, subprocess.Popen[bytes]] = {}


class Running(t.NamedTuple):
    """A guest that was started; `ports` is the port on this machine for each host that it shows."""

    name: str
    process: int
    started: int  # clock ticks after the machine's boot, as in /proc/PID/stat
    ports: dict[str, int]


def start(
    guest: table.Guest, kernel: pathlib.Path, initramfs: pathlib.Path, image: pathlib.Path, bound: bool
) -> Running:
    """Start a guest; it ends with this process if `bound`. Does nothing if it runs already."""
    known = find(guest.name)
    if known:
        return known
    program, machine, console = MACHINES[guest.kernel.architecture]
    native = guest.kernel.architecture == "amd64" and os.uname().machine == "x86_64"
    ports = free_ports([host.name for host in guest.hosts])
    inside = {host.name: 22 if host.view is None else 2200 + number for number, host in enumerate(guest.hosts)}
    views = ["%s:%d" % (host.view, inside[host.name]) for host in guest.hosts if host.view]
    words = ["console=" + console, "quiet", "panic=-1", "mitigations=off", "lab.name=" + guest.name]
    words += ["lab.views=" + ",".join(views)] if views else []
    forwards = "".join(",hostfwd=tcp:%s:%d-:%d" % (ADDRESS, ports[name], inside[name]) for name in ports)
    folder = _folder()
    command = ["timeout", "--kill-after=%d" % STOP_SECONDS, str(LIFE_SECONDS), program, "-name", "lab-" + guest.name]
    command += ["-accel", accelerator.choose(kernel, initramfs) if native else accelerator.EMULATION, *machine]
    command += [
        "-m",
        str(guest.memory),
        "-smp",
        str(guest.processors),
        "-display",
        "none",
        "-no-reboot",
        "-monitor",
        "none",
    ]
    command += ["-serial", "file:%s" % (folder / (guest.name + ".console"))]
    command += ["-kernel", str(kernel), "-initrd", str(initramfs)]
    command += ["-append", " ".join([*words, guest.command_line]).strip()]
    command += ["-drive", "file=%s,if=virtio,format=raw,snapshot=on" % image]
    command += ["-netdev", "user,id=net,restrict=on" + forwards, "-device", "virtio-net-pci,netdev=net,romfile="]
    if bound:
        command = ["setpriv", "--pdeathsig", "TERM", *command]
    with (folder / (guest.name + ".qemu")).open("wb") as words_of_qemu:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=words_of_qemu, stderr=words_of_qemu, start_new_session=True
        )
    _children[child.pid] = child
    running = Running(guest.name, child.pid, start_time(child.pid) or 0, ports)
    (folder / (guest.name + ".json")).write_text(json.dumps(running._asdict()))
    return running


def wait(running: Running) -> None:
    """Wait until every host of the guest answers SSH, or raise LabError with what its console said last."""
    end = time.monotonic() + BOOT_SECONDS
    for port in running.ports.values():
        while not greets(port):
            if start_time(running.process) != running.started or time.monotonic() > end:
                raise needs.LabError("Guest %s did not come up: %s" % (running.name, last_words(running.name)))
            time.sleep(0.2)


def find(name: str) -> Running | None:
    """Return the guest of this name, if it runs."""
    state = _folder() / (name + ".json")
    if not state.exists():
        return None
    running = Running(**json.loads(state.read_text()))
    return running if start_time(running.process) == running.started else None


def stop(name: str, how: signal.Signals = signal.SIGTERM) -> bool:
    """End a guest, and wait until it is gone; return whether it ran. With SIGKILL it dies as by a loss of power."""
    running = find(name)
    if running:
        if how == signal.SIGKILL:
            os.killpg(running.process, how)
        else:
            os.kill(running.process, how)
        if not _gone(running):
            os.killpg(running.process, signal.SIGKILL)
            _gone(running)
    (_folder() / (name + ".json")).unlink(missing_ok=True)
    return running is not None


def started() -> list[str]:
    """Return the names of all guests that run."""
    return sorted(file.stem for file in _folder().glob("*.json") if find(file.stem))


def start_time(process: int) -> int | None:
    """Return when a process started; None if there is none (proc_pid_stat(5), field 22), or it only waits to be reaped."""
    try:
        fields = pathlib.Path("/proc/%d/stat" % process).read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def greets(port: int) -> bool:
    """Return whether an SSH server behind this port says who it is."""
    try:
        with socket.create_connection((ADDRESS, port), 2) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def free_ports(names: t.Sequence[str]) -> dict[str, int]:
    """Return a free port for each name."""
    sockets = {name: socket.create_server((ADDRESS, 0)) for name in names}
    try:
        return {name: opened.getsockname()[1] for name, opened in sockets.items()}
    finally:
        for opened in sockets.values():
            opened.close()


def last_words(name: str) -> str:
    """Return the end of what QEMU and the guest's console said."""
    said = [_folder() / (name + suffix) for suffix in (".qemu", ".console")]
    return " | ".join(file.read_text(errors="replace")[-1500:].strip() for file in said if file.exists())


def _folder() -> pathlib.Path:
    # Other guests than the table's ($LAB_GUESTS) have a folder of their own: nobody takes them for the lab's, nor ends them.
    folder = needs.CACHE / ("run-others" if os.environ.get("LAB_GUESTS") else "run")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _gone(running: Running) -> bool:
    """Wait for the end of a guest; return whether it came in time."""
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(ChildProcessError):  # where it is not our own child
            os.waitpid(running.process, os.WNOHANG)
        if start_time(running.process) != running.started:
            return True
        time.sleep(0.05)
    return False
