# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that wait on the disk, in a file without a name: written once, read as often as they are wanted."""

from __future__ import annotations

import json
import tempfile
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils import _files
from ansible_collections.ebpf.fleet.plugins.plugin_utils._row import Row


class Spool:
    """JSON objects, one a line. StorageError where they find no room."""

    def __init__(self, folder: str) -> None:
        """Make the file in a folder."""
        self._folder = folder
        try:
            self._file = tempfile.TemporaryFile("w+", encoding="ascii", dir=folder)  # noqa: SIM115 -- close() closes it
        except OSError as error:
            raise _files.explain("write in the folder", folder, error) from error

    def fill(self, rows: t.Iterable[Row]) -> None:
        """Write the rows; what cannot be written leaves nothing behind."""
        try:
            for row in rows:
                self._file.write(json.dumps(row, separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            self.close()
            raise _files.explain("write in the folder", self._folder, error) from error
        except BaseException:
            self.close()
            raise

    def lines(self) -> t.Iterator[str]:
        """Yield each row as its line of JSON."""
        self._file.seek(0)
        yield from self._file

    def rows(self) -> t.Iterator[Row]:
        """Yield each row."""
        for line in self.lines():
            yield json.loads(line)

    def close(self) -> None:
        """Let the rows go."""
        self._file.close()
