// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* vfsstat: how often are files read, written, synced, opened, created? No tracepoint answers that, so that the functions
 * themselves are asked: ATTACH is fentry or kprobe.
 */
#pragma once

#include "filter.h"
#include "window.h"

enum { READ, WRITE, FSYNC, OPEN, CREATE, OPERATIONS };

/* One counter per operation and CPU: these functions are called a million times a second on a busy host. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OPERATIONS);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

static __always_inline int handle_call(u32 operation)
{
	u64 *count;

	if (!in_window(bpf_ktime_get_ns()) || !wanted_here())
		return 0;
	count = bpf_map_lookup_elem(&counts, &operation);
	if (count)
		*count += 1;
	return 0;
}

SEC(ATTACH "/vfs_read")
int on_read(void *ctx)
{
	return handle_call(READ);
}

SEC(ATTACH "/vfs_write")
int on_write(void *ctx)
{
	return handle_call(WRITE);
}

SEC(ATTACH "/vfs_fsync_range")
int on_fsync(void *ctx)
{
	return handle_call(FSYNC);
}

SEC(ATTACH "/vfs_open")
int on_open(void *ctx)
{
	return handle_call(OPEN);
}

SEC(ATTACH "/vfs_create")
int on_create(void *ctx)
{
	return handle_call(CREATE);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
