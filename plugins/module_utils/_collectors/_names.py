# Copyright (c) 2026, the ebpf.fleet developers
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause
"""Names of the kernel's numbers: signals, errors, states of TCP."""

from __future__ import annotations

import errno
import signal

_REALTIME = 34  # the first that the C library leaves to programs

# include/net/tcp_states.h, from 1 on
_TCP_STATES = (
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
)


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


def tcp_state(number: int) -> str:
    """Return the name of a TCP socket's state, as bcc's tools and the kernel's own documentation have it.

    >>> tcp_state(1), tcp_state(11), tcp_state(13), tcp_state(0)
    ('ESTABLISHED', 'CLOSING', '13', '0')
    """
    return _TCP_STATES[number - 1] if 0 < number <= len(_TCP_STATES) else str(number)
