// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* drsnoop: how long do tasks that want memory have to free some first? For want of free memory on the host, and for want of
 * room below a cgroup's limit.
 */
#include "stalls.h"

enum { SYSTEM, CGROUP };

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int on_begin(void *ctx)
{
	return handle_begin();
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int on_end(void *ctx)
{
	return handle_end(SYSTEM);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int on_cgroup_begin(void *ctx)
{
	return handle_begin();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int on_cgroup_end(void *ctx)
{
	return handle_end(CGROUP);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
