# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import a built collection as Galaxy would: `importer.py TARBALL`. A warning is a failure, as an error is."""

from __future__ import annotations

import logging
import pathlib
import sys

from galaxy_importer import collection, config
from galaxy_importer.exceptions import ImporterError

WANTED = {"check_changelog": True, "check_required_tags": True, "run_ansible_doc": True, "run_ansible_lint": True}


class Findings(logging.Handler):
    """Print everything, keep what is worse than information."""

    def __init__(self) -> None:
        super().__init__()
        self.worse: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        print("%s: %s" % (record.levelname, record.getMessage()), flush=True)
        if record.levelno > logging.INFO:
            self.worse.append(record.getMessage())


def main(tarball: pathlib.Path) -> int:
    findings = Findings()
    log = logging.getLogger("importer")
    log.setLevel(logging.INFO)
    log.addHandler(findings)
    namespace, name, rest = tarball.name.split("-", 2)
    filename = collection.CollectionFilename(namespace, name, rest[: -len(".tar.gz")])
    with tarball.open("rb") as stream:
        try:
            collection.import_collection(stream, filename, logger=log, cfg=config.Config(config_data=WANTED))
        except ImporterError as error:
            log.error("%s", error)
    print("%d findings" % len(findings.worse))
    return 1 if findings.worse else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
