# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md and docs/ are true: their commands run, in a fresh copy of the checkout, and their links lead somewhere."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import blocks
import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(path for folder in ("", "docs/", "roles/*/") for path in CHECKOUT.glob(folder + "*.md"))
SHELLS = ("shell", "sh", "bash", "console")
LIMIT = 600  # seconds for one block


def name(path: pathlib.Path) -> str:
    return str(path.relative_to(CHECKOUT))


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Copy what git tracks, or would, to where somebody has it who has just cloned: with no environment made yet."""
    folder = tmp_path_factory.mktemp("clone")
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(listing, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True)
    for file in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / file, folder / file)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    return folder


@pytest.fixture
def checkout(clone: pathlib.Path) -> pathlib.Path:
    """Give a document the copy without what others left in it, but with the environments that they made."""
    kept = [word for name in (".venv", ".venv.lock", ".cache", ".nox") for word in ("--exclude", name)]
    subprocess.run(["git", "clean", "-fdxq", *kept], cwd=clone, check=True)
    subprocess.run(["git", "checkout-index", "--all", "--force"], cwd=clone, check=True)
    return clone


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_shell_block_says_whether_it_runs(document: pathlib.Path) -> None:
    for block in blocks.of_file(document):
        if block.language in SHELLS:
            assert "run" in block.marks or block.marks.get("norun"), "%s:%d" % (document, block.line)
            subprocess.run(["bash", "-n"], input=block.body, text=True, check=True)


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if any("run" in block.marks for block in blocks.of_file(path))], ids=name
)
def test_commands_run(document: pathlib.Path, checkout: pathlib.Path) -> None:
    """A document's blocks run in their order, each in a shell of its own."""
    for block in blocks.of_file(document):
        if "file" in block.marks:
            path = checkout / block.marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        if "run" in block.marks:
            code, output = run(block.body, checkout)
            where = "%s:%d\n%s\n%s" % (name(document), block.line, block.body, output)
            assert code == int(block.marks.get("exit", "0")), where
            assert block.marks.get("expect", "") in output, where


def run(script: str, folder: pathlib.Path) -> tuple[int, str]:
    """Run a block as a person would type it, but stop at the first command that fails; return its exit code and output."""
    ours = (sys.prefix, str(CHECKOUT / ".cache"))  # a person has nothing of what runs these tests
    path = [entry for entry in os.environ["PATH"].split(os.pathsep) if not entry.startswith(ours)]
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("ANSIBLE_", "NOX_", "VIRTUAL_ENV", "MAKE", "UV_"))
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": os.pathsep.join(path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout


def links(document: pathlib.Path) -> t.Iterator[str]:
    """Yield the targets of a document's links that stay within the repository."""
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            yield target


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: pathlib.Path) -> None:
    for target in links(document):
        path, _hash, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), "%s: %s" % (document, target)
        if anchor:
            headings = re.findall(r"^#+ +(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in anchors, "%s: %s" % (document, target)
