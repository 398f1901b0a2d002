# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give ansible-test the pip that its environments begin with: `ansible_test_pip.py HOME LOCK`.

ansible-test downloads a "get-pip" script from a server of its own, not from the package index, and keeps it in
HOME/.ansible/test/cache. That server is one more thing to trust and to reach. This puts a script there first that does
the same with pip's wheel from the index, pinned by hash in LOCK, whose version is the one that ansible-test asks for.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

SCRIPT = '''\
"""Install what ansible-test asks of its get-pip script, by the pip in {wheel!r}."""
import runpy
import sys

sys.path.insert(0, {wheel!r})
sys.argv[1:] = ["install"] + [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def main(home: pathlib.Path, lock: pathlib.Path) -> int:
    cache = (home / ".ansible" / "test" / "cache").absolute()
    version = next(word for word in lock.read_text(encoding="utf-8").split() if word.startswith("pip==")).partition(
        "=="
    )[2]
    wheel = cache / ("pip-%s-py3-none-any.whl" % version)
    if not wheel.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--no-input",
            "download",
            "--quiet",
            "--no-deps",
        ]
        subprocess.run([*pip, "--require-hashes", "--requirement", str(lock), "--dest", str(cache)], check=True)
    script = cache / ("get_pip_%s.py" % version.replace(".", "_"))
    script.write_text(SCRIPT.format(wheel=str(wheel)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
