// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* runqlat: how long do runnable tasks wait for a CPU? From wake-up, or from being preempted, to running. */
#include "drift.h"
#include "filter.h"
#include "log2.h"
#include "window.h"

/* Tasks that wait right now, by thread id: 8,192 of them are a load average far beyond use; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

static __always_inline void handle_enqueue(struct task_struct *task, u64 now)
{
	u32 pid = task->pid;

	/* Every CPU's idle task has the id 0, and none of them waits. */
	if (pid && wanted(task) && bpf_map_update_elem(&start, &pid, &now, BPF_ANY))
		count_lost();
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	u64 now = bpf_ktime_get_ns();

	if (in_window(now))
		handle_enqueue(task, now);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *task)
{
	u64 now = bpf_ktime_get_ns();

	if (in_window(now))
		handle_enqueue(task, now);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns(), *since;
	u32 pid, zero = 0;
	struct hist *hist;

	if (!in_window(now))
		return 0;
	/* A task that leaves the CPU while runnable was preempted, and waits from now on. A preempted one may have set
	 * its state already.
	 */
	if (preempt || task_is_runnable(prev))
		handle_enqueue(prev, now);

	pid = next->pid;
	since = bpf_map_lookup_elem(&start, &pid);
	if (!since)
		return 0;
	hist = bpf_map_lookup_elem(&hists, &zero);
	if (hist && now >= *since)
		hist_add_own(hist, now - *since);
	bpf_map_delete_elem(&start, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
