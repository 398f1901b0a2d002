// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* softirqs: how long do soft interrupts keep a CPU, by vector? */
#include "log2.h"
#include "window.h"

/* NR_SOFTIRQS has been 10 since 2.6.30; the rest is room for those to come. */
#define VECTORS 16

struct turn {
	u64 since;
	u32 vector, unused;
};

/* The soft interrupt that this CPU handles: they do not nest. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct turn);
} running SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VECTORS);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("tp_btf/softirq_entry")
int BPF_PROG(on_entry, unsigned int vector)
{
	u64 now = bpf_ktime_get_ns();
	struct turn *turn;
	u32 zero = 0;

	if (!in_window(now))
		return 0;
	turn = bpf_map_lookup_elem(&running, &zero);
	if (!turn)
		return 0;
	turn->vector = vector;
	turn->since = now;
	return 0;
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(on_exit, unsigned int vector)
{
	u64 now = bpf_ktime_get_ns();
	u32 zero = 0, key = vector;
	struct turn *turn;
	struct hist *hist;

	if (!in_window(now))
		return 0;
	turn = bpf_map_lookup_elem(&running, &zero);
	if (!turn || !turn->since || turn->vector != vector)
		return 0;
	hist = bpf_map_lookup_elem(&hists, &key);
	if (hist)
		hist_add_own(hist, now - turn->since);
	else
		count_lost();
	turn->since = 0;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
