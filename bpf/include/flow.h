// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* A TCP connection's two ends, as a key or as a part of an event. */
#pragma once

#include "kernel.h"

#define AF_INET6 10

struct flow {
	u8 saddr[16], daddr[16];
	u32 netns;
	u16 family, sport, dport, unused; /* dport in network byte order, as the kernel has it */
};

static __always_inline void read_flow(struct flow *flow, const struct sock_common *common)
{
	flow->family = common->skc_family;
	flow->sport = common->skc_num;
	flow->dport = common->skc_dport;
	flow->netns = common->skc_net.net->ns.inum;
	if (flow->family == AF_INET6) {
		bpf_core_read(&flow->saddr, sizeof(flow->saddr), &common->skc_v6_rcv_saddr);
		bpf_core_read(&flow->daddr, sizeof(flow->daddr), &common->skc_v6_daddr);
	} else {
		*(u32 *)flow->saddr = common->skc_rcv_saddr;
		*(u32 *)flow->daddr = common->skc_daddr;
	}
}
