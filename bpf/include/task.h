// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Names of processes: that of the first thread, which /proc/PID/comm and ps show. */
#pragma once

#include "kernel.h"

struct comm {
	char text[16];
};

static __always_inline void read_process_name(struct comm *comm, const struct task_struct *task)
{
	const struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	bpf_core_read(&comm->text, sizeof(comm->text), &leader->comm);
}
