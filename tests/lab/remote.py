# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands and our own Python programs (target/) on the lab's hosts, over SSH."""

from __future__ import annotations

import io
import json
import pathlib
import subprocess
import tarfile
import typing as t

import guest
import inventory
import needs
import table

TARGET = pathlib.Path(__file__).with_name("target")
WITNESS = needs.CHECKOUT / "tests" / "integration" / "kernel_objects.py"
FOLDER = "/tmp/lab"
SECONDS = 1200


class Remote:
    """A host of a guest that runs."""

    def __init__(self, name: str) -> None:
        """`name` is the host's."""
        hosts = {host.name: host for about in table.load().guests.values() for host in about.hosts}
        running = guest.find(hosts[name].guest)
        if not running:
            raise needs.LabError("Guest %s does not run." % hosts[name].guest)
        self.name = name
        self._ssh = inventory.ssh_command(hosts[name], running.ports[name])
        self._sent = False

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a shell command; the caller talks to it and ends it."""
        return subprocess.Popen(
            [*self._ssh, command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def read_files(self) -> subprocess.Popen[str]:
        """Start a process that opens and reads a file twice a second, until it is closed or ended here."""
        program = "while not select.select([sys.stdin], [], [], 0.5)[0]: open('/etc/passwd').read()"
        return self.start('python3 -c "import select, sys\n%s"' % program)

    def run(self, command: str, data: bytes = b"", check: bool = True) -> str:
        """Run a shell command to its end; return what it printed."""
        done = subprocess.run([*self._ssh, command], input=data, capture_output=True, timeout=SECONDS, check=False)
        if check and done.returncode:
            raise AssertionError("%s: %s: %s" % (self.name, command, done.stderr.decode(errors="replace")[-2000:]))
        return done.stdout.decode(errors="replace")

    def write(self, command: str, target: t.TextIO) -> int:
        """Run a shell command to its end, while what it prints goes to a file; return its exit code."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": target, "stderr": subprocess.STDOUT}
        return subprocess.run([*self._ssh, command], **streams, timeout=3 * SECONDS, check=False).returncode

    def python(self, program: str, *arguments: str) -> str:
        """Return the shell command that runs a program of target/, with the collection importable."""
        if not self._sent:
            self.run("rm -rf %s; mkdir %s; tar -C %s -xf -" % (FOLDER, FOLDER, FOLDER), _bundle())
            self._sent = True
        return " ".join(["PYTHONPATH=" + FOLDER, "python3", "-B", "%s/%s.py" % (FOLDER, program), *arguments])

    def ask(self, program: str, *arguments: str) -> t.Any:
        """Run a program of target/ and return the JSON that it prints."""
        return json.loads(self.run(self.python(program, *arguments)))

    def kernel_objects(self) -> set[tuple[str, int, str]]:
        """Return every BPF program, map and link of the guest's kernel: kind, id, name."""
        return {(kind, number, name) for kind, number, name in self.ask(WITNESS.stem)}

    def processes(self) -> list[str]:
        """Return the command lines of the processes that Ansible or we have started there."""
        listed = self.run("ps -eo args").splitlines()
        return [line for line in listed if any(word in line for word in ("AnsiballZ", "ansible", "bpfcc", FOLDER))]


def _bundle() -> bytes:
    """Return what a host needs to run a program of target/, as a tar archive."""
    packed = io.BytesIO()
    room = "ansible_collections/ebpf/fleet/plugins"
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for file in sorted((needs.CHECKOUT / "plugins" / "module_utils").rglob("*.py")):
            archive.add(file, "%s/%s" % (room, file.relative_to(needs.CHECKOUT / "plugins")))
        for file in (*TARGET.glob("*.py"), WITNESS):
            archive.add(file, file.name)
    return packed.getvalue()
