// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* tcpconnlat: how long does it take to connect? From the SYN until the answer to it, as the connecting side sees it. */
#include "kernel.h"
#include "log2.h"
#include "tcp_states.h"
#include "window.h"

/* Sockets that connect right now; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u64);
} start SEC(".maps");

/* One for all: a socket's state changes in a process and in a softirq that interrupts it. */
struct hist hist;

u64 failed;

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int oldstate, int newstate)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk, *since;

	if (!in_window(now) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (newstate == TCP_SYN_SENT) {
		if (bpf_map_update_elem(&start, &key, &now, BPF_ANY))
			count_lost();
		return 0;
	}
	if (oldstate != TCP_SYN_SENT)
		return 0;
	since = bpf_map_lookup_elem(&start, &key);
	if (!since)
		return 0;
	if (newstate == TCP_ESTABLISHED)
		hist_add_shared(&hist, now - *since);
	else
		__sync_fetch_and_add(&failed, 1);
	bpf_map_delete_elem(&start, &key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
