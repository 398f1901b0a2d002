// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* exitsnoop: which processes end, and why? By name and by the status that the parent gets. */
#include "count.h"
#include "drift.h"
#include "filter.h"
#include "task.h"

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

struct key {
	struct comm process;
	u32 status; /* as wait(2) has it */
};

/* Names and statuses; exits of pairs that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct key);
	__type(value, u64);
} counts SEC(".maps");

/* What wait_task_zombie() of kernel/exit.c tells the parent. */
static __always_inline u32 status_of(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	if (signal->flags & SIGNAL_GROUP_EXIT)
		return signal->group_exit_code;
	return task->group_leader->exit_code;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct key key = {};

	if (!in_window(bpf_ktime_get_ns()) || !ends_its_process(ctx, task) || !wanted(task))
		return 0;
	read_process_name(&key.process, task);
	key.status = status_of(task);
	count_in(&counts, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
