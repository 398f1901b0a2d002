// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* offcputime: where, and for how long, do threads that have left the CPU wait until they have it back? */
#include "count.h"
#include "filter.h"
#include "stacks.h"

#define LEAST 1000 /* nanoseconds; shorter waits are no waits, and many: bcc's own default */

struct wait {
	u64 since, kernel, user;
};

/* Threads that are off the CPU, by thread id: those that have left it in the window; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct wait);
} start SEC(".maps");

/* Nanoseconds by process and stacks; waits that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct seen);
	__type(value, u64);
} waits SEC(".maps");

static __always_inline void handle_back(struct task_struct *task, u64 now)
{
	struct seen key = {};
	struct wait *wait;
	u32 tid = task->pid;
	u64 waited;

	wait = bpf_map_lookup_elem(&start, &tid);
	if (!wait)
		return;
	waited = now - wait->since;
	key.kernel = wait->kernel;
	key.user = wait->user;
	bpf_map_delete_elem(&start, &tid);
	/* Two CPUs' clocks may differ by less than what a wait is. */
	if ((s64)waited < LEAST)
		return;
	key.pid = task->tgid;
	read_process_name(&key.process, task);
	count_in(&waits, &key, waited);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct wait wait = {.since = bpf_ktime_get_ns()};
	u32 tid = prev->pid;

	if (!in_window(wait.since))
		return 0;
	handle_back(next, wait.since);
	/* Every CPU's idle task has the id 0. One that has exited does not come back. */
	if (!tid || prev->exit_state || !wanted(prev))
		return 0;
	wait.kernel = keep_stack(ctx, 0);
	wait.user = keep_stack(ctx, BPF_F_USER_STACK);
	if (bpf_map_update_elem(&start, &tid, &wait, BPF_ANY))
		count_lost();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
