# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenSSH server on loopback, with accounts of its own; nothing of it is left when it is closed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import typing as t

import pythons

_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)

_CONFIG = """
Port %(port)d
ListenAddress 127.0.0.1
HostKey %(folder)s/host_key
PidFile none
AuthorizedKeysFile %(folder)s/authorized_keys
StrictModes no
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers root %(users)s
UsePAM %(pam)s
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout


def _locked(user: str) -> bool:
    """Whether an account's password is locked, which sshd without PAM takes for a locked account."""
    with open("/etc/shadow", encoding="ascii") as stream:
        return any(line.startswith(user + ":!") for line in stream)


def _become_subreaper() -> None:
    """Let orphans of this process's children become its own children, so that none escapes the count."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Account:
    """A user of this machine, without a password; with `sudo` one who may become root without being asked."""

    def __init__(self, name: str, home: pathlib.Path, sudo: bool = False) -> None:
        """Make it; its home is in a folder of the test's."""
        self.name, self.home = name, home
        self._rights = pathlib.Path("/etc/sudoers.d") / name if sudo else None
        home.mkdir()
        _run("useradd", "--no-create-home", "--home-dir", str(home), "--shell", "/bin/sh", "--password", "*", name)
        os.chown(home, pwd.getpwnam(name).pw_uid, pwd.getpwnam(name).pw_gid)
        if self._rights:
            self._rights.touch(0o440)
            self._rights.write_text("%s ALL=(ALL) NOPASSWD: ALL\n" % name, encoding="ascii")

    def python(self) -> str:
        """Return a Python that this user can start: the distribution's, or one that was found for the tests."""
        found = [str(link.resolve()) for link in reversed(pythons.gather(_found_pythons()).values())]
        for candidate in ("/usr/bin/python3", *found):
            started = subprocess.run(
                ["runuser", "-u", self.name, "--", candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 9))"],
                cwd="/", capture_output=True, check=False,
            )  # fmt: skip
            if started.returncode == 0:
                return candidate
        raise AssertionError("no Python 3.9 or newer of this machine can be started by a user who is not root")

    def close(self) -> None:
        """Remove it."""
        if self._rights:
            self._rights.unlink()
        _run("userdel", self.name)


def _found_pythons() -> pathlib.Path:
    return pathlib.Path(__file__).resolve().parents[2] / ".cache" / "pythons"


def oldest_python(least: tuple[int, int]) -> str:
    """Return this machine's oldest Python that is not older than `least`."""
    fit = {minor: link for minor, link in pythons.gather(_found_pythons()).items() if minor >= least[1]}
    return str(fit[min(fit)].resolve())


class Server:
    """An sshd that takes one key for root, for `plain` (who can do nothing) and for `admin` (who may use sudo)."""

    def __init__(self) -> None:
        """Start it; it listens when the constructor returns."""
        self._made = contextlib.ExitStack()
        try:
            self._start()
        except BaseException:
            self._made.close()
            raise

    def _start(self) -> None:
        # Not in pytest's own folder, which only root can enter; a short path, because sockets will be in it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ebpffleet-"))
        self._made.callback(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)
        for name in ("control", "remote"):
            (self.folder / name).mkdir()
        (self.folder / "remote").chmod(0o1777)
        self.plain = Account("efplain%d" % os.getpid(), self.folder / "plain")
        self._made.callback(self.plain.close)
        self.admin = Account("efadmin%d" % os.getpid(), self.folder / "admin", sudo=True)
        self._made.callback(self.admin.close)
        for key in ("host_key", "user_key"):
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(self.folder / key))
        shutil.copy(self.folder / "user_key.pub", self.folder / "authorized_keys")
        public = (self.folder / "host_key.pub").read_text(encoding="ascii")
        (self.folder / "known_hosts").write_text("ebpffleet " + public, encoding="ascii")
        self.port = _free_port()
        users = "%s %s" % (self.plain.name, self.admin.name)
        settings = {"port": self.port, "folder": self.folder, "users": users, "pam": "yes" if _locked("root") else "no"}
        (self.folder / "sshd_config").write_text(_CONFIG % settings, encoding="ascii")
        self._run_server()

    def _run_server(self) -> None:
        if not os.path.isdir("/run/sshd"):  # its privilege separation folder, which a system service makes
            os.mkdir("/run/sshd", 0o755)
            self._made.callback(os.rmdir, "/run/sshd")
        log = open(self.folder / "log", "wb")  # noqa: SIM115 -- the server keeps it open
        self._made.callback(log.close)
        self._process = subprocess.Popen(
            [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(self.folder / "sshd_config")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_become_subreaper,  # noqa: PLW1509 -- no other thread runs yet; it outlives exec
        )
        self._made.callback(self._stop)
        end = time.monotonic() + 20
        while not _listens(self.port):
            said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
            assert self._process.poll() is None, "sshd ended: " + said
            assert time.monotonic() < end, "sshd does not listen: " + said
            time.sleep(0.05)

    def host(self, user: str = "root", **variables: t.Any) -> dict[str, t.Any]:
        """Return the variables of a host of this server for an inventory; give each host a `tag` of its own.

        What Ansible leaves behind for `tag` would be in `remote(tag)`.
        """
        tag = variables.pop("tag")
        arguments = {
            "UserKnownHostsFile": self.folder / "known_hosts",
            "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": "ebpffleet",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
        }
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.folder / "user_key"),
            "ansible_ssh_common_args": "-F /dev/null " + " ".join("-o %s=%s" % one for one in arguments.items()),
            # Else all hosts of one user would share a connection: they are one machine.
            "ansible_control_path": str(self.folder / "control" / tag),
            "ansible_remote_tmp": str(self.remote(tag) / "tmp"),
            "ansible_async_dir": str(self.remote(tag) / "async"),
            **variables,
        }

    def remote(self, tag: str) -> pathlib.Path:
        """Return the folder in which Ansible keeps its files on a host."""
        return self.folder / "remote" / tag

    def left_files(self) -> list[str]:
        """Return what is left of Ansible's files on all hosts, its empty folders apart."""
        found = [
            path for path in (self.folder / "remote").rglob("*") if not path.is_dir() or "ansible-tmp" in path.name
        ]
        for account in (self.plain, self.admin):
            found += list(account.home.rglob("*"))
        return sorted(map(str, found))

    def processes(self) -> dict[int, str]:
        """Return every process that a connection has started and that still runs: {process id: command line}."""
        parents: dict[int, int] = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
        found: dict[int, str] = {}
        line = [self._process.pid]
        while line:
            above = line.pop()
            for pid in [pid for pid, parent in parents.items() if parent == above]:
                line.append(pid)
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    command = (pathlib.Path("/proc") / str(pid) / "cmdline").read_bytes()
                    found[pid] = command.replace(b"\0", b" ").decode("utf-8", "replace")
        return found

    def left_processes(self, seconds: float = 20.0) -> dict[int, str]:
        """Return what still runs when connections have had the time to end."""
        end = time.monotonic() + seconds
        while True:
            left = self.processes()
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.2)

    def _stop(self) -> None:
        for pid in self.left_processes(5):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.terminate()
        self._process.wait(10)

    def close(self) -> None:
        """End it, and remove its accounts and files."""
        self._made.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def closed_port() -> tuple[socket.socket, int]:
    """Return a port at which nobody listens, for as long as the socket is kept: it is bound, and refuses."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held, int(held.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
