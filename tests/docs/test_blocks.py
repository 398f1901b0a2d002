# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import blocks
import pytest


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("```shell run\nmake help\n```\n", [(1, "shell", {"run": ""}, "make help\n")]),
        ("a\n\n```yaml file=i.yml\na: 1\n```\n", [(3, "yaml", {"file": "i.yml"}, "a: 1\n")]),
        (
            "```shell run exit=2 expect='no such'\nx\n```\n",
            [(1, "shell", {"run": "", "exit": "2", "expect": "no such"}, "x\n")],
        ),
        ("- a\n\n  ```shell norun='yours'\n  x\n  ```\n", [(3, "shell", {"norun": "yours"}, "x\n")]),
        ("```\nplain\n```\n", [(1, "", {}, "plain\n")]),
        ("~~~markdown\n```shell\nx\n```\n~~~\n```text\ny\n```\n", [(6, "text", {}, "y\n")]),
        ("no block", []),
    ],
)
def test_blocks(text: str, wanted: list[tuple[int, str, dict[str, str], str]]) -> None:
    assert [tuple(block) for block in blocks.of(text)] == wanted


@pytest.mark.parametrize("info", ["shell rum", "shell run norun=x", "shell exit=2", "yaml file=x expect=y"])
def test_marks_that_do_not_fit(info: str) -> None:
    with pytest.raises(ValueError, match="line 1"):
        blocks.of("```%s\nx\n```\n" % info)
