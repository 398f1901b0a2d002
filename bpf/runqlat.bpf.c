// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* runqlat: how long do runnable tasks wait for a CPU? From wake-up, or from being preempted, to running. */
#include "log2.h"
#include "since.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns(), waited;
	struct hist *hist;
	u32 zero = 0;

	if (!in_window(now))
		return 0;
	waited = end_waiting(preempt, prev, next, now);
	if (!waited)
		return 0;
	hist = bpf_map_lookup_elem(&hists, &zero);
	if (hist)
		hist_add_own(hist, waited);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
