# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a survey is: on a terminal a line that leaves nothing behind, in a log nothing that spoils it."""

from __future__ import annotations

import os
import pathlib
import pty
import re
import subprocess

import ansible_cli
import pytest

SILENT = 60  # hosts at which nobody listens, beside one that answers
LINE = re.compile(r"(\d+) of %d hosts done, (\d+) failed, (\d+) left; " % (SILENT + 1))


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with an inventory of many hosts."""
    closed = "".join("closed%02d ansible_host=127.0.0.1 ansible_port=1\n" % number for number in range(SILENT))
    (tmp_path / "inventory").write_text("[web]\n%s[db]\n%s" % (ansible_cli.INVENTORY, closed), encoding="utf-8")
    return tmp_path


def command(*more: str) -> list[str]:
    settings = ("-i", "inventory", "-f", "20", "-e", "survey_duration=4")
    return [str(ansible_cli.BIN / "ansible-playbook"), "ebpf.fleet.survey", *settings, *more]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("ANSIBLE_NOCOLOR", "ANSIBLE_FORCE_COLOR")}
    return {**kept, "ANSIBLE_STDOUT_CALLBACK": "ebpf.fleet.progress", "TERM": "xterm", "COLUMNS": "120", **more}


def on_terminal(folder: pathlib.Path) -> tuple[int, str]:
    """Run the survey on a terminal of its own; return its exit code and all that was written there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(), cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    return process.wait(60), written.decode("utf-8")


def shown(written: str) -> list[str]:
    """Return the lines that a terminal shows in the end."""
    lines = []
    for line in written.split("\n"):
        text = ""
        for part in re.split(r"\r(?!$)", line.rstrip("\r")):
            text = part.removeprefix("\x1b[K") if part.startswith("\x1b[K") else part + text[len(part) :]
        lines.append(re.sub(r"\x1b\[[0-9;]*m", "", text))
    return lines


def test_on_a_terminal(folder: pathlib.Path) -> None:
    code, written = on_terminal(folder)
    assert code == 4, written
    told = [(int(done), int(failed), int(left)) for done, failed, left in LINE.findall(written)]
    assert len(told) >= 3, written
    assert all(done + left == SILENT + 1 for done, _failed, left in told)
    assert told == sorted(told), "hosts that are done stay done"
    assert told[-1] == (SILENT, SILENT, 1)
    seconds = [int(one) for one in re.findall(r"(\d+) s of the window left", written)]
    assert len(set(seconds)) >= 2, written
    screen = shown(written)
    assert not [line for line in screen if "hosts done" in line], screen
    assert not [line for line in screen if line.startswith("ok: [closed")]
    assert len([line for line in screen if line.startswith("closed07: unreachable")]) == 1
    assert "1 other host: nothing failed" in screen
    assert not [line for line in screen if line.startswith("localhost") and "ok=" in line]


@pytest.mark.parametrize(("interval", "wanted"), [("60", 0), ("1", 1)])
def test_in_a_log(folder: pathlib.Path, interval: str, wanted: int) -> None:
    done = subprocess.run(
        command(),
        cwd=folder,
        env=environment(EBPF_FLEET_LOG_INTERVAL=interval, ANSIBLE_NOCOLOR="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stdout
    assert "\r" not in done.stdout
    assert "\x1b" not in done.stdout
    lines = [line for line in done.stdout.splitlines() if "hosts done" in line]
    assert len(lines) >= wanted if wanted else not lines, done.stdout
    assert "ok: [localhost]" not in done.stdout.partition("PLAY [Report]")[0].partition("Visit the host")[2]
    assert [line for line in done.stdout.splitlines() if line.startswith("all ")]


def test_with_more_words_every_host_is_there(folder: pathlib.Path) -> None:
    done = subprocess.run(
        command("-v", "--limit", "web"),
        cwd=folder,
        env=environment(ANSIBLE_NOCOLOR="1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "ok: [localhost] => {" in done.stdout
    assert re.search(r"^localhost +: ok=", done.stdout, re.MULTILINE)
