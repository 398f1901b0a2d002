// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* proof: is tier 3 possible here? Fires when a thread of the asking process leaves a CPU, and reads what can be checked:
 * its ids and its name, at offsets that only the running kernel knows.
 */
#include "drift.h"

/* Set at load: the process that asks. */
const volatile u32 targ_tgid;

struct {
	u64 hits;
	u32 pid, tgid;
	char comm[16];
} seen;

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev)
{
	if ((u32)prev->tgid != targ_tgid)
		return 0;
	seen.pid = prev->pid;
	seen.tgid = prev->tgid;
	__builtin_memcpy(seen.comm, prev->comm, sizeof(seen.comm));
	__sync_fetch_and_add(&seen.hits, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
