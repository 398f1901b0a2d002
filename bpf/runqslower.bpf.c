// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* runqslower: which tasks wait for a CPU longer than they should? From wake-up, or from being preempted, to running. */
#include "since.h"
#include "task.h"

/* What counts as long, in nanoseconds: bcc's own default. */
#define LONG (10 * 1000 * 1000ULL)

struct key {
	u32 tid;
	struct comm comm; /* the thread's own */
};

struct waits {
	u64 count, ns, longest;
};

/* Threads that waited long, each written by one CPU at a time; waits of those that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct key);
	__type(value, struct waits);
} slow SEC(".maps");

static __always_inline void handle_wait(struct task_struct *task, u64 waited)
{
	struct waits fresh = {.count = 1, .ns = waited, .longest = waited}, *seen;
	struct key key = {.tid = task->pid};

	read_thread_name(&key.comm, task);
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

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns(), waited;

	if (!in_window(now))
		return 0;
	waited = end_waiting(preempt, prev, next, now);
	if (waited > LONG)
		handle_wait(next, waited);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
