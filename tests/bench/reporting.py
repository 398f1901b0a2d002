# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report costs: records of 100, 1,000 and 10,000 hosts, made by a seeded generator, folded as a user does it."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys

import measured

HERE = pathlib.Path(__file__).resolve().parent
SIZES = (100, 1000, 10_000)


def make(folder: pathlib.Path, hosts: int) -> pathlib.Path:
    """Make a run of so many hosts in a report folder; return the run's folder."""
    sys.path.insert(0, str(HERE.parent / "browser"))
    import fleet

    made = fleet.make(folder / "reports" / "20261124T030000Z-5eed00", hosts)
    (made.folder / "run.json").write_text(json.dumps(made.run.as_dict()), encoding="utf-8")
    os.symlink(made.folder.name, folder / "reports" / "latest")
    return made.folder


def report(folder: pathlib.Path) -> measured.Cost:
    """Make the report of the newest run by the playbook."""
    cost = measured.run(["ansible-playbook", "ebpf.fleet.report"], folder, watch=True)
    assert cost.code == 0, (folder / "output.txt").read_text(encoding="utf-8", errors="replace")
    return cost


def main(folder: pathlib.Path, row: object, sizes: tuple[int, ...] = SIZES) -> None:
    """Print the table."""
    assert callable(row)
    print("\nThe report of stored records by ansible-playbook ebpf.fleet.report, of all its files")
    row("hosts", "seconds", "ms a host", "CPU seconds", "largest MiB", "together MiB", "page MB")
    for hosts in sizes:
        place = folder / str(hosts)
        place.mkdir()
        run = make(place, hosts)
        cost = report(place)
        page = (run / "survey.html").stat().st_size / 1e6
        row(
            hosts,
            "%.1f" % cost.seconds,
            "%.2f" % (cost.seconds * 1e3 / hosts),
            "%.1f" % cost.cpu_seconds,
            "%.0f" % cost.largest_mib,
            "%.0f" % cost.together_mib,
            "%.2f" % page,
        )
        shutil.rmtree(place)
