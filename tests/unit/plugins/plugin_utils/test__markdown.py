# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.md: tables that stay tables whatever the hosts sent."""

from __future__ import annotations

import io
import re

import pytest
from ansible_collections.ebpf.fleet.plugins.plugin_utils import _markdown

from .conftest import Folder


def text_of(folder: Folder) -> str:
    """Return a run's survey.md."""
    stream = io.StringIO()
    survey = folder.survey()
    _markdown.write(survey, stream)
    survey.close()
    return stream.getvalue()


def cells(line: str) -> list[str]:
    """Split a table's row as GFM does: at each `|` without a backslash before it."""
    return re.split(r"(?<!\\)\|", line.strip())[1:-1]


def test_every_row_has_as_many_cells_as_its_header(mixed: Folder) -> None:
    tables = 0
    width = 0
    for line in text_of(mixed).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        tables += width == 0
        width = width or len(cells(line))
        assert len(cells(line)) == width, line
    assert tables >= 5


def test_every_host_is_there(mixed: Folder) -> None:
    text = text_of(mixed)
    for host in ("web-01", "web-02", "db-01", "db-02", "lost", "limited"):
        assert re.search(r"^\| `%s` \|" % host, text, re.MULTILINE)
    assert "timed_out" not in text


def test_nothing_of_a_host_is_markdown_html_or_a_mention(mixed: Folder) -> None:
    text = text_of(mixed)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)  # without code spans, in which nothing has a meaning
    assert not re.search(r"(?<!\\)<(?!br>|!-- -->)", outside)
    assert not re.search(r"@\w", outside)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, 3.5 (ok)", "plain words, 3.5 \\(ok\\)"),
        ("a|b", "a\\|b"),
        ("**bold** _it_", "\\*\\*bold\\*\\* \\_it\\_"),
        ("[x](http://evil)", "\\[x\\]\\(http\\://evil\\)"),
        ("<img src=x>", "\\<img src=x\\>"),
        ("#12 and @all", "\\#12 and @<!-- -->all"),
        ("two\nlines", "two lines"),
        ("&lt;", "\\&lt;"),
    ],
)
def test_escaped(text: str, expected: str) -> None:
    assert _markdown.escaped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web-01", "`web-01`"),
        ("a`b", "`` a`b ``"),
        ("``", "``` `` ```"),
        ("a|b", "`a\\|b`"),
        ("", "` `"),
        ("a\nb", "`a b`"),
    ],
)
def test_code(text: str, expected: str) -> None:
    assert _markdown.code(text) == expected


def test_findings_and_what_would_win_are_there(mixed: Folder) -> None:
    text = text_of(mixed)
    assert "## Findings" in text
    assert re.search(r"^\| warning \| The host gave no answer \| 2 \| `(db-02|lost)`: ", text, re.MULTILINE)
    assert "## What would win tiers" in text
    assert re.search(
        r"^\| run with become: true \| 1 \| 1 from tier 1 to 3 \(of 1 it is not known",
        text.replace("\\", ""),
        re.MULTILINE,
    )
