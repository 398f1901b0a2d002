# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""One visit to a host: assess, plan, run all collectors in one window, make one record."""

from __future__ import annotations

import re
import resource
import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils import _collectors
from ansible_collections.ebpf.fleet.plugins.module_utils._bpf import links
from ansible_collections.ebpf.fleet.plugins.module_utils._capability import assess
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Collector, Filter, Limits
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import _filter, plan, run
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers._engine import Context

SCHEMA = "ebpf.fleet.record/1"

# name: (least, most), in the option's own unit
_BOUNDS = {
    "duration": (1, 3600),
    "max_items": (1, 10000),
    "max_events": (1, 100000),
    "max_output": (4096, 64 << 20),
    "startup_limit": (1, 600),
}


# The profiles, the smaller ones first, and the seconds of each; a larger one has the collectors of the smaller ones too.
PROFILES = {"quick": 10, "standard": 30, "deep": 60}
_DURATION = 10  # without a profile


def duration(params: t.Mapping[str, t.Any]) -> int:
    """Return the window's length: the one that is asked for, else the profile's."""
    asked = params.get("duration")
    return int(asked) if asked is not None else PROFILES.get(params.get("profile") or "", _DURATION)


def names(params: t.Mapping[str, t.Any]) -> list[str]:
    """Return which collectors to run: those that are asked for, else the profile's, else the standard ones."""
    if params.get("collectors"):
        return list(dict.fromkeys(params["collectors"]))
    if params.get("profile"):
        sizes = list(PROFILES)
        parts = sizes[: sizes.index(params["profile"]) + 1]
        return [name for name, profile in _collectors.PROFILE.items() if profile in parts]
    return list(_collectors.STANDARD)


_FORMS = {
    "process": (re.compile(r"[^\s/][^/\n]{0,63}"), "a process's name or number"),
    "cgroup": (
        re.compile(r"/|(?!.*(^|/)\.\.?(/|$))(/?[^/\s][^/\n]*)(/[^/\n]+)*"),
        "a cgroup's path, or a part of its name",
    ),
    "device": (re.compile(r"[A-Za-z0-9][A-Za-z0-9!._-]{0,63}"), "a disk's name, such as sda"),
}


def filtered(params: t.Mapping[str, t.Any]) -> Filter:
    """Return what questions are narrowed to; ValueError for what can be no such thing."""
    found = Filter(*(params.get(name) or None for name in Filter._fields))
    for name, (form, what) in _FORMS.items():
        value = getattr(found, name)
        if value is not None and not form.fullmatch(value):
            raise ValueError("%s must be %s, not %.80r" % (name, what, value))
    return found


def chosen(params: t.Mapping[str, t.Any], narrow: Filter) -> tuple[Collector, ...]:
    """Return the collectors to run; where they are not named, those that can be narrowed as it is asked for."""
    found = tuple(_collectors.by_name(name) for name in names(params))
    named = set(narrow.named())
    if params.get("collectors") or not named:
        return found
    fitting = tuple(one for one in found if one.native and named <= set(one.native.narrows))
    if not fitting:
        able = [one.name for one in _collectors.every() if one.native and named <= set(one.native.narrows)]
        raise ValueError(
            "none of the collectors can be narrowed to a %s; %s can, by name or in a larger profile"
            % (" and a ".join(narrow.named()), ", ".join(able) or "no collector")
        )
    return fitting


class Settings(t.NamedTuple):
    """What a collection was asked to do, checked."""

    duration: int
    collectors: tuple[Collector, ...]
    tier: str
    limits: Limits
    startup_limit: int
    narrow: Filter


def argument_spec() -> dict[str, t.Any]:
    """Return the options of the module `collect`."""
    defaults = Limits()
    return {
        "duration": {"type": "int"},
        "collectors": {"type": "list", "elements": "str"},
        "profile": {"type": "str", "choices": list(PROFILES)},
        "process": {"type": "str"},
        "cgroup": {"type": "str"},
        "device": {"type": "str"},
        "tier": {"type": "str", "choices": ["auto", "1", "2", "3"], "default": "auto"},
        "max_items": {"type": "int", "default": defaults.max_items},
        "max_events": {"type": "int", "default": defaults.max_events},
        "max_output": {"type": "int", "default": defaults.max_output},
        "startup_limit": {"type": "int", "default": 30},
    }


def settings(params: t.Mapping[str, t.Any]) -> Settings:
    """Check the options; raise ValueError with one sentence that names the wrong one and what would be right."""
    numbers = {**params, "duration": duration(params)}
    for name, (least, most) in _BOUNDS.items():
        if not least <= numbers[name] <= most:
            raise ValueError("%s must be from %d to %d, not %d" % (name, least, most, numbers[name]))
    narrow = filtered(params)
    return Settings(
        numbers["duration"],
        chosen(params, narrow),
        params["tier"],
        Limits(params["max_items"], params["max_events"], params["max_output"]),
        params["startup_limit"],
        narrow,
    )


def _cpu_ms(who: int) -> float:
    usage = resource.getrusage(who)
    return round((usage.ru_utime + usage.ru_stime) * 1e3, 3)


class Survey:
    """A visit. `record` holds what was gathered so far, whatever happens."""

    def __init__(self, wanted: Settings) -> None:
        """Assess the host; nothing runs yet."""
        self._begun = time.monotonic()
        self._wanted = wanted
        links.linger()  # what the assessment attaches is detached after the collectors are attached, which is faster
        self._assessment = assess.assess()
        self.record: dict[str, t.Any] = {
            "schema": SCHEMA,
            "capability": self._assessment,
            "window": None,
            "results": [],
            "cost": None,
            "warnings": [],
        }
        self._plans = [
            plan.plan(collector, wanted.tier, self._assessment, wanted.narrow) for collector in wanted.collectors
        ]

    def plan(self) -> list[dict[str, t.Any]]:
        """Return which tiers would be tried for each collector."""
        return [each.as_dict() for each in self._plans]

    def run(self, attached: t.Callable[[], None] = lambda: None) -> str | None:
        """Run the window and complete the record; `attached` is called just before it opens.

        Return None, or a sentence when the host could not do what was asked.
        """
        wanted = self._wanted
        results = self.record["results"]
        try:
            narrowing = _filter.resolve(wanted.narrow) if wanted.narrow.named() else None
            context = Context(self._assessment, wanted.startup_limit, narrowing)
            for result in run.run(self._plans, wanted.duration, wanted.limits, context, self._attached(attached)):
                results.append(result)
        except _filter.Ambiguous as error:
            return str(error)
        except Exception as error:  # noqa: BLE001  # a defect of ours: say so, and keep what there is
            return "the collection ended early: %s: %s" % (type(error).__name__, error)
        finally:
            links.settle()
            self._account()
        if wanted.tier != "auto" and results and all(result["tier"] is None for result in results):
            reason = results[0]["reason"]
            cure = " To mend it: %s." % reason["remedy"] if reason["remedy"] else ""
            return "this host has no tier %s: %s.%s" % (wanted.tier, reason["message"], cure)
        return None

    @staticmethod
    def _attached(told: t.Callable[[], None]) -> t.Callable[[], None]:
        def attached() -> None:
            links.settle()
            told()

        return attached

    def _account(self) -> None:
        spans = [result["window"] for result in self.record["results"] if result["window"]]
        if spans:
            start = min(span["start"] for span in spans)
            end = max(span["start"] + span["seconds"] for span in spans)
            self.record["window"] = {
                "requested": self._wanted.duration,
                "start": start,
                "seconds": round(end - start, 6),
            }
        self.record["cost"] = {
            "cpu_ms": _cpu_ms(resource.RUSAGE_SELF),
            "children_cpu_ms": _cpu_ms(resource.RUSAGE_CHILDREN),
            "max_rss_kib": _peak_kib(),
            "wall_ms": round((time.monotonic() - self._begun) * 1e3, 3),
        }


def _peak_kib() -> int:
    """Return the most memory that this process has had resident, in KiB: getrusage(2) counts what it was before execve(2), too."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
