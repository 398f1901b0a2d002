// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* killsnoop: which processes send signals to which? Those of kill(2) and its kin, not those of the kernel's own. */
#include "filter.h"
#include "task.h"
#include "window.h"

/* si_code, include/uapi/asm-generic/siginfo.h */
#define SI_USER 0
#define SI_QUEUE -1
#define SI_TKILL -6

#define TRACE_SIGNAL_IGNORED 1 /* include/trace/events/signal.h */

struct key {
	struct comm sender, target;
	u32 number;
};

struct signals {
	u64 count, ignored;
	u32 sender, target; /* process ids of the last one */
};

/* Senders, targets and signals; signals of those that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct key);
	__type(value, struct signals);
} counts SEC(".maps");

/* Signals that the kernel sent by itself: SIGCHLD, SIGPIPE, faults, timers. */
u64 of_kernel;

static __always_inline bool sent_by_process(u64 *ctx, int group)
{
	const struct kernel_siginfo *info;
	s32 code = 1;

	/* SEND_SIG_NOINFO and SEND_SIG_PRIV are 0 and 1, and no addresses: kernels since 6.13 let a program use the
	 * argument only after a check for 0, which is not enough, so that it is read as a number.
	 */
	bpf_probe_read_kernel(&info, sizeof(info), &ctx[1]);
	/* kill(2) of newer kernels (seen in 7.3) has SEND_SIG_NOINFO, as send_sig() has it for SIGPIPE and its like; but that
	 * is to a thread, and kill(2) to a process.
	 */
	if (!info)
		return group;
	if ((u64)info > 1)
		bpf_core_read(&code, sizeof(code), &info->si_code);
	return code == SI_USER || code == SI_QUEUE || code == SI_TKILL;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int number, struct kernel_siginfo *info, struct task_struct *task, int group, int result)
{
	struct signals fresh = {}, *seen;
	struct key key = {};

	if (!in_window(bpf_ktime_get_ns()))
		return 0;
	if (!sent_by_process(ctx, group)) {
		__sync_fetch_and_add(&of_kernel, 1);
		return 0;
	}
	if (!wanted_here())
		return 0;
	key.number = number;
	read_own_process_name(&key.sender);
	read_process_name(&key.target, task);
	seen = bpf_map_lookup_elem(&counts, &key);
	if (!seen) {
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(&counts, &key, &fresh, BPF_NOEXIST);
		seen = bpf_map_lookup_elem(&counts, &key);
	}
	if (!seen) {
		count_lost();
		return 0;
	}
	__sync_fetch_and_add(&seen->count, 1);
	if (result == TRACE_SIGNAL_IGNORED)
		__sync_fetch_and_add(&seen->ignored, 1);
	seen->sender = bpf_get_current_pid_tgid() >> 32;
	seen->target = task->tgid;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
