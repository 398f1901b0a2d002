# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""survey.ndjson: a line of JSON for each host, by docs/schemas/host.v1.json, so that a large fleet can be read as a stream."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.ebpf.fleet.plugins.plugin_utils._survey import Survey

SCHEMA = "ebpf.fleet.host/1"


def write(survey: Survey, stream: t.IO[str]) -> None:
    """Write a line for each host."""
    head = json.dumps({"schema": SCHEMA, "run": survey.head["run"]}, separators=(",", ":"))
    for line in survey.lines():
        stream.write(head[:-1] + "," + line[1:])
