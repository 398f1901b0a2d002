// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Stacks, each kept once, by a hash of its addresses. The kernel's own maps of stacks keep one for each place of a short hash, and
 * drop what comes second.
 */
#pragma once

#include "task.h"
#include "window.h"

#define DEPTH 127 /* kernel.perf_event_max_stack, unless somebody changed it */

/* Innermost first, with zeros after the last. */
struct stack {
	u64 addresses[DEPTH];
};

/* Whose stacks, and which. */
struct seen {
	u64 kernel, user; /* of `stacks`, 0 for none */
	u32 pid;
	struct comm process;
};

/* Where a CPU puts together what it looks for: a stack is more than a program's stack holds. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct stack);
} scratch SEC(".maps");

/* 4 MiB. Busy hosts have one or two thousand; who has none that finds room is counted without. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct stack);
} stacks SEC(".maps");

/* Stacks that found no room, each time. */
u64 unkept;

/* Return by what the current task's stack is found, 0 where there is none, or no room: the kernel's, or with BPF_F_USER_STACK its own. */
static __always_inline u64 keep_stack(void *ctx, u64 flags)
{
	u64 hash = 0xcbf29ce484222325; /* FNV-1a, by words: http://www.isthe.com/chongo/tech/comp/fnv/ */
	struct stack *stack;
	u32 zero = 0;
	int i;

	stack = bpf_map_lookup_elem(&scratch, &zero);
	if (!stack || bpf_get_stack(ctx, stack, sizeof(*stack), flags) <= 0)
		return 0;
	for (i = 0; i < DEPTH && stack->addresses[i]; i++)
		hash = (hash ^ stack->addresses[i]) * 0x100000001b3;
	if (bpf_map_lookup_elem(&stacks, &hash) || !bpf_map_update_elem(&stacks, &hash, stack, BPF_NOEXIST))
		return hash;
	if (bpf_map_lookup_elem(&stacks, &hash))
		return hash; /* another CPU was first */
	__sync_fetch_and_add(&unkept, 1);
	return 0;
}
