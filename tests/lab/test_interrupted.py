# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in the middle of a window: nothing of ours is left on the host, and the others are unharmed."""

from __future__ import annotations

import concurrent.futures
import pathlib
import signal
import statistics
import time
import typing as t

import guest
import pytest
from conftest import COLLECTORS, Surveyed, play
from remote import Remote

HOST = "newest"
LONG_SECONDS = 25
OPENING_SECONDS = 8  # from the first program that is attached until all are, and the window is open
PATIENCE_SECONDS = 400
# The processes that have programs attached.
_HOLDERS = "grep -ls ^link_type /proc/[0-9]*/fdinfo/* | cut -d/ -f3 | sort -u"


# A hundred collections in a row, by each loader, on guests that nobody disturbs meanwhile.
ENDURING = {"deb13": "light", "deb11": "libbpf"}
TIMES = 100
WARM = 20  # Python and the C library keep what they once had; after so many times they have it
RESIDENT_KIB = 512
KERNEL_KIB = 1024


@pytest.fixture(scope="module", autouse=True)
def repeating(source: str) -> t.Iterator[dict[str, concurrent.futures.Future[t.Any]]]:
    """Collect again and again (repeat.py), while the other tests here mostly wait for the ends of windows."""
    assert source
    with concurrent.futures.ThreadPoolExecutor(len(ENDURING)) as pool:
        yield {host: pool.submit(Remote(host).ask, "repeat", str(TIMES), *COLLECTORS) for host in ENDURING}


class Visit:
    """A survey of some hosts that runs in the background; its window on `host` is open when the constructor returns."""

    def __init__(self, folder: pathlib.Path, source: str, *hosts: str, seconds: int = LONG_SECONDS) -> None:
        """The first of `hosts` is the one that is watched."""
        self.host = Remote(hosts[0])
        self.before = self.host.kernel_objects()
        others = self.host.run(_HOLDERS).split()
        self._pool = concurrent.futures.ThreadPoolExecutor(1)
        limit = ("--limit", ",".join(hosts))
        self._played = self._pool.submit(play, folder, source, *limit, duration=seconds, timeout=PATIENCE_SECONDS)
        wait_for(lambda: len(self.host.run(_HOLDERS).split()) > len(others))
        time.sleep(OPENING_SECONDS)

    def made(self) -> set[tuple[str, int, str]]:
        """Return what there is in the host's kernel that was not there before."""
        return self.host.kernel_objects() - self.before

    def ended(self) -> Surveyed:
        """Wait for the end of the play."""
        surveyed = self._played.result(timeout=PATIENCE_SECONDS * 2)
        self._pool.shutdown()
        return surveyed


def wait_for(settled: t.Callable[[], bool]) -> None:
    """Wait until something is so, or fail."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not settled():
        assert time.monotonic() < end, "it did not come to that in %d s" % PATIENCE_SECONDS
        time.sleep(0.5)


def assert_clean(visit: Visit) -> None:
    """Nothing of ours is left in the guest: no program, map or link, no process."""
    wait_for(lambda: not visit.made() and not visit.host.processes())


def kill_the_module(host: Remote) -> None:
    host.run("kill -KILL $(%s)" % _HOLDERS)


def cut_the_connection(host: Remote) -> None:
    host.run("pkill -KILL -f '^sshd(-session)?: root@'", check=False)  # the one that says so too


@pytest.mark.parametrize(
    ("interrupt", "outcomes"), [(kill_the_module, {"failed"}), (cut_the_connection, {"unreachable", "failed"})]
)
def test_an_interrupted_visit_leaves_nothing_behind(
    source: str, tmp_path: pathlib.Path, interrupt: t.Callable[[Remote], None], outcomes: set[str]
) -> None:
    visit = Visit(tmp_path, source, HOST)
    interrupt(visit.host)
    record = visit.ended().records[HOST]
    assert record["outcome"] in outcomes, record["message"]
    assert record["message"]
    assert_clean(visit)


def test_a_stepped_clock_changes_nothing_but_the_time_of_day(source: str, tmp_path: pathlib.Path) -> None:
    visit = Visit(tmp_path, source, HOST)
    visit.host.run("date -s @$(($(date +%s) + 86400))")
    try:
        record = visit.ended().records[HOST]
    finally:
        visit.host.run("date -s @%d" % time.time())
    # From 7.0 on, a program may be preempted, and what another task does meanwhile is missed, and counted as lost.
    assert record["outcome"] in ("ok", "partial"), record["message"]
    for result in record["results"]:
        assert (result["tier"], result["status"]) in ((3, "ok"), (3, "idle"), (3, "truncated")), result
        assert abs(result["window"]["seconds"] - LONG_SECONDS) < 1, result["window"]
    assert_clean(visit)


def test_two_surveys_of_one_host_at_once_are_both_right(source: str, tmp_path: pathlib.Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    visits = [Visit(folder, source, HOST, seconds=2 * LONG_SECONDS) for folder in folders]
    programs = 50
    visits[0].host.run("for i in $(seq %d); do /bin/true; done" % programs)
    for visit in visits:
        (execs,) = [r for r in visit.ended().records[HOST]["results"] if r["collector"] == "execsnoop"]
        assert (execs["tier"], execs["status"]) == (3, "ok"), execs
        assert {row["labels"]["comm"]: row["count"] for row in execs["data"]["items"]}["true"] == programs
    assert_clean(visits[0])


def test_a_host_that_dies_in_mid_window_has_a_record_and_harms_nobody(source: str, tmp_path: pathlib.Path) -> None:
    visit = Visit(tmp_path, source, "deb12-dying", HOST)
    running = guest.find("deb12-dying")
    assert running
    guest.stop("deb12-dying", signal.SIGKILL)
    records = visit.ended().records
    assert records["deb12-dying"]["outcome"] in ("unreachable", "timed_out"), records["deb12-dying"]
    assert records["deb12-dying"]["message"]
    assert records[HOST]["outcome"] == "ok", records[HOST]["message"]
    assert {result["tier"] for result in records[HOST]["results"]} == {3}


@pytest.mark.parametrize("host", ENDURING)
def test_a_hundred_collections_in_a_row_neither_grow_nor_leave_anything(
    repeating: dict[str, concurrent.futures.Future[t.Any]], host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = repeating[host].result()
    resident = statistics.median(said["resident_kib"][-WARM:]) - statistics.median(
        said["resident_kib"][WARM : 2 * WARM]
    )
    kernel = said["kernel_kib"][1] - said["kernel_kib"][0]
    with capsys.disabled():
        grown = "the process grew by %d KiB, the kernel's part by %d KiB" % (resident, kernel)
        print("\n%s: %d collections by %s: %s" % (host, TIMES, ENDURING[host], grown))
    assert said["loaders"] == [ENDURING[host]]
    assert {tier for tier, _status in said["answered"]} == {3}
    assert {status for _tier, status in said["answered"]} <= {"ok", "idle"}
    assert len(said["descriptors"]) == TIMES
    assert len(set(said["descriptors"])) == 1, said["descriptors"]
    assert resident <= RESIDENT_KIB, said["resident_kib"]
    assert kernel <= KERNEL_KIB, said["kernel_kib"]
    assert said["objects"] == []
