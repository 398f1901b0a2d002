// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* syscount: which system calls are made, by which processes, and how long do they take? */
#include "arch.h"
#include "filter.h"
#include "task.h"
#include "window.h"

struct call {
	u64 since;
	u32 number, compat;
};

struct key {
	struct comm process;
	u32 number, compat;
};

struct calls {
	u64 count, ns, errors;
};

/* The call under way, by thread id: a thread keeps its place until it has exited, with `since` 0 between calls. Calls of more
 * threads than find room are counted as lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct call);
} start SEC(".maps");

/* A hundred programs with forty calls each; calls of pairs that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct key);
	__type(value, struct calls);
} counts SEC(".maps");

static __always_inline void handle_end(u32 tid, u64 now, s64 ret)
{
	struct call *call = bpf_map_lookup_elem(&start, &tid);
	struct calls fresh = {}, *seen;
	struct key key = {};
	u64 took;

	if (!call || !call->since)
		return;
	took = now - call->since;
	key.number = call->number;
	key.compat = call->compat;
	call->since = 0;
	read_own_process_name(&key.process);

	seen = bpf_map_lookup_elem(&counts, &key);
	if (!seen) {
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(&counts, &key, &fresh, BPF_NOEXIST);
		seen = bpf_map_lookup_elem(&counts, &key);
	}
	if (!seen) {
		count_lost();
		return;
	}
	__sync_fetch_and_add(&seen->count, 1);
	__sync_fetch_and_add(&seen->ns, took);
	if (ret < 0 && ret >= -4095)
		__sync_fetch_and_add(&seen->errors, 1);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct call call = {.since = bpf_ktime_get_ns(), .number = number}, *known;

	if (!in_window(call.since) || !wanted_here())
		return 0;
	call.compat = in_compat_call((const void *)bpf_get_current_task());
	known = bpf_map_lookup_elem(&start, &tid);
	if (known)
		*known = call;
	else if (bpf_map_update_elem(&start, &tid, &call, BPF_ANY))
		count_lost();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long ret)
{
	u64 now = bpf_ktime_get_ns();

	if (in_window(now))
		handle_end(bpf_get_current_pid_tgid(), now, ret);
	return 0;
}

/* exit and exit_group do not return: they end with the thread, and so does its place in `start`. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_thread_exit, struct task_struct *task)
{
	u64 now = bpf_ktime_get_ns();
	u32 tid = task->pid;

	if (!in_window(now))
		return 0;
	handle_end(tid, now, 0);
	bpf_map_delete_elem(&start, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
