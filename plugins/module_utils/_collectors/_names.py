# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Names of the kernel's numbers: signals and errors."""

from __future__ import annotations

import errno
import signal

_REALTIME = 34  # the first that the C library leaves to programs


def signal_name(number: int) -> str:
    """Return a signal's name.

    >>> signal_name(9), signal_name(36), signal_name(33)
    ('SIGKILL', 'SIGRTMIN+2', 'signal 33')
    """
    if _REALTIME < number < 64:
        return "SIGRTMIN+%d" % (number - _REALTIME)
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


def error_name(number: int) -> str:
    """Return the name of an errno.

    >>> error_name(2), error_name(512)
    ('ENOENT', 'error 512')
    """
    return errno.errorcode.get(number, "error %d" % number)
