# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outlier hosts: found where they are, and not made up where hosts are alike. Simulated with a fixed seed."""

from __future__ import annotations

import random
import typing as t

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils import _histogram
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _outliers

Row = dict[str, t.Any]


def drawn(rng: random.Random, events: int, median: float = 64.0, sigma: float = 1.2) -> list[list[int]]:
    """Return a histogram of lognormal waits; sigma 1.2 spreads them over some ten buckets."""
    slots = [0] * 64
    for _event in range(events):
        slots[min(_histogram.slot_of(int(median * rng.lognormvariate(0, sigma))), 63)] += 1
    return [list(bucket) for bucket in _histogram.from_slots(slots)]


def host(name: str, fleets: tuple[str, ...], buckets: list[list[int]] | None, collector: str = "runqlat") -> Row:
    """Return as much of a row as is compared."""
    result = {"collector": collector, "unit": "us", "buckets": buckets}
    return {"host": name, "fleets": list(fleets), "results": [result]}


def judged(rows: list[Row]) -> dict[str, list[dict[str, t.Any]]]:
    """Return every host's comparisons."""
    found = _outliers.Outliers()
    for row in rows:
        found.pool(row)
    for row in rows:
        found.measure(row)
    return {row["host"]: found.judge(row) for row in rows}


def outliers(rows: list[Row]) -> set[str]:
    """Return the hosts that are outliers."""
    return {name for name, found in judged(rows).items() if any(one["outlier"] for one in found)}


@pytest.mark.parametrize("events", [100, 1000])
@pytest.mark.parametrize("sigma", [0.4, 1.2, 2.5])
def test_no_false_alarm_on_hosts_that_are_alike(events: int, sigma: float) -> None:
    """40 fleets of 12 hosts that draw from one distribution: 480 hosts, no alarm."""
    rng = random.Random(20261124)
    alarms = sum(
        len(outliers([host("h%d" % n, ("f",), drawn(rng, events, sigma=sigma)) for n in range(12)])) for _ in range(40)
    )
    assert alarms == 0


@pytest.mark.parametrize(("spread", "most"), [(0.25, 0.01), (0.5, 0.04)])
def test_few_false_alarms_where_hosts_differ_by_nature(spread: float, most: float) -> None:
    """1200 hosts whose medians vary by nature, one standard deviation being a factor of 1.3, or of 1.6."""
    rng = random.Random(7)
    alarms = 0
    for _fleet in range(60):
        rows = [
            host("h%d" % number, ("f",), drawn(rng, 200, median=64 * rng.lognormvariate(0, spread)))
            for number in range(20)
        ]
        alarms += len(outliers(rows))
    assert alarms <= most * 1200


@pytest.mark.parametrize(("factor", "wanted"), [(8, "slow"), (1 / 8, "fast")])
def test_a_host_that_differs_is_found_and_only_it(factor: float, wanted: str) -> None:
    for seed in range(30):
        rng = random.Random(seed)
        rows = [host("h%d" % number, ("f",), drawn(rng, 300)) for number in range(15)]
        rows.append(host("odd", ("f",), drawn(rng, 300, median=64 * factor)))
        found = judged(rows)
        assert {name for name, one in found.items() if one[0]["outlier"]} == {"odd"}
        assert (found["odd"][0]["shift"] > 0) == (wanted == "slow")
        assert 2 < found["odd"][0]["distance"] < 4  # three doublings, the host's own part of the pool apart


def test_a_busy_host_does_not_make_the_norm() -> None:
    rng = random.Random(3)
    rows = [host("h%d" % number, ("f",), drawn(rng, 200)) for number in range(12)]
    rows.append(host("busy", ("f",), [[lo, hi, n * 10**6] for lo, hi, n in drawn(rng, 200, median=1000)]))
    assert outliers(rows) == {"busy"}


def test_two_kinds_of_hosts_in_equal_number_are_no_outliers_of_each_other() -> None:
    rng = random.Random(5)
    rows = [host("h%d" % n, ("f",), drawn(rng, 300, median=64 if n % 2 else 2048)) for n in range(20)]
    assert outliers(rows) == set()


def test_a_host_is_compared_with_its_nearest_fleet_that_has_enough_hosts() -> None:
    rng = random.Random(1)
    rows = [host("w%d" % n, ("prod", "web"), drawn(rng, 200)) for n in range(10)]
    rows += [host("d%d" % n, ("db", "prod"), drawn(rng, 200)) for n in range(3)]
    rows += [host("x", (), drawn(rng, 200))]
    found = judged(rows)
    assert {(name[0], one["against"], one["hosts"]) for name, (one,) in found.items()} == {
        ("w", "web", 10),
        ("d", "prod", 13),
        ("x", None, 14),
    }


@pytest.mark.parametrize(
    "rows",
    [
        [host("h%d" % n, ("f",), [[1, 2, 1000]]) for n in range(_outliers.HOSTS - 1)],  # too few hosts
        [host("h%d" % n, ("f",), [[1, 2, _outliers.EVENTS - 1]]) for n in range(20)],  # too few events
        [host("h%d" % n, ("f",), None) for n in range(20)],  # no distribution
        [host("h%d" % n, ("f",), []) for n in range(20)],  # idle
    ],
)
def test_nothing_is_said_where_too_little_is_known(rows: list[Row]) -> None:
    assert all(found == [] for found in judged(rows).values())


def test_thresholds_are_told() -> None:
    found = _outliers.Outliers()
    rows = [host("h%d" % n, ("f",), [[2, 4, 1000]]) for n in range(9)]
    for row in rows:
        found.pool(row)
    for row in rows:
        found.measure(row)
    wanted = [{"collector": "runqlat", "unit": "us", "hosts": 9, "median": 0, "mad": 0, "distance": _outliers.FLOOR}]
    assert found.thresholds("f") == found.thresholds(None) == wanted
    assert found.thresholds("other") == []


def test_hostile_collectors_are_bounded() -> None:
    found = _outliers.Outliers()
    for number in range(300):
        results = [{"collector": "%d-%d" % (number, n), "unit": "us", "buckets": [[1, 2, 100]]} for n in range(100)]
        found.pool({"host": "h", "fleets": ["f"], "results": results})
    assert len(found._pools) == 20000
