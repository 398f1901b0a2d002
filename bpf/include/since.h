// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Since when tasks wait for a CPU, by thread id.
 *
 * A task keeps its place until it has exited, with 0 while it does not wait: to look it up costs a fraction of what it costs to make
 * it and to take it away again at each switch.
 */
#pragma once

#include "drift.h"
#include "filter.h"
#include "window.h"

/* Tasks that have waited in the window, and live: 1 MiB. More are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

static __always_inline void begin_waiting(struct task_struct *task, u64 now)
{
	u32 pid = task->pid;
	u64 *since;

	/* Every CPU's idle task has the id 0, and none of them waits. */
	if (!pid || !wanted(task))
		return;
	since = bpf_map_lookup_elem(&start, &pid);
	if (since)
		*since = now;
	else if (bpf_map_update_elem(&start, &pid, &now, BPF_ANY))
		count_lost();
}

/* A switch from a task to another: return how long the other one had waited, 0 where that is not known. */
static __always_inline u64 end_waiting(bool preempt, struct task_struct *prev, struct task_struct *next, u64 now)
{
	u64 *since, begun;
	u32 pid = prev->pid;

	/* A task that leaves the CPU while runnable was preempted, and waits from now on. A preempted one may have set
	 * its state already.
	 */
	if (preempt || task_is_runnable(prev))
		begin_waiting(prev, now);
	else if (prev->exit_state)
		bpf_map_delete_elem(&start, &pid);

	pid = next->pid;
	since = bpf_map_lookup_elem(&start, &pid);
	if (!since || !*since)
		return 0;
	begun = *since;
	*since = 0;
	/* Two CPUs' clocks may differ by less than what a wait is. */
	return now > begun ? now - begun : 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	u64 now = bpf_ktime_get_ns();

	if (in_window(now))
		begin_waiting(task, now);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *task)
{
	u64 now = bpf_ktime_get_ns();

	if (in_window(now))
		begin_waiting(task, now);
	return 0;
}
