// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* cpudist: how long do tasks run before they leave the CPU? From being switched to until being switched away from. */
#include "filter.h"
#include "log2.h"
#include "window.h"

struct turn {
	u64 since;
	u32 pid, unused;
};

/* Who runs on this CPU, and since when: switches of a CPU follow one another, so that one place is enough. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct turn);
} running SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns();
	struct turn *turn;
	struct hist *hist;
	u32 zero = 0;

	if (!in_window(now))
		return 0;
	turn = bpf_map_lookup_elem(&running, &zero);
	hist = bpf_map_lookup_elem(&hists, &zero);
	if (!turn || !hist)
		return 0;
	/* The idle task has the id 0, and its time is nobody's; so is that of those who are not asked for. */
	if (turn->since && turn->pid && turn->pid == (u32)prev->pid)
		hist_add_own(hist, now - turn->since);
	turn->pid = wanted(next) ? next->pid : 0;
	turn->since = now;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
