// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* runqslower: which tasks wait for a CPU longer than they should? From wake-up, or from being preempted, to running. */
#include "drift.h"
#include "filter.h"
#include "task.h"
#include "window.h"

/* What counts as long, in nanoseconds: bcc's own default. */
#define LONG (10 * 1000 * 1000ULL)

struct key {
	u32 tid;
	struct comm comm; /* the thread's own */
};

struct waits {
	u64 count, ns, longest;
};

/* Tasks that wait right now, by thread id: 8,192 of them are a load average far beyond use; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

/* Threads that waited long, each written by one CPU at a time; waits of those that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct key);
	__type(value, struct waits);
} slow SEC(".maps");

static __always_inline void handle_enqueue(struct task_struct *task, u64 now)
{
	u32 pid = task->pid;

	/* Every CPU's idle task has the id 0, and none of them waits. */
	if (in_window(now) && pid && wanted(task) && bpf_map_update_elem(&start, &pid, &now, BPF_ANY))
		count_lost();
}

static __always_inline void handle_wait(struct task_struct *task, u64 waited)
{
	struct waits fresh = {.count = 1, .ns = waited, .longest = waited}, *seen;
	struct key key = {.tid = task->pid};

	bpf_core_read(&key.comm.text, sizeof(key.comm.text), &task->comm);
	seen = bpf_map_lookup_elem(&slow, &key);
	if (!seen) {
		if (bpf_map_update_elem(&slow, &key, &fresh, BPF_NOEXIST))
			count_lost();
		return;
	}
	seen->count++;
	seen->ns += waited;
	if (seen->longest < waited)
		seen->longest = waited;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	handle_enqueue(task, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *task)
{
	handle_enqueue(task, bpf_ktime_get_ns());
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns(), *since, waited;
	u32 pid;

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
	waited = now - *since;
	bpf_map_delete_elem(&start, &pid);
	/* Two CPUs' clocks may differ by less than what a wait is. */
	if ((s64)waited > (s64)LONG)
		handle_wait(next, waited);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
