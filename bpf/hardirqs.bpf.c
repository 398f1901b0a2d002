// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* hardirqs: how long do the handlers of devices' interrupts keep a CPU, by handler? */
#include "hists.h"

struct turn {
	u64 since, action;
};

struct name {
	char text[32]; /* longer ones are cut, as bcc's are */
};

/* The handler that this CPU runs. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct turn);
} running SEC(".maps");

/* By the handler's name. A large host has some hundred queues with an interrupt each; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct name);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(on_entry, int irq, struct irqaction *action)
{
	u64 now = bpf_ktime_get_ns();
	struct turn *turn;
	u32 zero = 0;

	if (!in_window(now))
		return 0;
	turn = bpf_map_lookup_elem(&running, &zero);
	if (!turn)
		return 0;
	/* A handler that lets others interrupt it, and was interrupted: its start is forgotten for this one's. */
	if (turn->since)
		count_lost();
	turn->action = (u64)action;
	turn->since = now;
	return 0;
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(on_exit, int irq, struct irqaction *action, int ret)
{
	u64 now = bpf_ktime_get_ns(), took;
	struct name name = {};
	struct turn *turn;
	struct hist *hist;
	u32 zero = 0;

	if (!in_window(now))
		return 0;
	turn = bpf_map_lookup_elem(&running, &zero);
	if (!turn || !turn->since || turn->action != (u64)action)
		return 0;
	took = now - turn->since;
	turn->since = 0;
	bpf_probe_read_kernel_str(&name.text, sizeof(name.text), action->name);
	hist = hist_in(&hists, &name);
	if (hist)
		hist_add_shared(hist, took);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
