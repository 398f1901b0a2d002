# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bcc's tools say when they cannot work, read for its cause."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._tiers import _tool_failures

FIXTURES = pathlib.Path(__file__).parents[3] / "fixtures" / "bcc"
ATTACH = (
    "Exception: Failed to attach BPF program b'trace_req_done' to kprobe b'blk_account_io_done', "
    'it\'s not traceable (either non-existing, inlined, or marked as "notrace")\n'
)


@pytest.mark.parametrize(
    "output",
    [
        "ERROR: no btrfs_file_operations in /proc/kallsyms. Exiting.\nHINT: the kernel should be built with ...\n",
        "Failed to attach to a hardware event. Is this a virtual machine?\n",
        "Linux 6.8 and later are not supported due to kernel internal data structure changes.\nPlease use ...\n",
    ],
)
def test_a_tool_that_is_none_for_this_host_is_unsupported(output: str) -> None:
    reason = _tool_failures.explain(output, "", "exit status 0")
    assert reason.code == "unsupported"
    assert reason.remedy is None
    assert output.split("\n", maxsplit=1)[0][:40] in reason.message


@pytest.mark.parametrize(
    ("output", "errors", "code", "remedy"),
    [
        (
            "Unable to find kernel headers. Try rebuilding kernel with CONFIG_IKHEADERS=m (module) or installing ...\n",
            "chdir(/lib/modules/6.1.0/build): No such file or directory\nException: Failed to compile BPF module <text>\n",
            "no_headers",
            "linux-headers-$(uname -r)",
        ),
        ("", "fatal error: 'linux/kconfig.h' file not found\n1 error generated.\n", "no_headers", "linux-headers"),
        ("", "error: no member named 'x'\n2 errors generated.\nException: Failed to compile", "compile", "update bcc"),
        ("", "cannot attach kprobe, Invalid argument\n" + ATTACH, "no_probe", "CONFIG_KPROBES"),
        (
            "",
            "open(/sys/kernel/debug/tracing/kprobe_events): No such file or directory\n" + ATTACH,
            "no_tracefs",
            "mount -t debugfs",
        ),
        (
            "",
            "open(/sys/kernel/tracing/events/block/block_rq_complete/id): No such file or directory\n",
            "no_tracefs",
            "mount -t debugfs",
        ),
        (
            "",
            "Traceback\nFileNotFoundError: [Errno 2] No such file or directory: '/sys/kernel/debug/kprobes/blacklist'\n",
            "no_tracefs",
            "mount -t debugfs",
        ),
        ("", "Exception: Need super-user privileges to run\n", "privilege", "become"),
        ("", "ModuleNotFoundError: No module named 'bcc'\n", "no_library", "python3-bpfcc"),
        (
            "",
            "OSError: libbcc.so.0: cannot open shared object file: No such file or directory",
            "no_library",
            "libraries",
        ),
        ("", "usage: x [-h]\nx: error: unrecognized arguments: -U\n", "usage", "update"),
        ("", "bpf: Failed to load program: Operation not permitted\n", "EPERM", "outside of a container"),
        ("", "bpf: Failed to load program: Invalid argument\nException: Failed to load BPF program", "load", "update"),
        ("", "perf_event_open: Permission denied\nException: Could not open perf buffer", "no_perf", "paranoid"),
        ("", "could not open bpf map: dist, error: Cannot allocate memory\n", "ENOMEM", "ulimit"),
    ],
)
def test_causes(output: str, errors: str, code: str, remedy: str) -> None:
    reason = _tool_failures.explain(output, errors, "exit status 1")
    assert reason.code == code
    assert remedy in (reason.remedy or "")
    assert (errors or output).strip().split("\n")[-1][:60] in reason.message


@pytest.mark.parametrize(
    ("cause", "code", "most"),
    [
        ("unprivileged", "EPERM", 2),
        ("nobtf", "btf", 2),
        ("notracefs", "no_tracefs", 2),
        ("nokprobe", "no_probe", 5),
        ("option", "usage", 1),
        ("verifier", "load", 1),
    ],
)
def test_what_the_real_tools_of_libbpf_tools_say(cause: str, code: str, most: int) -> None:
    files = sorted((FIXTURES.parent / "libbpf_tools" / "failed").glob("*-%s.txt" % cause))
    assert len(files) == most
    for errors in files:
        reason = _tool_failures.explain("", errors.read_text(), "exit status 1")
        assert (errors.name, reason.code) == (errors.name, code)
        assert reason.remedy


def test_what_a_tool_says_of_btf_that_it_has_found_is_no_cause() -> None:
    """offcputime is asked to say much, and then crashed."""
    errors = "libbpf: loading kernel BTF '/sys/kernel/btf/vmlinux': 0\nlibbpf: prog 'x': relo #1: patched insn #9\n"
    reason = _tool_failures.explain("", errors, "signal 11")
    assert (reason.code, "ended with signal 11" in reason.message) == ("exited", True)


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ("noheaders", "no_headers"),
        ("notrace", "no_probe"),
        ("nodebugfs", "no_tracefs"),
        ("nodebugfs-notracefs", "no_tracefs"),
        ("unprivileged", "EPERM"),
    ],
)
def test_what_the_real_tools_say(variant: str, code: str) -> None:
    files = sorted(FIXTURES.glob("*[a-z]-%s-0.26.stderr.txt" % variant))
    assert files
    for errors in files:
        output = errors.with_name(errors.name.replace(".stderr", ""))
        reason = _tool_failures.explain(output.read_text(), errors.read_text(), "exit status 1")
        assert (errors.name, reason.code) == (errors.name, code)
        assert "File " not in reason.message


def test_what_is_not_known_is_told_as_it_is() -> None:
    reason = _tool_failures.explain("", "Segmentation fault\n", "signal 11")
    assert reason == ("exited", "the tool ended with signal 11: Segmentation fault", None)
    assert (
        _tool_failures.explain("", "", "exit status 0").message == "the tool ended with exit status 0, without a word"
    )


@pytest.mark.parametrize(
    ("lockdown", "code"), [("confidentiality", "lockdown"), ("integrity", "EPERM"), (None, "EPERM")]
)
def test_lockdown_is_named(lockdown: str | None, code: str) -> None:
    errors = "bpf: Failed to load program: Operation not permitted\n"
    assert _tool_failures.explain("", errors, "exit status 1", lockdown).code == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n \n\t^~~~\n", ""),
        ('x: no such file\nTraceback (most recent call last):\n  File "x"\n    f()\nE: y\n', "x: no such file | E: y"),
        ("a\nb\nc\nd\n", "b | c | d"),
        ("\x1b[31mred\x1b[0m\r\n", "\ufffd[31mred\ufffd[0m"),
    ],
)
def test_the_last_lines(text: str, expected: str) -> None:
    assert _tool_failures.last_lines(text) == expected


def test_the_last_lines_are_bounded() -> None:
    assert len(_tool_failures.last_lines("x" * 100000)) == 400


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ("usage: x\nx: error: unrecognized arguments: -U\n", ("-U",)),
        ("x: error: unrecognized arguments: -q -U extra\n", ("-q", "-U")),
        ("x: error: argument -t: expected one argument\n", ()),
        ("", ()),
    ],
)
def test_arguments_that_are_not_known(errors: str, expected: tuple[str, ...]) -> None:
    assert _tool_failures.unknown_arguments(errors, ("-t", "-q", "-U")) == expected
