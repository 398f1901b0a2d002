// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* oomkill: which processes does the kernel kill for want of memory? */
#include "drift.h"
#include "task.h"
#include "window.h"

struct kill {
	u64 time;
	u32 trigger_pid, unused;
	struct comm victim, trigger;
};

/* By the victim's thread id; kills that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct kill);
} kills SEC(".maps");

u64 events;

SEC("tp_btf/mark_victim")
int on_victim(u64 *ctx)
{
	struct kill kill = {.time = bpf_ktime_get_ns()};
	u32 pid;

	if (!in_window(kill.time))
		return 0;
	if (victim_is_a_task()) {
		struct task_struct *victim = (void *)ctx[0];

		pid = victim->pid;
		__builtin_memcpy(&kill.victim, victim->comm, sizeof(kill.victim));
	} else {
		pid = ctx[0];
	}
	__sync_fetch_and_add(&events, 1);
	kill.trigger_pid = bpf_get_current_pid_tgid() >> 32;
	read_own_process_name(&kill.trigger);
	if (bpf_map_update_elem(&kills, &pid, &kill, BPF_ANY))
		count_lost();
	return 0;
}

/* Where only the victim's id was told, its name is read when it ends. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	u32 pid = task->pid;
	struct kill *kill;

	if (victim_is_a_task())
		return 0;
	kill = bpf_map_lookup_elem(&kills, &pid);
	if (kill && !kill->victim.text[0])
		__builtin_memcpy(&kill->victim, task->comm, sizeof(kill->victim));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
