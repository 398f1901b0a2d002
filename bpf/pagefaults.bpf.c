// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* pagefaults: which processes fault pages in? Faults in user mode: the tracepoint exists on x86 alone. */
#include "filter.h"
#include "task.h"
#include "window.h"

/* Bits of the error code of x86: arch/x86/include/asm/trap_pf.h. */
enum { PRESENT = 1, WRITE = 2 };

struct faults {
	u64 all, writes, present;
	struct comm process;
};

/* By process; faults of processes that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct faults);
} processes SEC(".maps");

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_fault, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	struct faults fresh = {}, *faults;
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (!in_window(bpf_ktime_get_ns()) || !wanted_here())
		return 0;
	faults = bpf_map_lookup_elem(&processes, &pid);
	if (!faults) {
		read_own_process_name(&fresh.process);
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(&processes, &pid, &fresh, BPF_NOEXIST);
		faults = bpf_map_lookup_elem(&processes, &pid);
	}
	if (!faults) {
		count_lost();
		return 0;
	}
	__sync_fetch_and_add(&faults->all, 1);
	if (code & WRITE)
		__sync_fetch_and_add(&faults->writes, 1);
	if (code & PRESENT)
		__sync_fetch_and_add(&faults->present, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
