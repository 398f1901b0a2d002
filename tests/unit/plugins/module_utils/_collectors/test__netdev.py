# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netdev: devices that come, go, and are made anew."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import netdev
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

HEAD = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
)
NONE = (0,) * 8


def sample(**devices: tuple[int, ...]) -> dict[str, str]:
    """Return a sample: of each device (bytes, packets, errors, dropped) received, and then sent."""
    lines = ("%6s:%d %d %d %d 0 0 0 0 %d %d %d %d 0 0 0 0\n" % (name, *numbers) for name, numbers in devices.items())
    return {"/proc/net/dev": HEAD + "".join(lines)}


def test_devices() -> None:
    before = sample(eth0=(1000, 10, 1, 0, 500, 5, 0, 0), lo=(7, 7, 7, 7, 7, 7, 7, 7), gone=NONE)
    after = sample(eth0=(9000, 90, 2, 3, 1500, 20, 0, 1), lo=(7, 7, 7, 7, 7, 7, 7, 7), veth1=(60, 1, 0, 0, 0, 0, 0, 0))
    answer = netdev.difference(before, after, 1.0, Limits())
    assert answer.data["items"] == [
        {"labels": {"device": "eth0"}, "count": 100, "bytes": 9000, "packets": 95, "errors": 1, "dropped": 4, "share": 0.05, "of": 100},
        {"labels": {"device": "veth1"}, "count": 1, "bytes": 60, "packets": 1, "errors": 0, "dropped": 0, "share": 0.0, "of": 1},
    ]  # fmt: skip
    assert answer.notes[-1] == "went away in the window, and are not counted: gone"


def test_a_device_that_only_drops_is_not_idle() -> None:
    answer = netdev.difference(sample(eth0=NONE), sample(eth0=(0, 0, 0, 5, 0, 0, 0, 0)), 1.0, Limits())
    assert (answer.data["count"], answer.data["items"][0]["share"]) == (5, 1.0)


def test_a_device_that_was_made_anew_began_at_zero() -> None:
    answer = netdev.difference(
        sample(a=(900, 90, 0, 0, 0, 0, 0, 0)), sample(a=(80, 8, 0, 0, 0, 0, 0, 0)), 1.0, Limits()
    )
    assert [(row["packets"], row["bytes"]) for row in answer.data["items"]] == [(8, 80)]


def numbered(of: dict[str, str], **indexes: int) -> dict[str, str]:
    """Return a sample that has the kernel's numbers of its devices, too."""
    return {**of, **{"/sys/class/net/%s/ifindex" % name: "%d\n" % number for name, number in indexes.items()}}


def packets(before: dict[str, str], after: dict[str, str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return packets by device, and the notes that are not always there."""
    answer = netdev.difference(before, after, 1.0, Limits())
    return {row["labels"]["device"]: row["packets"] for row in answer.data["items"]}, answer.notes[2:]


OLD, MORE = (9000, 900, 0, 0, 0, 0, 0, 0), (9700, 970, 0, 0, 0, 0, 0, 0)
APPEARED = (
    "appeared in the window, and are counted since; what came from another network namespace, since it was made: %s"
)


def test_a_device_that_was_renamed_is_the_same_one() -> None:
    before, after = numbered(sample(eth0=OLD), eth0=2), numbered(sample(wan=MORE), wan=2)
    assert packets(before, after) == ({"wan": 70}, ())


def test_a_device_that_appeared_is_counted_since_and_named() -> None:
    before, after = numbered(sample(eth0=OLD), eth0=2), numbered(sample(eth0=MORE, tap=OLD), eth0=2, tap=9)
    assert packets(before, after) == ({"tap": 900, "eth0": 70}, (APPEARED % "tap",))


def test_another_device_of_the_same_name_began_at_zero() -> None:
    before, after = numbered(sample(tap=OLD), tap=8), numbered(sample(tap=MORE), tap=9)
    assert packets(before, after) == (
        {"tap": 970},
        (APPEARED % "tap", "went away in the window, and are not counted: tap"),
    )


def test_names_that_were_exchanged() -> None:
    before = numbered(sample(a=OLD, b=NONE), a=2, b=3)
    after = numbered(sample(a=(10, 1, 0, 0, 0, 0, 0, 0), b=MORE), a=3, b=2)
    assert packets(before, after) == ({"b": 70, "a": 1}, ())


def test_one_counter_that_went_backwards_does_not_bring_what_the_others_counted_since_the_boot() -> None:
    before, after = sample(eth0=(9000, 900, 0, 5, 0, 0, 0, 0)), sample(eth0=(9700, 970, 0, 4, 0, 0, 0, 0))
    (row,) = netdev.difference(before, after, 1.0, Limits()).data["items"]
    assert (row["packets"], row["bytes"], row["dropped"]) == (70, 700, 0)


def test_names_are_cleaned() -> None:
    answer = netdev.difference(sample(), sample(**{"a:\x1b[31m": (9, 1, 0, 0, 0, 0, 0, 0)}), 1.0, Limits())
    assert answer.data["items"][0]["labels"] == {"device": "a:\ufffd[31m"}


def test_another_form() -> None:
    with pytest.raises(ValueError, match="has 2 columns"):
        netdev.difference(*[{"/proc/net/dev": HEAD + "eth0: 1 2\n"}] * 2, 1.0, Limits())
