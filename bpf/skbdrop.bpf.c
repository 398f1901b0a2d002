// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* skbdrop: where in the kernel, and why, are network packets dropped? consume_skb, which ends what went well, is another
 * tracepoint.
 */
#include "count.h"
#include "drift.h"

struct drop {
	u64 location; /* where the caller of kfree_skb goes on */
	u32 reason, netns;
};

/* Places by reasons by network namespaces; drops that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct drop);
	__type(value, u64);
} drops SEC(".maps");

/* The numbers of namespaces begin here (PROC_DYNAMIC_FIRST less those of the first ones). */
#define FIRST_NAMESPACE 0xeffffff0

/* 0 where it is not known. A packet's dev shares its place with other things while a socket has the packet queued. */
static __always_inline u32 netns_of(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct net_device *dev = skb->dev;
	u32 netns = 0;

	if (sk)
		netns = sk->__sk_common.skc_net.net->ns.inum;
	if (netns < FIRST_NAMESPACE && dev)
		netns = dev->nd_net.net->ns.inum;
	return netns < FIRST_NAMESPACE ? 0 : netns;
}

SEC("tp_btf/kfree_skb")
int on_drop(u64 *ctx)
{
	struct sk_buff *skb = (void *)ctx[0];
	struct drop drop = {.location = ctx[1], .reason = drop_reason(ctx)};

	if (!in_window(bpf_ktime_get_ns()))
		return 0;
	drop.netns = netns_of(skb);
	count_in(&drops, &drop, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
