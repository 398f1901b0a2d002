# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One survey of a fleet over a real sshd: hosts that differ, hosts that fail, hosts with hostile names."""

from __future__ import annotations

import base64
import hashlib
import html
import html.parser
import json
import os
import pathlib
import re
import sys
import threading
import typing as t

import jsonschema
import kernel_objects
import playing
import pytest
import sshd
from ansible.module_utils import basic
from collecting import NATIVE

WINDOW = 2
# Names that Ansible takes from a YAML inventory.
PARENT = "..%2f..%2fpasswd"
SCRIPT = "<script>alert(1)</script>"
UNREACHED = [
    "gone",
    "../../outside",
    "/etc/passwd",
    "two words, 'one' \"two\"",
    "a|b `c` *d* @all",
    "{{ 7 * 7 }}",
    "line\nbreak",
    "caf\u00e9 \u202e",
    "-oProxyCommand=touch pwned",
]
OUTCOMES = {
    "web-root": "ok",
    "web-sudo": "ok",
    "db-plain": "ok",
    "db-oldest": "ok",
    PARENT: "ok",
    SCRIPT: "ok",
    "no-python": "failed",
    **dict.fromkeys(UNREACHED, "unreachable"),
}
TIERS = {"web-root": 3, "web-sudo": 3, "db-plain": 1, "db-oldest": 3, PARENT: 3, SCRIPT: 3}
OLDEST: tuple[int, int] = basic._PY_MIN  # the oldest Python that this ansible-core runs modules with
# A program's name that is not UTF-8, and one that a page would run.
BAD, SHOWN = b"\xff\xfe\xfdbad", "\ufffd\ufffd\ufffdbad"
TAG = "<b>pwn</b>"


class Fleet(t.NamedTuple):
    """What the survey left behind."""

    played: playing.Played
    folder: pathlib.Path
    run: pathlib.Path
    records: dict[str, dict[str, t.Any]]
    survey: dict[str, t.Any]
    made: frozenset[kernel_objects.Object]  # objects of ours in the kernel at the end that were not there before
    payloads: set[pathlib.Path]  # the same of the folders into which Ansible unpacks a module


def tree(server: sshd.Server, closed: int) -> dict[str, t.Any]:
    """Return the inventory: fleets within fleets."""
    python = sys.executable
    web = {
        "web-root": server.host(tag="web-root", ansible_python_interpreter=python, ansible_pipelining=True),
        "web-sudo": server.host(
            server.admin.name,
            tag="web-sudo",
            ansible_python_interpreter=server.admin.python(),
            ansible_pipelining=False,
        ),
    }
    database = {
        "db-plain": server.host(
            server.plain.name,
            tag="db-plain",
            ansible_python_interpreter=server.plain.python(),
            ansible_pipelining=False,
        ),
        "db-oldest": server.host(
            tag="db-oldest", ansible_python_interpreter=sshd.oldest_python(OLDEST), ansible_pipelining=False
        ),
    }
    odd = {
        PARENT: server.host(tag="parent", ansible_python_interpreter=python, ansible_pipelining=False),
        SCRIPT: server.host(tag="script", ansible_python_interpreter=python, ansible_pipelining=True),
        "no-python": server.host(tag="no-python", ansible_python_interpreter="/nonexistent/python3"),
        **{name: server.host(tag="closed", ansible_port=closed) for name in UNREACHED},
    }
    return {
        "children": {
            "production": {"children": {"web": {"hosts": web}, "database": {"hosts": database}}},
            "odd": {"hosts": odd},
        },
        "hosts": {"left-out": server.host(tag="left-out")},
    }


def unpacked() -> set[pathlib.Path]:
    """Return the folders into which Ansible unpacks a module while it runs."""
    return set(pathlib.Path("/tmp").glob("ansible_ebpf.fleet.*"))


def start_programs(folder: pathlib.Path, stop: threading.Event) -> None:
    """Start programs with the two odd names, again and again."""
    names = [os.path.join(os.fsencode(folder), name) for name in (BAD, TAG.replace("/", "\u2215").encode())]
    for name in names:
        os.symlink("/bin/true", name)
    while not stop.wait(0.03):  # often enough to be among the ten that a page shows, on a busy machine too
        for name in names:
            os.waitpid(os.posix_spawn(name, [name], {}), 0)


@pytest.fixture(scope="module")
def fleet(server: sshd.Server, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Run the survey once."""
    folder = tmp_path_factory.mktemp("survey")
    programs = tmp_path_factory.mktemp("programs")
    held, closed = sshd.closed_port()
    with held:
        source = playing.inventory(folder, tree(server, closed))
        before, unpacked_before = kernel_objects.ours(), unpacked()
        stop = threading.Event()
        thread = threading.Thread(target=start_programs, args=(programs, stop))
        thread.start()
        try:
            played = playing.survey(folder, source, "--limit", "all:!left-out", duration=WINDOW, collectors=NATIVE)
        finally:
            stop.set()
            thread.join()
        made, payloads = kernel_objects.ours() - before, unpacked() - unpacked_before
    run = (folder / "reports" / "latest").resolve()
    return Fleet(played, folder, run, playing.records(run), playing.survey_json(run), made, payloads)


def test_recap_and_exit_code_are_true(fleet: Fleet) -> None:
    assert fleet.played.code == 4, fleet.played.out  # Ansible's code for unreachable hosts
    assert fleet.played.recap == OUTCOMES
    assert "Traceback" not in fleet.played.out


def test_one_record_for_each_host(fleet: Fleet) -> None:
    assert {host: record["outcome"] for host, record in fleet.records.items()} == OUTCOMES
    assert {path.parent for path in fleet.run.rglob("*.json")} == {fleet.run, fleet.run / "hosts"}
    assert sorted(path.name for path in fleet.folder.iterdir() if path.name != ".ansible") == [
        "inventory.yml",
        "reports",
    ]
    assert {record["run"] for record in fleet.records.values()} == {fleet.run.name}


def test_roll_call(fleet: Fleet) -> None:
    assert {row["host"]: row["outcome"] for row in fleet.survey["hosts"]} == {**OUTCOMES, "left-out": "skipped"}
    fleets = {row["host"]: row["fleets"] for row in fleet.survey["hosts"]}
    assert (fleets["web-root"], fleets["db-plain"]) == (["production", "web"], ["database", "production"])
    assert (fleets[SCRIPT], fleets["left-out"]) == (["odd"], ["ungrouped"])
    assert {row["fleet"]: row["hosts"] for row in fleet.survey["fleets"]} == {
        "web": 2,
        "database": 2,
        "production": 4,
        "odd": 3 + len(UNREACHED),
        "ungrouped": 1,
    }
    whole = fleet.survey["inventory"]
    assert whole["hosts"] == len(OUTCOMES) + 1
    assert whole["tiers"] == {"3": 5, "2": 0, "1": 1, "unknown": len(OUTCOMES) + 1 - 6}


def test_tiers_and_sources(fleet: Fleet) -> None:
    found = {host: record["capability"] for host, record in fleet.records.items()}
    assert {host: capability and capability["tier"] for host, capability in found.items()} == {
        host: TIERS.get(host) for host in OUTCOMES
    }
    for host, tier in TIERS.items():
        results = fleet.records[host]["results"]
        assert [one["collector"] for one in results] == NATIVE
        for one in results:
            assert one["status"] in ("ok", "idle"), (host, one)
            assert one["tier"] == tier, (host, one)
            assert one["source"].startswith("native:" if tier == 3 else "procfs:/proc/")
            assert one["window"]["seconds"] == pytest.approx(WINDOW, abs=0.5)
            tried = list(dict.fromkeys(attempt["tier"] for attempt in one["attempts"]))
            assert tried == ([] if tier == 3 else [3, 2]), (host, one)
        (count,) = [one["data"]["count"] for one in results if one["collector"] == "execsnoop"]
        assert count > 0


def test_a_host_that_refuses_sudo_is_visited_without(fleet: Fleet) -> None:
    record = fleet.records["db-plain"]
    (warning,) = record["warnings"]
    assert warning.startswith("The host was visited without sudo, which failed: ")
    assert "password" in warning
    assert record["capability"]["privilege"]["euid"] != 0
    assert {one["requirement"] for one in record["capability"]["blockers"]} >= {"privilege"}
    reasons = {one["attempts"][0]["reason"]["code"] for one in record["results"]}
    remedies = [one["attempts"][0]["reason"]["remedy"] for one in record["results"]]
    assert reasons == {"privilege"}
    assert all(remedy.startswith("run with become: true") for remedy in remedies)
    for host in ("web-root", "web-sudo", "db-oldest"):
        assert fleet.records[host]["warnings"] == []
        assert fleet.records[host]["capability"]["privilege"]["euid"] == 0


def test_the_oldest_python(fleet: Fleet) -> None:
    version = fleet.records["db-oldest"]["capability"]["userland"]["python"]
    found = tuple(int(part) for part in version.split(".")[:2])
    assert OLDEST <= found < sys.version_info[:2], "no Python that is older than this one, %s, was found" % sys.version


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("gone", "Connection refused"),
        ("no-python", "No Python was found on the host"),
        ("no-python", "install Python 3.8 or newer there, or set ansible_python_interpreter"),
    ],
)
def test_why_a_host_gave_no_answer(fleet: Fleet, host: str, said: str) -> None:
    message = fleet.records[host]["message"]
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")
    assert fleet.records[host]["capability"] is None
    (row,) = [row for row in fleet.survey["hosts"] if row["host"] == host]
    assert row["message"] == message


def test_files_are_what_the_schemas_say(fleet: Fleet) -> None:
    schemas = playing.CHECKOUT / "docs" / "schemas"
    record_schema = json.loads((schemas / "record.v1.json").read_text(encoding="utf-8"))
    survey_schema = json.loads((schemas / "survey.v1.json").read_text(encoding="utf-8"))
    for schema in (record_schema, survey_schema):
        jsonschema.Draft202012Validator.check_schema(schema)
    for record in fleet.records.values():
        jsonschema.Draft202012Validator(record_schema).validate(record)
    jsonschema.Draft202012Validator(survey_schema).validate(fleet.survey)


def test_the_summary_is_printed(fleet: Fleet) -> None:
    lines = fleet.played.out.splitlines()
    rows = {line.split()[0]: line.split()[1:6] for line in lines if line.startswith(("web ", "database ", "all "))}
    hosts = len(OUTCOMES) + 1
    assert rows == {
        "web": ["2", "2", ".", ".", "."],
        "database": ["2", "1", ".", "1", "."],
        "all": [str(hosts), "5", ".", "1", str(hosts - 6)],
    }
    assert "What stands between the rest and tier 3:" in lines
    assert "run with become: true" in fleet.played.flat
    assert str(fleet.run / "survey.html") in lines


def test_latest_is_a_link_to_the_run(fleet: Fleet) -> None:
    link = fleet.folder / "reports" / "latest"
    assert link.is_symlink()
    assert os.readlink(link) == fleet.run.name, "relative, so that the folder can be moved"


class Page(html.parser.HTMLParser):
    """The page as a browser reads it."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.attributes.update(name for name, _value in attrs)

    def handle_data(self, data: str) -> None:
        """Keep what a person reads."""
        self.text += data


def shown(name: str) -> str:
    """Return a host's name as a report shows it: on one line, without what turns text around."""
    return " ".join(name.split()).replace("\u202e", "\ufffd")


def test_the_page_shows_every_host_and_runs_nothing_of_theirs(fleet: Fleet) -> None:
    text = (fleet.run / "survey.html").read_text(encoding="utf-8")
    page = Page(text)
    (data,) = re.findall('<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    names = json.loads(data)["hosts"]["host"]
    assert sorted(names) == sorted(shown(name) for name in (*OUTCOMES, "left-out"))
    assert not page.tags & {"iframe", "img", "object", "link"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert "<script>alert" not in text
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (digest,) = (base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts)
    policy = html.unescape(re.findall('<meta http-equiv="Content-Security-Policy" content="(.*?)">', text)[0])
    assert policy.startswith("default-src 'none'; script-src 'sha256-%s'; " % digest), "no other script runs"
    for one in NATIVE:
        assert one in page.text


def test_the_markdown_shows_every_host_and_is_nothing_else(fleet: Fleet) -> None:
    text = (fleet.run / "survey.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("\n## Hosts\n")[2].splitlines() if line.startswith("| `")]
    assert len(rows) == len(OUTCOMES) + 1
    for name in (*OUTCOMES, "left-out"):
        assert len([row for row in rows if shown(name).replace("|", "\\|") in row]) == 1, name
    outside = "".join(part for part in text.replace("``", "`").split("`")[::2])
    assert "<script" not in outside
    assert "<b>" not in outside


def test_names_that_are_no_text_are_shown_all_the_same(fleet: Fleet) -> None:
    (result,) = [one for one in fleet.records["web-root"]["results"] if one["collector"] == "execsnoop"]
    assert [one["count"] for one in result["data"]["items"] if one["labels"] == {"comm": SHOWN}] >= [1]
    events = [event for event in result["data"]["events"] if event["comm"] == SHOWN]
    assert events
    assert {event["filename"].rpartition("/")[2] for event in events} == {SHOWN}
    (whole,) = [one for one in fleet.survey["inventory"]["collectors"] if one["collector"] == "execsnoop"]
    names = {item["labels"]["comm"] for item in whole["items"]}
    assert names >= {SHOWN, TAG.replace("/", "\u2215")}
    page = Page((fleet.run / "survey.html").read_text(encoding="utf-8"))
    assert SHOWN in page.text
    assert TAG.replace("/", "\u2215") in page.text


def test_nothing_is_left_on_the_hosts(fleet: Fleet, server: sshd.Server) -> None:
    assert kernel_objects.left_of(fleet.made) == frozenset()
    assert server.left_processes() == {}
    assert server.left_files() == []
    assert unpacked() & fleet.payloads == set()
