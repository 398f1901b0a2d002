// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* tcpstates: how long do TCP sockets stay in each state? From one change of a socket's state to the next, by the state left. */
#include "kernel.h"
#include "log2.h"
#include "tcp_states.h"
#include "window.h"

struct change {
	u64 since;
	u32 state, unused;
};

/* The last change of each socket that is open now, within the window; of more of them, changes are lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct change);
} last SEC(".maps");

/* By state; there are 13 of them, the highest is TCP_BOUND_INACTIVE of 6.8. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

/* States left of which it is not known when they began. */
u64 unknown;

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int oldstate, int newstate)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk;
	struct change fresh = {.since = now, .state = newstate}, *change;
	u32 state = oldstate;
	struct hist *hist;

	if (!in_window(now) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	change = bpf_map_lookup_elem(&last, &key);
	if (change && change->state == state) {
		hist = bpf_map_lookup_elem(&hists, &state);
		if (hist)
			hist_add_shared(hist, now - change->since);
	} else if (change) {
		/* A change was not seen: the kernel runs no program that it has interrupted on the same CPU. */
		count_lost();
	} else if (state != TCP_CLOSE && !(state == TCP_LISTEN && newstate == TCP_SYN_RECV)) {
		/* Neither a socket's first change nor that of the copy of a listener that is made of an accepted connection. */
		__sync_fetch_and_add(&unknown, 1);
	}
	/* A socket that is closed is about to be freed, and its address to be another's. */
	if (newstate == TCP_CLOSE)
		bpf_map_delete_elem(&last, &key);
	else if (bpf_map_update_elem(&last, &key, &fresh, BPF_ANY))
		count_lost();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
