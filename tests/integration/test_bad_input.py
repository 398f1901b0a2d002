# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input and bad luck: each gives one clear sentence, and nothing is lost that was already there."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import re
import shutil
import subprocess
import threading
import time
import typing as t

import playing
import pytest
import sshd
from collecting import NATIVE


def failures(played: playing.Played) -> list[str]:
    """Return the messages of failed tasks, without those of the hosts that follow from them."""
    found = re.findall(r"^fatal: \[.*?\]: (?:FAILED|UNREACHABLE)! => (\{.*\})$", played.out, re.MULTILINE)
    return [json.loads(one)["msg"] for one in found]


def is_one_sentence(message: str) -> bool:
    """Whether a message is a line that ends like a sentence, and no trace of a program."""
    return "\n" not in message and message[-1] in ".?" and not re.search(r"Traceback|[.?!][.?!]$", message)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with an inventory of three local hosts and one survey of them."""
    folder = tmp_path_factory.mktemp("stored")
    source = playing.hosts(folder, one=playing.LOCAL, two=playing.LOCAL, three=playing.LOCAL)
    played = playing.survey(folder, source, duration=1, collectors=["runqlat"])
    assert (played.code, played.recap) == (0, dict.fromkeys(("one", "two", "three"), "ok")), played.out
    return folder


@pytest.fixture
def folder(stored: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of it."""
    shutil.copytree(stored, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"collectors": ["runqlatt"]}, "there is no collector named 'runqlatt': did you mean runqlat?"),
        ({"collectors": ["../x"]}, "there is no collector named '../x': there are %s" % ", ".join(NATIVE)),
        ({"duration": 0}, "duration must be from 1 to 3600, not 0."),
        ({"duration": -1}, "duration must be from 1 to 3600, not -1."),
        ({"duration": 86400}, "duration must be from 1 to 3600, not 86400."),
    ],
)
def test_a_wrong_option_is_told_once_before_any_host_is_touched(
    stored: pathlib.Path, settings: dict[str, t.Any], said: str
) -> None:
    before = playing.contents(stored / "reports")
    played = playing.survey(stored, "inventory.yml", **settings)
    assert played.code == 2, played.out
    (message,) = failures(played)
    assert message.startswith("Nothing can be asked of the hosts: " + said)
    assert is_one_sentence(message)
    assert "Visit the host" not in played.out
    assert playing.contents(stored / "reports") == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"collectors": ["runqlatt"]}, "there is no collector named 'runqlatt': did you mean runqlat?"),
        ({"duration": 0}, "duration must be from 1 to 3600, not 0"),
        ({"duration": 86400}, "duration must be from 1 to 3600, not 86400"),
    ],
)
def test_the_module_says_the_same_of_a_wrong_option(stored: pathlib.Path, options: dict[str, t.Any], said: str) -> None:
    result = playing.ask(stored, "inventory.yml", "one", "collect", **options)
    assert result["failed"] is True
    assert result["msg"].rstrip(".") == said.rstrip(".")
    assert "record" not in result


def test_a_tier_that_the_host_does_not_have(server: sshd.Server, tmp_path: pathlib.Path) -> None:
    plain = server.host(server.plain.name, tag="tiers", ansible_python_interpreter=server.plain.python())
    source = playing.hosts(
        tmp_path,
        three={**plain, "survey_become": False, "survey_tier": "3"},
        two={**plain, "survey_become": False, "survey_tier": "2"},
        one={**plain, "survey_become": False, "survey_tier": "1"},
    )
    played = playing.survey(tmp_path, source, duration=1, collectors=NATIVE)
    assert (played.code, played.recap) == (2, {"three": "failed", "two": "failed", "one": "ok"})
    found = playing.records(tmp_path / "reports" / "latest")
    for host, said in (
        ("three", r"^this host has no tier 3: .*run with become: true"),
        (
            "two",
            r"^this host has no tier 2: (the tool runqlat of \S+ is not installed|running as user \d+; .* need root)\. To mend it: \w+",
        ),
    ):
        record = found[host]
        assert record["outcome"] == "failed"
        assert re.search(said, record["message"]), record["message"]
        assert record["capability"]["tier"] == 1, "what was gathered is kept"
        assert [(one["collector"], one["tier"], one["status"]) for one in record["results"]] == [
            (name, None, "failed") for name in NATIVE
        ]
        assert {attempt["tier"] for one in record["results"] for attempt in one["attempts"]} == {
            int({"three": 3, "two": 2}[host])
        }
    assert {one["tier"] for one in found["one"]["results"]} == {1}


@pytest.fixture
def read_only(tmp_path: pathlib.Path) -> collections.abc.Iterator[pathlib.Path]:
    """A folder on a file system that even root cannot write to, with something in it."""
    place = tmp_path / "mounted"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=True)
    try:
        (place / "old").write_text("here before", encoding="ascii")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_report_folder_that_cannot_be_written(read_only: pathlib.Path, stored: pathlib.Path) -> None:
    file = stored / "a file"
    file.write_text("here before", encoding="ascii")
    for report_dir, said in (
        (
            read_only,
            r"Cannot make the folder %s/\S+: Read-only file system \(the file system is mounted read-only; .*\)\.",
        ),
        (file, r"Cannot make the folder %s/\S+: Not a directory \(a part of the path is a file, not a folder; .*\)\."),
    ):
        played = playing.ansible(
            *("ansible-playbook", "ebpf.fleet.survey", "-i", "inventory.yml"), folder=stored, REPORT_DIR=str(report_dir)
        )
        assert played.code == 2, played.out
        (message,) = failures(played)
        whole = r"No report can be written, and no host was visited\. " + said % re.escape(str(report_dir))
        assert re.fullmatch(whole, message), message
        assert "Visit the host" not in played.out
    assert (file.read_text(encoding="ascii"), playing.contents(read_only)) == ("here before", {"old": b"here before"})


def test_records_of_another_version_and_torn_ones(folder: pathlib.Path) -> None:
    run = (folder / "reports" / "latest").resolve()
    before = playing.contents(run / "hosts")
    other = json.loads(before["one.json"])
    other["schema"] = "ebpf.fleet.record/7"
    (run / "hosts" / "one.json").write_text(json.dumps(other), encoding="utf-8")
    (run / "hosts" / "two.json").write_bytes(before["two.json"][:-100])
    damaged = playing.contents(run / "hosts")
    played = playing.report(folder)
    assert (played.code, played.recap) == (0, {"localhost": "ok"}), played.out
    rows = {row["host"]: (row["outcome"], row["message"]) for row in playing.survey_json(run)["hosts"]}
    versions = "The record has the version ebpf.fleet.record/7, and this ebpf.fleet reads ebpf.fleet.record/1"
    assert rows["one"] == ("failed", versions + ": use one version of ebpf.fleet for both.")
    assert rows["two"][0] == "failed"
    assert re.fullmatch(r"The stored record two\.json is torn or not JSON \(.*\)\.", rows["two"][1])
    assert rows["three"] == ("ok", None)
    assert playing.contents(run / "hosts") == damaged, "a report only reads"
    page = (run / "survey.html").read_text(encoding="utf-8")
    assert "ebpf.fleet.record/7" in page
    assert "is torn or not JSON" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", r"Cannot use \S+/run\.json: it is not whole JSON \(.*\)\."),
        ('{"schema": "ebpf.fleet.run/9"}', r"Cannot use \S+/run\.json: it is not a run of this version \(.*\)\."),
    ],
)
def test_a_run_that_cannot_be_read(folder: pathlib.Path, text: str, said: str) -> None:
    (folder / "reports" / "latest" / "run.json").write_text(text, encoding="ascii")
    before = playing.contents(folder / "reports")
    played = playing.report(folder)
    assert played.code == 2
    (message,) = failures(played)
    assert re.fullmatch("The report is not written; what the run had stored is untouched. " + said, message), message
    assert playing.contents(folder / "reports") == before


def test_no_run_yet_and_a_run_that_cannot_be_named(tmp_path: pathlib.Path, stored: pathlib.Path) -> None:
    for folder, settings, said in (
        (tmp_path, {}, r"There is no run in \S+ yet: run the playbook ebpf\.fleet\.survey first, or name a run\."),
        (stored, {"run": "../../etc"}, r"The run id '../../etc' cannot name a folder: use .*\."),
    ):
        played = playing.report(folder, **settings)
        assert played.code == 2
        (message,) = failures(played)
        assert re.search(said + "$", message), message
        assert is_one_sentence(message.partition("untouched. ")[2])


@pytest.fixture
def small_disk(tmp_path: pathlib.Path) -> collections.abc.Iterator[pathlib.Path]:
    """A small file system."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place: pathlib.Path) -> None:
    """Leave not one block of a file system."""
    with open(place / "ballast", "ab", buffering=0) as stream, pytest.raises(OSError, match="No space left"):
        while True:
            stream.write(b"x" * 4096)


def test_a_disk_that_becomes_full_in_mid_run(small_disk: pathlib.Path, tmp_path: pathlib.Path) -> None:
    early = {**playing.LOCAL, "survey_duration": 1}
    late = {**playing.LOCAL, "survey_duration": 5}
    source = playing.hosts(tmp_path, early=early, late=late)
    seen: list[dict[str, bytes]] = []

    def fill_after_the_first_record() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if any(small_disk.glob("*/hosts/early.json")):
                fill(small_disk)
                seen.append(playing.contents(small_disk))
                return
            time.sleep(0.01)

    watcher = threading.Thread(target=fill_after_the_first_record)
    watcher.start()
    played = playing.survey(tmp_path, source, report_dir=str(small_disk), collectors=NATIVE)
    watcher.join()
    (before,) = seen
    assert not [name for name in before if name.endswith("late.json")], "it was full before the second record came"

    # The recap is true, the reasons are told, and so is what was found, although it cannot be kept.
    assert (played.code, played.recap["late"]) == (2, "failed"), played.out
    full = r"No space left on device \(the disk is full; free some space or choose another folder\)\."
    assert re.search(
        r"The host was visited, but its record is lost\. Cannot write \S+/late\.json: " + full, played.flat
    )
    assert re.search(
        r"The report is not written; what the run had stored is untouched\. Cannot write \S+: " + full, played.flat
    )
    assert re.search(r"^all +2 +1 +\. +\. +1 +1 ok, 1 failed$", played.out, re.MULTILINE), played.out
    assert "Traceback" not in played.out

    # Nothing is lost that was already there, and nothing half is beside it.
    assert playing.contents(small_disk) == before

    # A run that could not be stored is not begun.
    again = playing.survey(tmp_path, source, report_dir=str(small_disk))
    assert again.code == 2
    (message,) = failures(again)
    assert re.fullmatch(r"No report can be written, and no host was visited\. Cannot \w+ \S.*: " + full, message), (
        message
    )
    assert playing.contents(small_disk) == before

    # With room again, the report of what there is can be made.
    (small_disk / "ballast").unlink()
    (run,) = {path.parents[1] for path in small_disk.glob("*/hosts/early.json")}
    later = playing.report(tmp_path, dir=str(small_disk), run=run.name)
    assert later.code == 0, later.out
    rows = {row["host"]: row["outcome"] for row in playing.survey_json(run)["hosts"]}
    assert rows == {"early": "ok", "late": "failed"}


def test_a_damaged_program_costs_one_collector_its_tier(tmp_path: pathlib.Path) -> None:
    generated = "plugins/module_utils/_programs/biolatency.py"
    text = (playing.CHECKOUT / generated).read_text(encoding="ascii")
    digest = re.findall(r'^SHA256 = "([0-9a-f]{64})"', text, re.MULTILINE)[0]
    collections = playing.changed_copy(tmp_path, generated, digest, digest[::-1])
    source = playing.hosts(tmp_path, host=playing.LOCAL)
    played = playing.survey(tmp_path, source, duration=1, collectors=NATIVE, collections=collections)
    assert (played.code, played.recap) == (0, {"host": "ok"}), played.out
    record = playing.records(tmp_path / "reports" / "latest")["host"]
    assert record["outcome"] == "ok"
    found = {one["collector"]: one for one in record["results"]}
    # The next tier answers: where libbpf-tools are installed 2, else 1.
    instead = found["biolatency"]["tier"]
    assert instead in (1, 2)
    assert {name: one["tier"] for name, one in found.items()} == {**dict.fromkeys(NATIVE, 3), "biolatency": instead}
    assert found["biolatency"]["status"] in ("ok", "idle")
    assert found["biolatency"]["source"].startswith({1: "procfs:/proc/diskstats", 2: "libbpf-tools:/"}[instead])
    first = found["biolatency"]["attempts"][0]
    assert first["tier"] == 3
    assert re.fullmatch(
        r".*the embedded program biolatency is not what was built: SHA-256 %s, not %s.*" % (digest, digest[::-1]),
        first["reason"]["message"],
    )


def test_a_damaged_bundle_is_one_sentence(tmp_path: pathlib.Path) -> None:
    text = (playing.CHECKOUT / playing.BUNDLE).read_text(encoding="ascii")
    digest = re.findall(r'^SHA256 = "([0-9a-f]{64})"', text, re.MULTILINE)[0]
    collections = playing.changed_copy(tmp_path, playing.BUNDLE, digest, digest[::-1])
    source = playing.hosts(tmp_path, host=playing.LOCAL)
    played = playing.survey(tmp_path, source, duration=1, collectors=NATIVE, collections=collections)
    assert (played.code, played.recap) == (2, {"host": "failed"}), played.out
    record = playing.records(tmp_path / "reports" / "latest")["host"]
    assert record["outcome"] == "failed"
    assert re.search(r"\S+/_bundle\.py is damaged: install the collection again", record["message"])
    assert "Traceback" not in played.out


def test_a_module_that_fails_in_the_middle_keeps_what_it_has(tmp_path: pathlib.Path) -> None:
    file = "plugins/module_utils/_collectors/execsnoop.py"
    code = '    start = struct.unpack("=QQ", maps.variable_bytes("window"))[0]\n'
    collections = playing.changed_copy(tmp_path, file, code, code + '    raise ZeroDivisionError("a defect")\n')
    source = playing.hosts(tmp_path, host=playing.LOCAL)
    played = playing.survey(tmp_path, source, duration=1, collectors=NATIVE, collections=collections)
    record = playing.records(tmp_path / "reports" / "latest")["host"]
    assert "the collection ended early: ZeroDivisionError: a defect" in record["message"]
    assert [(one["collector"], one["tier"]) for one in record["results"]] == [(name, 3) for name in NATIVE[:3]]
    assert (record["outcome"], record["capability"]["tier"]) == ("partial", 3)
    assert record["cost"]["wall_ms"] > 1000
    assert (played.code, played.recap) == (0, {"host": "ok"}), played.out
    assert "the collection ended early" in played.flat
