// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* The process that a program runs for. Its threads may have names of their own; the process has its leader's. */
#pragma once

#include "kernel.h"

struct process {
	char name[16];
};

static __always_inline void read_process(struct process *process)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	BPF_CORE_READ_STR_INTO(&process->name, task, group_leader, comm);
}
