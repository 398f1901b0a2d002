// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* execsnoop: which programs start? Successful execs only: the tracepoint fires when a new program is about to run. */
#include "filter.h"
#include "window.h"

#define FILENAME_MAX 128
#define ARGS_MAX 256

struct name {
	char comm[16];
};

struct event {
	u64 time;
	u32 pid, ppid, uid;
	u16 filename_size, args_size;
	struct name name;
	char text[FILENAME_MAX + ARGS_MAX]; /* the file name with its NUL, then the arguments, each with its NUL */
};

/* Complete, by name; names that find no room are in `events` all the same. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct name);
	__type(value, u64);
} counts SEC(".maps");

/* The first events in full. Nobody reads it during the window: what comes when it is full is counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct event);
} scratch SEC(".maps");

u64 events;

static __always_inline void count_name(const struct name *name)
{
	u64 one = 1, *seen = bpf_map_lookup_elem(&counts, name);

	if (!seen) {
		if (!bpf_map_update_elem(&counts, name, &one, BPF_NOEXIST))
			return;
		seen = bpf_map_lookup_elem(&counts, name); /* another CPU was first, or there is no room */
	}
	if (seen)
		__sync_fetch_and_add(seen, 1);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	u64 now = bpf_ktime_get_ns(), arg_start, args_size;
	struct event *event;
	u32 zero = 0;
	s64 size;

	if (!in_window(now) || !wanted(task))
		return 0;
	__sync_fetch_and_add(&events, 1);
	event = bpf_map_lookup_elem(&scratch, &zero);
	if (!event)
		return 0;
	event->time = now;
	event->pid = task->tgid;
	event->ppid = task->real_parent->tgid;
	event->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(&event->name, sizeof(event->name));
	count_name(&event->name);

	size = bpf_probe_read_kernel_str(event->text, FILENAME_MAX, bprm->filename);
	if (size < 0 || size > FILENAME_MAX)
		size = 0;
	event->filename_size = size;

	arg_start = task->mm->arg_start;
	args_size = task->mm->arg_end - arg_start;
	if (args_size > ARGS_MAX)
		args_size = ARGS_MAX;
	/* The arguments were copied a moment ago, so their page is there; should it not be, they are unknown. */
	if (bpf_probe_read_user(event->text + size, args_size, (void *)arg_start))
		args_size = 0;
	event->args_size = args_size;

	if (bpf_ringbuf_output(&first, event, __builtin_offsetof(struct event, text) + size + args_size, 0))
		count_lost();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
