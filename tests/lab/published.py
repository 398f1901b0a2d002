# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that tests make of what they find, and that are published by hand (`python tests/lab NAME`) once somebody has looked."""

from __future__ import annotations

import re

import needs


class Page:
    """One of them: where a run leaves it, and where it is read."""

    def __init__(self, name: str) -> None:
        """`name` is the verb of `python tests/lab`, and the file's name."""
        self.name = name
        self.new = needs.CACHE / (name + ".md")
        self.published = needs.CHECKOUT / "docs" / (name + ".md")

    def check(self, text: str) -> None:
        """Leave and print what a run made; AssertionError when the published page says anything else but other figures."""
        self.new.write_text(text)
        print("\n" + text)
        assert masked(self.published.read_text()) == masked(text), (
            "look at it and publish it: python tests/lab " + self.name
        )

    def publish(self) -> None:
        """Copy it to where it is read."""
        if not self.new.exists():
            raise needs.LabError("There is no %s yet: run the lab's tests." % self.new)
        self.published.write_text(self.new.read_text())


def masked(page: str) -> str:
    """Return the page without its figures: what is to be the same in every run."""
    return re.sub(r"[0-9]+([.+~-][0-9]+)*", "#", re.sub(r" +", " ", page))
