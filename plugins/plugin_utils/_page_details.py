# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page shows of one host when it is opened: its row, without what is said elsewhere, in blocks of many hosts.

A page stays small whatever the number of hosts: the details have a budget, and where all of them would break it, each
host's are cut to a level that fits. The host's record has everything, and the page says where that is.
"""

from __future__ import annotations

import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _page_text, _row
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row

BUDGET = 4_000_000  # bytes of all blocks
LEVELS = ("all", "without items", "headlines", "only what failed")
_HOSTS = 64  # in a block
_SAMPLE = 8  # blocks from which a level's whole size is reckoned
_TEXTS = 40  # notes, warnings, requirements, attempts of a host
_SAME = ("tier", "status", "kind", "lost", "count", "omitted")
_FINDING = ("rule", "severity", "subject", "evidence")
_HEALTH = ("healthy", "ailing", "unknown", "because")

Clean = dict[str, t.Any]


class Details:
    """The blocks of all hosts' details."""

    def __init__(self, hosts: int, budget: int = BUDGET) -> None:
        """Begin with no host; `hosts` is how many there will be."""
        self.level = 0
        self.pool = _page_text.Pool()
        self._hosts = hosts
        self._budget = budget

    def blocks(self, rows: t.Callable[[], t.Iterable[Row]]) -> list[str]:
        """Return the packed blocks, of the fullest level that fits the budget."""
        for level in range(len(LEVELS)):
            self.level, self.pool = level, _page_text.Pool()
            found = self._at_level(rows(), level == len(LEVELS) - 1)
            if found is not None:
                return found
        raise AssertionError("the last level always fits")

    def describe(self) -> dict[str, t.Any]:
        """Return how the blocks are to be read."""
        return {"hosts": _HOSTS, "level": LEVELS[self.level]}

    def _at_level(self, rows: t.Iterable[Row], last: bool) -> list[str] | None:
        """Return the blocks, or None as soon as they are seen to break the budget."""
        found: list[str] = []
        waiting: list[Clean] = []
        size, expected = 0, max(-(-self._hosts // _HOSTS), 1)
        for row in rows:
            waiting.append(self._host(row))
            if len(waiting) == _HOSTS:
                found.append(_page_text.packed(waiting))
                size += len(found[-1])
                waiting = []
                if not last and len(found) >= _SAMPLE and size / len(found) * expected > self._budget:
                    return None
        if waiting:
            found.append(_page_text.packed(waiting))
            size += len(found[-1])
        return found if last or size <= self._budget else None

    def _host(self, row: Row) -> Clean:
        proof, window = row["proof"], row["window"]
        found = {
            "differs": self.pool.of(row["differs"]),
            "python": self.pool.of(row["python"], 40),
            "received": row["received"] and _page_text.clean(row["received"], 40),
            "file": row["file"] and _page_text.clean(row["file"]),
            "proof": proof and _page_text.clean({**proof, "loader": proof.get("loader")}),
            "window": window and {"start": round(window["start"], 1), "seconds": round(window["seconds"], 3)},
            "cost": row["cost"] and _numbers(row["cost"]),
            "warnings": [self.pool.of(one) for one in row["warnings"][:_TEXTS]],
            "unseen": [self.pool.of(one) for one in row["unseen"][:_TEXTS]],
            "blockers": [self._said(one, ("requirement", "state", "message", "remedy")) for one in row["blockers"][:_TEXTS]],
            "requirements": [] if self.level >= 2 else [
                {"tier": one["tier"], **self._said(one, ("name", "state", "evidence", "remedy"))}
                for one in row.get("requirements", [])[:_TEXTS]
            ],
            "results": [self._result(one) for one in row["results"] if self.level < 3 or one["reason"]],
            "compared": _page_text.clean(row.get("comparisons", [])),
            "findings": [_page_text.clean({key: one[key] for key in _FINDING}) for one in row.get("findings", [])[:_TEXTS]],
            "changes": _page_text.clean(row.get("changes", [])[:_TEXTS]),
            "health": row.get("health") and _page_text.clean({key: row["health"][key] for key in _HEALTH}),
        }  # fmt: skip
        return {key: one for key, one in found.items() if one is not None and one != []}

    def _said(self, one: t.Mapping[str, t.Any], keys: t.Sequence[str]) -> Clean:
        return {key: self.pool.of(one[key]) for key in keys if one.get(key) is not None}

    def _result(self, one: Row) -> Clean:
        window = one["window"]
        found = {
            **{key: one[key] for key in _SAME},
            "collector": self.pool.of(one["collector"], 100),
            "question": self.pool.of(one["question"], 300),
            "unit": self.pool.of(one["unit"], 40),
            "source": self.pool.of(one["source"], 300),
            "reason": one["reason"] and self._said(one["reason"], ("code", "message", "remedy")),
            "attempts": [
                {"tier": tried["tier"], "source": self.pool.of(tried["source"], 300),
                 "reason": self._said(tried["reason"], ("code", "message", "remedy"))}
                for tried in one["attempts"][:_TEXTS]
            ],
            "window": window and round(window["seconds"], 3),
            "total": None if one["total"] is None else round(one["total"]),
            "buckets": [number for bucket in one["buckets"] or () for number in bucket],
            "notes": [self.pool.of(note) for note in one["notes"][:_TEXTS]],
        }  # fmt: skip
        if self.level < 1:
            found["series"] = [_series(series) for series in one["series"]] if _many(one["series"]) else []
            found["items"] = [[_page_text.clean(item["labels"], 200), item["count"]] for item in one["items"]]
            found["cost"] = one["cost"] and self._cost(one["cost"])
        elif self.level == 1:
            found["items"] = [[_page_text.clean(item["labels"], 100), item["count"]] for item in one["items"][:5]]
        return {key: value for key, value in found.items() if value is not None and value != []}

    def _cost(self, cost: t.Mapping[str, t.Any]) -> Clean:
        said = {
            key: self.pool.of(cost[key], 300)
            for key in ("loader", "loader_reason", "attach", "blob_sha256")
            if cost.get(key)
        }
        refused = [self.pool.of(str(one), 300) for one in (cost.get("variants_refused") or [])[:_TEXTS]]
        return {**_numbers(cost), **said, **({"variants_refused": refused} if refused else {})}


def _many(series: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    """Whether a result's series say more than the result does."""
    return len(series) > 1 or any(one["labels"] for one in series)


def _series(one: t.Mapping[str, t.Any]) -> list[t.Any]:
    """Return [labels, count, total, p50, p90, p99] with a quantile as [lo, hi]."""
    quantiles = _row.quantiles(one["buckets"] or [])
    bounds = [found and [found["lo"], found["hi"]] for found in quantiles.values()]
    return [_page_text.clean(one["labels"], 200), one["count"], one["total"] and round(one["total"]), *bounds]


def _numbers(cost: t.Mapping[str, t.Any]) -> Clean:
    """Return the figures of a cost."""
    return {
        _page_text.clean(key, 60): round(value, 3)
        for key, value in list(cost.items())[:40]
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
