# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that cannot run the lab: one sentence says why and what was not run; under CI that is a failure.

Each is made real in a mount namespace of its own, in which the rest of the machine is as it was.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import needs
import pytest

CLOSED = "http://127.0.0.1:1/debian"  # tcpmux: nothing listens there
SECONDS = 600
SKIPPED = "None of the tests on real kernels (tests/lab) was run. "
FAILED = "The lab of real kernels must run under CI. "

_SMALL = 'mount -t tmpfs -o size=64m tmpfs "$LAB_CACHE"'
# dpkg knows of no QEMU; apt has neither lists nor packages nor a network, and so cannot touch the machine.
_NO_QEMU = r"""
awk -v RS= -v ORS='\n\n' '!/^Package: qemu-system-x86\n/' /var/lib/dpkg/status >"$LAB_CACHE/status"
mount --bind "$LAB_CACHE/status" /var/lib/dpkg/status
mount -t tmpfs tmpfs /var/lib/apt/lists
mount -t tmpfs tmpfs /var/cache/apt
"""
CASES: dict[str, tuple[str, dict[str, str], str]] = {
    "no QEMU": (
        _NO_QEMU,
        {},
        "The lab of real kernels: apt-get could not install qemu-system-x86: E: ",
    ),
    "no disk space": (
        _SMALL,
        {},
        "The lab needs 8 GiB of disk for {cache}, and 0.1 GiB are free.",
    ),
    "no mirror": (
        "",
        {"LAB_MIRROR": CLOSED},
        "The package mirror %s gives no package lists: reading them failed: apt-get: E: " % CLOSED,
    ),
}


def lab(folder: pathlib.Path, case: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the lab's code on such a machine."""
    prepare, more, _sentence = CASES[case]
    unset = ("CI", "LAB_CACHE", "LAB_MIRROR", "LAB_GUESTS", "PYTEST_ADDOPTS")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-ec", prepare + '\nexec "$@"', "sh", sys.executable, *arguments],
        cwd=needs.CHECKOUT,
        env={**kept, **more, **variables, "LAB_CACHE": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def sentence(folder: pathlib.Path, case: str) -> str:
    """Return the sentence's beginning."""
    return CASES[case][2].format(cache=folder)


@pytest.mark.parametrize("case", CASES)
def test_by_hand_it_is_one_sentence(tmp_path: pathlib.Path, case: str) -> None:
    done = lab(tmp_path, case, "tests/lab", "build", "newest")
    assert done.returncode == 1, done.stdout
    lines = [line for line in done.stdout.splitlines() if ": installing " not in line]
    assert len(lines) == 1, done.stdout
    assert lines[0].startswith(sentence(tmp_path, case)), done.stdout


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("variables", "code", "beginning"), [({}, 0, SKIPPED), ({"CI": "true"}, 1, FAILED)], ids=["here", "CI"]
)
def test_the_tests_say_what_was_not_run(
    tmp_path: pathlib.Path, case: str, variables: dict[str, str], code: int, beginning: str
) -> None:
    one = "tests/lab/test_survey.py::test_the_report_counts_every_host"
    done = lab(tmp_path, case, "-m", "pytest", "-o", "cache_dir=%s" % (tmp_path / "pytest"), "-rs", one, **variables)
    assert done.returncode == code, done.stdout
    assert beginning + sentence(tmp_path, case) in done.stdout, done.stdout
    assert ("1 skipped" in done.stdout) == (code == 0)
