// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* How long tasks are held up by what they must do for themselves, by process: from the begin to the end of it, in the
 * context of the task.
 */
#pragma once

#include "filter.h"
#include "hists.h"
#include "task.h"

struct stall {
	struct comm process;
	u32 kind;
};

/* Tasks that are held up right now, by thread id; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

/* Processes by name, of which a host has hundreds; stalls of those that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct stall);
	__type(value, struct hist);
} hists SEC(".maps");

static __always_inline int handle_begin(void)
{
	u64 now = bpf_ktime_get_ns();
	u32 tid = bpf_get_current_pid_tgid();

	if (in_window(now) && wanted_here() && bpf_map_update_elem(&start, &tid, &now, BPF_ANY))
		count_lost();
	return 0;
}

static __always_inline int handle_end(u32 kind)
{
	u64 now = bpf_ktime_get_ns(), *since, stalled;
	u32 tid = bpf_get_current_pid_tgid();
	struct stall stall = {.kind = kind};
	struct hist *hist;

	if (!in_window(now))
		return 0;
	since = bpf_map_lookup_elem(&start, &tid);
	if (!since)
		return 0;
	stalled = now - *since;
	bpf_map_delete_elem(&start, &tid);

	read_own_process_name(&stall.process);
	hist = hist_in(&hists, &stall);
	if (hist)
		hist_add_shared(hist, stalled);
	return 0;
}
