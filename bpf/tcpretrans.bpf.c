// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* tcpretrans: which TCP flows retransmit, IPv4 and IPv6, in every network namespace? */
#include "drift.h"
#include "flow.h"
#include "window.h"

struct retransmits {
	u64 events, segments;
	u64 inode; /* of the socket: what /proc/PID/fd shows; 0 where no process has it open */
	u32 state, unused;
};

/* Flows that retransmit within a window; events of flows that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct flow);
	__type(value, struct retransmits);
} flows SEC(".maps");

u64 events, segments;

static __always_inline void handle_retransmit(const struct sock_common *common, u64 count, u64 inode)
{
	struct retransmits fresh = {}, *seen;
	struct flow flow = {};

	__sync_fetch_and_add(&events, 1);
	__sync_fetch_and_add(&segments, count);
	read_flow(&flow, common);
	seen = bpf_map_lookup_elem(&flows, &flow);
	if (!seen) {
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(&flows, &flow, &fresh, BPF_NOEXIST);
		seen = bpf_map_lookup_elem(&flows, &flow);
	}
	if (!seen) {
		count_lost();
		return;
	}
	__sync_fetch_and_add(&seen->events, 1);
	__sync_fetch_and_add(&seen->segments, count);
	seen->state = common->skc_state;
	if (inode)
		seen->inode = inode;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(on_retransmit, const struct sock *sk, const struct sk_buff *skb)
{
	/* The kernel's RetransSegs counts segments, and one event may send several. */
	const struct tcp_skb_cb *control = (const void *)skb->cb;
	u64 count = BPF_CORE_READ(control, tcp_gso_segs);

	if (in_window(bpf_ktime_get_ns()) && retransmit_was_sent(ctx))
		handle_retransmit(&sk->__sk_common, count ?: 1, sk->sk_socket->file->f_inode->i_ino);
	return 0;
}

/* A SYN-ACK sent again belongs to a request that no process has accepted yet. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(on_retransmit_synack, const struct sock *sk, const struct request_sock *req)
{
	if (in_window(bpf_ktime_get_ns()))
		handle_retransmit(&req->__req_common, 1, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
