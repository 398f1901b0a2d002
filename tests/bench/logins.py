# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A survey of many real SSH logins against `ansible -m ping` of the same hosts, with the same settings, in pairs.

The hosts are addresses of 127.0.0.0/8, in a network namespace that has nothing else, and one sshd answers for all of
them. So they are one machine: what all visits do together, this machine's processors and its one kernel have to do, and
each of its events runs the programs of every visit that is under way.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

import measured

SIZES = (50, 200)
WINDOW = 10
PORT = 2222
ALLOWED = 1.25  # times ping, beside the window

_CONFIG = """
Port %(port)d
ListenAddress 0.0.0.0
HostKey %(folder)s/host_key
PidFile none
AuthorizedKeysFile %(folder)s/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 2000
LoginGraceTime 600
LogLevel ERROR
"""


class Server:
    """An sshd that takes root by one key."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Start it; it listens when the constructor returns."""
        for key in ("host_key", "user_key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / key)], check=True
            )
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        (folder / "sshd_config").write_text(_CONFIG % {"port": PORT, "folder": folder}, encoding="ascii")
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        program = shutil.which("sshd") or "/usr/sbin/sshd"
        self._process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "sshd_config")])
        self._folder = folder
        end = time.monotonic() + 20
        while subprocess.run(self.ssh("127.0.0.1", "true"), capture_output=True, check=False).returncode:
            assert self._process.poll() is None
            assert time.monotonic() < end, "sshd takes no login"
            time.sleep(0.1)

    def options(self) -> str:
        """Return what ssh needs to come in."""
        return (
            "-F /dev/null -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null -o LogLevel=ERROR "
            "-o StrictHostKeyChecking=no -o IdentitiesOnly=yes"
        )

    def ssh(self, host: str, command: str) -> list[str]:
        """Return the command that runs a command there."""
        own = ["-p", str(PORT), "-i", str(self._folder / "user_key"), "root@" + host, command]
        return ["ssh", *self.options().split(), *own]

    def cpu_seconds(self) -> float:
        """Return what it and all logins that have ended took of the processors: the hosts' side."""
        fields = pathlib.Path("/proc/%d/stat" % self._process.pid).read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)


def inventory(server: Server, folder: pathlib.Path, hosts: int) -> pathlib.Path:
    """Write an inventory of so many addresses."""
    variables = [
        "ansible_port=%d" % PORT,
        "ansible_user=root",
        "ansible_ssh_private_key_file=%s/user_key" % folder,
        "ansible_python_interpreter=%s" % sys.executable,
        "ansible_ssh_common_args='%s'" % server.options(),
    ]
    names = ["host%03d ansible_host=127.0.%d.%d" % (n, 1 + n // 200, 1 + n % 200) for n in range(hosts)]
    path = folder / ("hosts%d" % hosts)
    path.write_text("\n".join(["[fleet]", *names, "[fleet:vars]", *variables, ""]), encoding="ascii")
    return path


class Rivals:
    """Both commands over the same hosts."""

    def __init__(self, server: Server, folder: pathlib.Path, hosts: int, settings: t.Sequence[str]) -> None:
        """Prepare them."""
        self._server, self._folder, self._hosts = server, folder, hosts
        source = ["-i", str(inventory(server, folder, hosts))]
        self._ping = ["ansible", *source, "all", "-m", "ansible.builtin.ping"]
        extra = ["survey_duration=%d" % WINDOW, "survey_report_dir=%s/reports" % folder, *settings]
        self._survey = ["ansible-playbook", "ebpf.fleet.survey", *source, *(w for one in extra for w in ("-e", one))]

    def _run(self, command: t.Sequence[str], watch: bool = False) -> measured.Cost:
        before = self._server.cpu_seconds()
        cost = measured.run(
            command,
            self._folder,
            watch,
            ANSIBLE_FORKS=str(self._hosts),
            ANSIBLE_PIPELINING="true",
            ANSIBLE_SSH_ARGS="-o ControlMaster=no -o ControlPath=none",
            ANSIBLE_TIMEOUT="120",
            ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default",
        )
        told = (self._folder / "output.txt").read_text(encoding="utf-8", errors="replace")
        assert cost.code == 0, told[-4000:]
        time.sleep(1)  # until sshd has seen the last login end
        return cost._replace(cpu_seconds=cost.cpu_seconds + self._server.cpu_seconds() - before)

    def ping(self, watch: bool = False) -> measured.Cost:
        """Ask every host for a pong."""
        return self._run(self._ping, watch)

    def survey(self, watch: bool = False) -> measured.Cost:
        """Survey every host."""
        return self._run(self._survey, watch)


def inside(folder: pathlib.Path, rounds: int, sizes: t.Sequence[int], settings: t.Sequence[str]) -> None:
    """Print the table, within the namespace."""
    server = Server(folder)
    try:
        kept = {}
        for hosts in sizes:
            rivals = Rivals(server, folder, hosts, settings)
            rivals.ping()  # the machine's caches are warm for both
            pairs = [(rivals.survey(), rivals.ping()) for _ in range(rounds)]
            ours, theirs = (statistics.median(cost.seconds for cost in side) for side in zip(*pairs))
            busy = [statistics.median(cost.cpu_seconds for cost in side) for side in zip(*pairs)]
            ratio = statistics.median((one.seconds - WINDOW) / other.seconds for one, other in pairs)
            work = statistics.median(one.cpu_seconds / other.cpu_seconds for one, other in pairs)
            kept[hosts] = rivals.survey(watch=True).together_mib, rivals.ping(watch=True).together_mib
            cells = ("%.1f" % ours, "%.1f" % theirs, "%.2f" % ratio, *("%.1f" % cpu for cpu in busy), "%.2f" % work)
            cells += tuple("%.0f" % mib for mib in kept[hosts])
            print("  ".join(str(cell).rjust(14) for cell in (hosts, *cells)), flush=True)
        small, large = min(kept), max(kept)
        if small < large:
            each = [(kept[large][side] - kept[small][side]) / (large - small) for side in (0, 1)]
            print("Memory of the controller for one more host and fork, MiB: survey %.1f, ping %.1f" % tuple(each))
    finally:
        server.close()


def main(rounds: int = 3, sizes: t.Sequence[int] = SIZES, settings: t.Sequence[str] = ()) -> None:
    """Print the table."""
    print(
        "\nA survey with a window of %d s over SSH logins against ansible -m ping, forks as many as hosts, medians of %d"
        " pairs.\nratio: (survey - window) / ping, at most %.2f is asked for;"
        " CPU: of the controller and of all logins, whatever else the machine does" % (WINDOW, rounds, ALLOWED)
    )
    cpu = ("survey CPU s", "ping CPU s", "CPU ratio")
    header = ("hosts", "survey s", "ping s", "ratio", *cpu, "survey MiB", "ping MiB")
    print("  ".join(cell.rjust(14) for cell in header), flush=True)
    with tempfile.TemporaryDirectory(prefix="ebpffleet-") as folder:
        pathlib.Path(folder).chmod(0o755)
        up = 'ip link set lo up && exec "$@"'
        own = [sys.executable, __file__, folder, str(rounds), ",".join(map(str, sizes)), *settings]
        subprocess.run(["unshare", "--net", "sh", "-c", up, "sh", *own], check=True)


if __name__ == "__main__":
    inside(pathlib.Path(sys.argv[1]), int(sys.argv[2]), [int(one) for one in sys.argv[3].split(",")], sys.argv[4:])
