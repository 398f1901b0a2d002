# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.html: one page that needs nothing else, written as a stream, every text of a host cleaned and escaped."""

from __future__ import annotations

import base64
import hashlib
import os
import typing as t

import jinja2
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _svg, _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable
from markupsafe import Markup

_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_templates")
_COMPACT = 50  # hosts from which on a host's histogram is a small one
_FLEETS_OPEN = 4  # fleets up to which all are shown unfolded
_NAMES = 40  # hosts that are named where a requirement lists them; survey.json names all


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write the page."""
    with open(os.path.join(_TEMPLATES, "survey.css"), encoding="utf-8") as css:
        style = css.read()
    page = _environment().get_template("survey.html.j2")
    many = survey.head["inventory"]["hosts"] > _COMPACT
    parts = page.generate(
        survey=survey.head,
        whole=survey.head["inventory"],
        rows=survey.rows(),
        style=Markup(style),  # noqa: S704 -- our own file
        policy=_policy(style),
        picture=_svg.spark if many else _svg.histogram,
        fleets_open=len(survey.head["fleets"]) <= _FLEETS_OPEN,
        names_shown=_NAMES,
    )
    for part in parts:
        stream.write(part)


def _policy(style: str) -> str:
    """Return a content security policy that allows this page's style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'" % digest


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        finalize=_clean,
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        number=_units.number, quantity=_units.quantity, interval=_units.interval, share=_units.share,
        outcome=_units.outcome, tier=_units.tier, labels=_units.labels,
    )  # fmt: skip
    environment.globals.update(tier_bar=_svg.tier_bar, histogram=_svg.histogram)
    return environment


def _clean(value: t.Any) -> t.Any:
    """Return text as one printable line before it is escaped; what is Markup already is ours."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
