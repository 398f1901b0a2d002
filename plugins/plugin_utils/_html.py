# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.html: one page that needs nothing else, written as a stream, every text of a host cleaned and escaped.

What a reader must see first is written here and needs no script: tiers, headlines, remedies, fleets, what the fleet is
doing. The script that is built from web/ adds what is explored: the map, the heat map, the host table, each host.
"""

from __future__ import annotations

import base64
import hashlib
import os
import typing as t

import jinja2
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _page_data, _page_headlines, _svg, _units
from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey
from ansible_collections.ebpf.fleet.plugins.plugin_utils._text import printable
from markupsafe import Markup

_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_templates")
_PLAIN_HOSTS = 1000  # rows of the table for readers without a script
_FLEETS = 200  # rows of the table of fleets, the largest


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write the page."""
    style, script = _asset("page.css"), _asset("page.js")
    data = _page_data.build(survey)
    head = survey.head
    parts = _environment().get_template("survey.html.j2").generate(
        survey=head,
        whole=head["inventory"],
        rows=survey.rows(),
        plain_hosts=_PLAIN_HOSTS,
        fleets=sorted(head["fleets"], key=lambda one: (-one["hosts"], one["fleet"]))[:_FLEETS],
        headlines=_page_headlines.of(head),
        plans=_page_data.plans(head),
        style=Markup(style),  # noqa: S704 -- our own file
        script=Markup(script),  # noqa: S704 -- the same
        data=Markup(data.table),  # noqa: S704 -- JSON in which no HTML can be
        blocks=[Markup(one) for one in data.blocks],  # noqa: S704 -- base64
        policy=_policy(style, script),
    )  # fmt: skip
    for part in parts:
        stream.write(part)


def _asset(name: str) -> str:
    with open(os.path.join(_TEMPLATES, name), encoding="utf-8") as file:
        return file.read()


def _policy(style: str, script: str) -> str:
    """Return a content security policy that allows this page's style and script, and nothing else.

    No text becomes markup in it either: where the browser knows trusted types, a script cannot make elements of text.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src '%s'" % _digest(script),
            "style-src '%s'" % _digest(style),
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


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
        outcome=_units.outcome, labels=_units.labels, hosts=_page_headlines.hosts, changed=_page_headlines.changed,
    )  # fmt: skip
    environment.globals.update(
        tier_bar=_svg.tier_bar,
        histogram=_svg.histogram,
        meter=_svg.meter,
        link=_page_headlines.link,
        way=_page_headlines.way,
    )
    return environment


def _clean(value: t.Any) -> t.Any:
    """Return text as one printable line before it is escaped; what is Markup already is ours."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
