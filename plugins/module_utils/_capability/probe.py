# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""A live probe: something that is tried on this kernel, and what its outcome means."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.ebpf.fleet.plugins.module_utils._capability.bench import Bench
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.host import Facts
from ansible_collections.ebpf.fleet.plugins.module_utils._capability.refusal import Verdict, Wanted, interpret, name_of


class Silent(Exception):
    """The kernel took everything and then nothing happened: attached and not fired, written and not there."""


class Probe(t.NamedTuple):
    """`run` tries it and returns the evidence of success; OSError is the kernel's refusal."""

    name: str
    what: str  # a noun phrase for a person
    wanted: Wanted
    run: t.Callable[[Bench], str]


def perform(probe: Probe, bench: Bench) -> Facts:
    """Make one probe; return the shape `probe` of docs/architecture.md. Whatever it held is closed, and timed too."""
    number = None
    begun = time.perf_counter()
    try:
        verdict = Verdict("met", probe.run(bench))
    except Silent as error:
        verdict = Verdict(
            "unmet", "%s: %s" % (probe.what, error), "report this kernel's release: it should have worked"
        )
    except OSError as error:
        number = error.errno or 0
        verdict = interpret(number, probe.what, probe.wanted, bench.standing)
    finally:
        bench.clear()
    return {
        "name": probe.name,
        "state": verdict.state,
        "evidence": verdict.evidence,
        "remedy": verdict.remedy,
        "errno": None if number is None else name_of(number),
        "ms": round((time.perf_counter() - begun) * 1e3, 3),
    }
