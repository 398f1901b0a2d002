# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab by hand: python tests/lab VERB

build [GUEST...]      build kernels and disk images that are missing
boot [GUEST...]       start guests (all, if none is named) and write the inventory; they run until `stop`
ssh HOST [COMMAND]    log in to a host of the inventory, or run a command there
list                  guests that run, and their hosts' ports
stop [GUEST...]       end guests
matrix                publish what the last run of the tests found: docs/matrix.md
agreement             publish what the last `make agreement` found: docs/agreement.md
truth                 publish what the last run of the truth tests found: docs/truth.md
"""

from __future__ import annotations

import os
import sys
import time
import typing as t

import agreement_page
import guest
import inventory
import lab
import matrix
import needs
import table
import truth_page
from published import Page


def build(names: t.Sequence[str]) -> int:
    """Build what is missing."""
    for built in lab.build(lab.choose(names)):
        print("%-16s %-40s %s" % (built.guest.name, built.kernel.package.name, built.kernel.package.version))
    return 0


def boot(names: t.Sequence[str]) -> int:
    """Start guests."""
    begun = time.monotonic()
    lab.boot(lab.build(lab.choose(names)), bound=False)
    print("up after %.1f s: ansible-inventory -i %s --list" % (time.monotonic() - begun, inventory.write(table.load())))
    return 0


def ssh(words: t.Sequence[str]) -> int:
    """Log in."""
    hosts = {host.name: host for about in table.load().guests.values() for host in about.hosts}
    host = hosts[words[0]]
    running = guest.find(host.guest)
    if not running:
        raise needs.LabError("Guest %s does not run: start it with boot %s." % (host.guest, host.guest))
    os.execvp("ssh", [*inventory.ssh_command(host, running.ports[host.name]), *words[1:]])


def show(_names: t.Sequence[str]) -> int:
    """List the guests that run."""
    for name in guest.started():
        running = guest.find(name)
        if running:
            print("%-16s process %d: %s" % (name, running.process, running.ports))
    return 0


def stop(names: t.Sequence[str]) -> int:
    """End guests."""
    for name in names or [name for name in guest.started() if name in table.load().guests]:
        guest.stop(name)
    return 0


def publish(page: Page) -> int:
    """Publish a page that the tests made."""
    page.publish()
    return 0


VERBS: dict[str, t.Callable[[t.Sequence[str]], int]] = {
    "build": build,
    "boot": boot,
    "ssh": ssh,
    "list": show,
    "stop": stop,
    "matrix": lambda _names: publish(matrix.PAGE),
    "agreement": lambda _names: publish(agreement_page.PAGE),
    "truth": lambda _names: publish(truth_page.PAGE),
}


def main(arguments: t.Sequence[str]) -> int:
    """Do what the first argument says."""
    if not arguments or arguments[0] not in VERBS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return VERBS[arguments[0]](arguments[1:])
    except needs.LabError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
