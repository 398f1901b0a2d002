// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Names of tasks, into keys that are zero: kernels before 5.18 leave what was there behind the end of a name. */
#pragma once

#include "kernel.h"

struct comm {
	char text[16];
};

/* The name of a thread. */
static __always_inline void read_thread_name(struct comm *comm, const struct task_struct *task)
{
	BPF_CORE_READ_STR_INTO(&comm->text, task, comm);
}

/* The name of a thread's process: that of its first thread, which /proc/PID/comm and ps show. */
static __always_inline void read_process_name(struct comm *comm, const struct task_struct *task)
{
	BPF_CORE_READ_STR_INTO(&comm->text, task, group_leader, comm);
}

/* The same of the process that the program runs for. */
static __always_inline void read_own_process_name(struct comm *comm)
{
	read_process_name(comm, (const void *)bpf_get_current_task());
}
