// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* gethostlatency: how long does the C library take to find the addresses of a name? By function and process.
 *
 * The sections name the functions; where they lie is found out on the host. (Without a slash, libbpf 0.3 does not know them.)
 */
#include "arch.h"
#include "hists.h"
#include "task.h"

/* As _FUNCTIONS of the collector has them. */
enum { GETADDRINFO, GETHOSTBYNAME, GETHOSTBYNAME2 };

struct call {
	u32 tid, function;
};

/* Threads that wait for an answer right now; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct call);
	__type(value, u64);
} start SEC(".maps");

struct key {
	struct comm comm;
	u32 function;
};

/* By process name and function, half a KiB each; calls of those that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct hist);
} hists SEC(".maps");

u64 failed;

static __always_inline int handle_call(const struct pt_regs *regs, u32 function)
{
	struct call call = {.tid = bpf_get_current_pid_tgid(), .function = function};
	u64 now = bpf_ktime_get_ns();

	/* Without a name, getaddrinfo has nothing to find. */
	if (in_window(now) && first_argument(regs) && bpf_map_update_elem(&start, &call, &now, BPF_ANY))
		count_lost();
	return 0;
}

static __always_inline void handle_answer(u32 function, bool in_vain)
{
	struct call call = {.tid = bpf_get_current_pid_tgid(), .function = function};
	u64 now = bpf_ktime_get_ns(), *since, latency;
	struct key key = {.function = function};
	struct hist *hist;

	if (!in_window(now))
		return;
	since = bpf_map_lookup_elem(&start, &call);
	if (!since)
		return;
	latency = now - *since;
	bpf_map_delete_elem(&start, &call);
	if (in_vain)
		__sync_fetch_and_add(&failed, 1);

	read_own_process_name(&key.comm);
	hist = hist_in(&hists, &key);
	if (hist)
		hist_add_shared(hist, latency);
}

SEC("uprobe/getaddrinfo")
int on_getaddrinfo(struct pt_regs *regs)
{
	return handle_call(regs, GETADDRINFO);
}

SEC("uretprobe/getaddrinfo")
int after_getaddrinfo(struct pt_regs *regs)
{
	handle_answer(GETADDRINFO, (int)returned(regs) != 0);
	return 0;
}

SEC("uprobe/gethostbyname")
int on_gethostbyname(struct pt_regs *regs)
{
	return handle_call(regs, GETHOSTBYNAME);
}

SEC("uretprobe/gethostbyname")
int after_gethostbyname(struct pt_regs *regs)
{
	handle_answer(GETHOSTBYNAME, !returned(regs));
	return 0;
}

SEC("uprobe/gethostbyname2")
int on_gethostbyname2(struct pt_regs *regs)
{
	struct call outer = {.tid = bpf_get_current_pid_tgid(), .function = GETHOSTBYNAME};

	/* In musl, gethostbyname is a call of gethostbyname2. */
	if (bpf_map_lookup_elem(&start, &outer))
		return 0;
	return handle_call(regs, GETHOSTBYNAME2);
}

SEC("uretprobe/gethostbyname2")
int after_gethostbyname2(struct pt_regs *regs)
{
	handle_answer(GETHOSTBYNAME2, !returned(regs));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
