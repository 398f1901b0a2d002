# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bcc's tools that are no collectors, by the reason."""

from __future__ import annotations

REASONS = {
    "it has no question of its own: it takes a function, tracepoint or expression to look at": (
        "argdist funccount funcinterval funclatency funcslower stackcount trace"
    ),
    "it shows what people type or send, which no survey should carry away": "bashreadline sslsniff ttysnoop",
    "it looks at one device, which has to be named": "biolatpcts netqtop",
    "it lists what is there, and runs for no time": "bpflist tplist",
    "it draws on a terminal, and prints nothing that could be read": "cachetop",
    "it looks at one process or one database, which has to be named": (
        "cobjnew dbslower dbstat deadlock javacalls javaflow javagc javaobjnew javastat javathreads "
        "mysqld_qslower nodegc nodestat perlcalls perlflow perlstat phpcalls phpflow phpstat pythoncalls "
        "pythonflow pythongc pythonstat rubycalls rubyflow rubygc rubyobjnew rubystat tclcalls tclflow "
        "tclobjnew tclstat ucalls uflow ugc uobjnew ustat uthreads"
    ),
    "it ends by itself where idle processors are powered down; runqlen and runqlat ask about the same": "cpuunclaimed",
    "it needs tracepoints (CONFIG_PREEMPTIRQ_TRACEPOINTS, for preemption too) that the distributions' kernels are built without": (
        "criticalstat"
    ),
    "it looks at directories that have to be named": "dirtop",
    "it makes the kernel's functions fail": "inject",
    "each time it prints, and never at its end, it walks all that the kernel has allocated: more than a survey should cost": (
        "memleak"
    ),
    "it is for POWER": "ppchcalls",
    "it cleans up after other tools, and runs for no time": "reset-trace",
}
LEFT_OUT = {name: reason for reason, names in REASONS.items() for name in names.split()}
