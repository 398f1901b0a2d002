# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""throttling: cpu.stat of both versions of cgroups, groups that come and go, and more of them than are read."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import throttling
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

# Linux 6.18 and 5.10 with the controller, and a group without it; v1 of 6.18 and of 4.18.
PLAIN = "usage_usec 9\nuser_usec 5\nsystem_usec 4\n"
NEW = PLAIN + "nr_periods %d\nnr_throttled %d\nthrottled_usec %d\nnr_bursts 0\nburst_usec 0\n"
FIRST = "nr_periods %d\nnr_throttled %d\nthrottled_time %d\n"
ROOT = "/sys/fs/cgroup"


def test_version_2() -> None:
    before = {
        ROOT + "/cpu.stat": PLAIN,
        ROOT + "/a/cpu.stat": NEW % (10, 5, 1000),
        ROOT + "/b/cpu.stat": NEW % (9, 9, 9),
    }
    after = {
        ROOT + "/cpu.stat": PLAIN,
        ROOT + "/a/cpu.stat": NEW % (30, 10, 51000),
        ROOT + "/b/cpu.stat": NEW % (99, 9, 9),  # ran, and was not throttled
        ROOT + "/new/cpu.stat": NEW % (4, 4, 700),
    }
    answer = throttling.difference(before, after, 1.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"cgroup": "/a"}, "count": 5, "periods": 20, "throttled_us": 50000, "share": 0.25, "of": 20},
        {"labels": {"cgroup": "/new"}, "count": 4, "periods": 4, "throttled_us": 700, "share": 1.0, "of": 4},
    ]
    assert answer.data["count"] == 9
    assert answer.notes[-1] == "4 cgroups were seen; 3 of them have, or had, a quota"


def test_a_group_that_went_away_is_told() -> None:
    before = {
        ROOT + "/a/cpu.stat": NEW % (10, 5, 1000),
        ROOT + "/gone/cpu.stat": NEW % (9, 9, 9),
        ROOT + "/free/cpu.stat": PLAIN,
    }
    answer = throttling.difference(before, {ROOT + "/a/cpu.stat": NEW % (20, 7, 2000)}, 1.0, Limits())
    assert (answer.data["count"], answer.notes[-1]) == (
        2,
        "1 cgroups with a quota went away in the window, and are not counted",
    )


def test_version_1_counts_nanoseconds() -> None:
    path = ROOT + "/cpu/docker/x/cpu.stat"
    answer = throttling.difference({path: FIRST % (1, 1, 1000)}, {path: FIRST % (11, 6, 2500000)}, 1.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"cgroup": "/docker/x"}, "count": 5, "periods": 10, "throttled_us": 2499, "share": 0.5, "of": 10}
    ]


def test_a_group_that_was_made_anew_began_at_zero() -> None:
    path = ROOT + "/a/cpu.stat"
    answer = throttling.difference({path: NEW % (90, 90, 9000)}, {path: NEW % (3, 2, 20)}, 1.0, Limits())
    assert [(row["count"], row["periods"], row["throttled_us"]) for row in answer.data["items"]] == [(2, 3, 20)]


def test_where_not_all_are_read_a_new_one_may_be_an_old_one() -> None:
    many = {"%s/%d/cpu.stat" % (ROOT, number): PLAIN for number in range(4096)}
    answer = throttling.difference(many, {**many, ROOT + "/z/cpu.stat": NEW % (9, 9, 9)}, 1.0, Limits())
    assert answer.data["items"] == []


def test_names_are_cleaned_and_cut() -> None:
    path = "%s/%s/\x1b[31m/cpu.stat" % (ROOT, "x" * 5000)
    (row,) = throttling.difference({}, {path: NEW % (1, 1, 1)}, 1.0, Limits()).data["items"]
    assert len(row["labels"]["cgroup"]) == 200
    assert row["labels"]["cgroup"].endswith("x/\ufffd[31m")


@pytest.mark.parametrize("text", ["nr_periods x\n", "nr_throttled -1\n", "throttled_usec 1 2\n"])
def test_another_form(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        throttling.difference({}, {ROOT + "/a/cpu.stat": text}, 1.0, Limits())
