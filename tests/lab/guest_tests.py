# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the truth tests of tests/integration in guests, by the guest's own Python, and get a row for each.

pytest is pure Python and comes from .cache/guest-pytest (`make lab` and `make truth` put it there); nothing is installed.
"""

from __future__ import annotations

import ast
import io
import json
import pathlib
import sys
import tarfile
import tempfile
import typing as t

import needs
from remote import Remote

INTEGRATION = needs.CHECKOUT / "tests" / "integration"
sys.path.append(str(INTEGRATION))

import stacks

PYTEST = needs.CHECKOUT / ".cache" / "guest-pytest"
KEPT = needs.CACHE / "truth"
ROOM = "/var/tmp/truth"  # on the guest's disk: files in memory are read from no disk and freed by no reclaim
MODULES = ("loop", "nf_tables", "nft_numgen", "sch_netem", "tun", "veth")
COMPILERS = {"amd64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}
SLOW = {"amd64": 1.5, "arm64": 2}  # how many times longer windows are where guests are emulated

Row = t.Dict[str, t.Any]  # as tests/integration/truth.py writes it


def files() -> list[pathlib.Path]:
    """Return the files that have truth tests."""
    return [file for file in sorted(INTEGRATION.glob("test_*.py")) if "\nfrom truth import" in file.read_text()]


def marked() -> dict[tuple[str, int], str]:
    """Return what they ask, as it is written: by collector and tier, how the outcome is known."""
    found: dict[tuple[str, int], str] = {}
    names: dict[str, t.Any] = {
        "EXACT": "exact",
        "truth": lambda collector, known, tier=3: {(collector, tier): known},
        "tiers": lambda collector, known: {(collector, tier): how for tier, how in known.items()},
    }
    for file in files():
        tree = ast.parse(file.read_text())
        words = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
        texts = {
            target.id: node.value.value for node in words for target in node.targets if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("truth", "tiers"):
                found |= eval(compile(ast.Expression(node), file.name, "eval"), {**texts, **names})  # noqa: S307 -- our own file
    return dict(sorted(found.items(), key=lambda item: (item[0][0], -item[0][1])))


def run(host: str, architecture: str, slow: float, tiers: t.Sequence[int], only: t.Sequence[str] = ()) -> list[Row]:
    """Run them on a host, at these tiers, of `only` these collectors if any is named. What pytest printed is kept."""
    remote = Remote(host)
    remote.run("rm -rf %s && mkdir %s && tar -C %s -xzf -" % (ROOM, ROOM, ROOM), _packed(architecture))
    remote.run("modprobe -a " + " ".join(MODULES))
    remote.run("echo madvise >/sys/kernel/mm/transparent_hugepage/enabled")  # a kernel with 512 MiB has it switched off
    tests = ["tests/integration/" + file.name for file in files()]
    variables = {
        "PYTHONPATH": ROOM + "/pytest",
        "TRUTH_ONLY": ",".join(only),
        "TRUTH_ROWS": ROOM + "/rows",
        "TRUTH_SLOW": str(slow),
        "TRUTH_STACKS": "%s/%s" % (ROOM, stacks.NAME),
        "TRUTH_TIERS": ",".join(map(str, tiers)),
    }
    command = "cd %s && env %s python3 -B -m pytest -q -rA -m truth -p no:cacheprovider --import-mode=importlib %s" % (
        ROOM,
        " ".join("%s=%s" % pair for pair in variables.items()),
        " ".join(["--basetemp=%s/tmp" % ROOM, *tests]),
    )
    KEPT.mkdir(exist_ok=True)
    with (KEPT / (host + ".txt")).open("w") as said:
        remote.write(command, said)
    rows = [json.loads(line) for line in remote.run("cat %s/rows" % ROOM).splitlines()]
    (KEPT / (host + ".json")).write_text(json.dumps(rows, indent=1) + "\n")
    return rows


def _packed(architecture: str) -> bytes:
    """Return pytest, the tests, what runs on hosts, and the program of stacks.c, as a tar archive."""
    if not PYTEST.exists():
        raise needs.LabError("There is no %s: `make lab` and `make truth` install it." % PYTEST)
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=packed, mode="w:gz") as archive:
        program = stacks.build(pathlib.Path(folder) / stacks.NAME, COMPILERS[architecture], "-static")
        archive.add(program, stacks.NAME)
        archive.add(PYTEST, "pytest", filter=_sources)
        archive.add(INTEGRATION, "tests/integration", filter=_sources)
        hosts = "plugins/module_utils"
        archive.add(
            needs.CHECKOUT / hosts, ".cache/collections/ansible_collections/ebpf/fleet/" + hosts, filter=_sources
        )
    return packed.getvalue()


def _sources(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if entry.name.endswith("__pycache__") else entry
