// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* opensnoop: which paths are opened, and which are tried in vain? By the path as the program gave it. */
#include "arch.h"
#include "filter.h"
#include "task.h"
#include "window.h"

struct key {
	char path[188];
	u32 error;
};

struct opens {
	u64 count;
	struct comm process; /* of the first */
};

/* What failed has a map of its own, so that a flood of files cannot push it out; what finds no room is counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, struct key);
	__type(value, struct opens);
} failed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct opens);
} opened SEC(".maps");

static __always_inline void handle_open(void *map, const struct task_struct *task, const struct key *key)
{
	struct opens *seen = bpf_map_lookup_elem(map, key);

	if (!seen) {
		struct opens fresh = {};

		read_process_name(&fresh.process, task);
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(map, key, &fresh, BPF_NOEXIST);
		seen = bpf_map_lookup_elem(map, key);
	}
	if (seen)
		__sync_fetch_and_add(&seen->count, 1);
	else
		count_lost();
}

static __always_inline void handle_return(const char *path, long ret)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	struct key key = {};

	if (in_compat_call(task))
		return;
	/* The kernel has read the path a moment ago, so its page is there; should it not be, the path is unknown. */
	bpf_probe_read_user_str(key.path, sizeof(key.path), path);
	if (ret < 0) {
		key.error = -ret;
		handle_open(&failed, task, &key);
	} else {
		handle_open(&opened, task, &key);
	}
}

/* It runs at the end of every call, so that whatever it is not about must leave at once. */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit, struct pt_regs *regs, long ret)
{
	const char *path;

	if (!opens_by_path(regs, &path) || !in_window(bpf_ktime_get_ns()) || !wanted_here())
		return 0;
	handle_return(path, ret);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
