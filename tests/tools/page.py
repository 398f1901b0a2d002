# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/tools.md, from the table of tools and from what came of each in the lab's guests.

python tests/tools/page.py                     writes it
python tests/tools/page.py OUTCOMES.json       the same, after it has kept these outcomes
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import typing as t

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "tools.md"
OUTCOMES = CHECKOUT / "tests" / "unit" / "fixtures" / "tools" / "outcomes.json"
sys.path[:0] = [str(CHECKOUT / ".cache" / "collections"), str(CHECKOUT / "tests" / "tools")]

from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import _tools
from left_out import REASONS

HOSTS = {"deb11-bcc": "5.10, bcc 0.18", "deb12": "6.1, bcc 0.26"}

_HEAD = """# bcc's tools

Collectors that are a tool of bcc and nothing else: asked for by name, part of no profile, answered at tier 2 only. What the
others are, and which of bcc's tools answers them at tier 2: [Collectors](collectors.md).

```shell norun='it needs bcc'
make survey ARGS="-e '{\\"survey_collectors\\": [\\"ext4dist\\", \\"tcpaccept\\"]}'"
```

`since` is the first version of bcc known to have the tool, where 0.18 lacks it. Each tool of bcc 0.18, 0.26 and 0.31 (Debian
11, 12 and 13; what Ubuntu and RHEL ship lies between) takes the arguments given here, and what its own code prints, with
made-up figures in place of a kernel's, is read completely: `make tools` tries all of them. The last columns say
what came of the real tool, by our own engine, in guests of the lab:

- `ok`: it attached, it counted what the guest did, and all that it printed was read;
- `idle`: it attached, and there was nothing to count;
- another word: the code of the reason, see [Troubleshooting](troubleshooting.md). No tool refused our arguments: this kernel does
  not have what the tool attaches to (the guests have no other file systems than ext4, no RAID, no NFS, no virtual machines and
  no counters of the processor's), or the tool does not compile with this kernel's headers (`compile`);
- nothing: it was not tried there.

A tool needs seconds until it is attached, so that `startup_limit` may have to be raised where many run at once. Tools
that count per second are cut at whole seconds, and those that print at their end count from when they attached: the result's
`notes` and `window` say so.
"""
_LEFT_OUT = """
## Left out

| tools | because |
|---|---|
"""
_LIBBPF = """
## libbpf-tools

Where the package `libbpf-tools` is installed, its programs answer 21 of the other collectors at tier 2 ([Tiers](tiers.md)). The
collectors of this page are answered by bcc's tools only.
"""


def rows(outcomes: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any]]]) -> t.Iterator[tuple[str, ...]]:
    """Yield the cells of each tool."""
    for name, tool in _tools.TOOLS.items():
        command = " ".join((name, *tool.args))
        found = [outcomes.get(host, {}).get(name, {}).get("outcome", "") for host in HOSTS]
        kind = _tools.KINDS[type(tool.form)]
        yield ("`%s`" % name, tool.category, tool.question, kind, tool.unit, "`%s`" % command, tool.since, *found)


def render(outcomes: t.Mapping[str, t.Mapping[str, t.Mapping[str, t.Any]]]) -> str:
    """Return the page."""
    head = ("collector", "about", "question", "kind", "unit", "command", "since", *HOSTS.values())
    table = ["| %s |" % " | ".join(head), "|%s" % ("---|" * len(head))]
    table += ["| %s |" % " | ".join(cells) for cells in rows(outcomes)]
    page = "%s\n## The tools\n\n%s\n" % (_HEAD, "\n".join(table))
    page += _LEFT_OUT
    for reason, names in REASONS.items():
        page += "| %s | %s |\n" % (", ".join("`%s`" % name for name in names.split()), reason)
    return page + _LIBBPF


def published() -> dict[str, dict[str, dict[str, t.Any]]]:
    """Return what is kept of the guests."""
    return t.cast("dict[str, t.Any]", json.loads(OUTCOMES.read_text()))


def main() -> None:
    """Write the page."""
    if len(sys.argv) > 1:
        shutil.copyfile(sys.argv[1], OUTCOMES)
    PAGE.write_text(render(published()))


if __name__ == "__main__":
    main()
