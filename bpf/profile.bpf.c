// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* profile: what do the CPUs run? Samples of stacks, at an even pace, on each CPU; and how many found it idle. */
#include "count.h"
#include "filter.h"
#include "stacks.h"

/* Samples by process and stacks; those that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct seen);
	__type(value, u64);
} samples SEC(".maps");

u64 idle;

SEC("perf_event")
int on_sample(void *ctx)
{
	struct seen key = {.pid = bpf_get_current_pid_tgid() >> 32};

	if (!in_window(bpf_ktime_get_ns()))
		return 0;
	if (!key.pid) {
		__sync_fetch_and_add(&idle, 1);
		return 0;
	}
	if (!wanted_here())
		return 0;
	read_own_process_name(&key.process);
	key.kernel = keep_stack(ctx, 0);
	key.user = keep_stack(ctx, BPF_F_USER_STACK);
	count_in(&samples, &key, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
