// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* tcprtt: how long is the way to the peers and back? The kernel's own smoothed estimate, at each segment that arrives in an
 * established connection.
 */
#include "flow.h"
#include "log2.h"
#include "window.h"

enum { REMOTE, LOOPBACK, SCOPES };

/* Of each CPU its own, because segments arrive by the million; written by softirqs and by what they interrupt. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCOPES);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

/* Both ends have one address where both are on this host, with addresses of its own or 127.0.0.0/8. */
static __always_inline bool is_loopback(const struct sock_common *common)
{
	u64 here[2] = {}, there[2] = {};

	if (common->skc_family != AF_INET6) {
		u32 peer = common->skc_daddr;

		return common->skc_rcv_saddr == peer || *(u8 *)&peer == 127;
	}
	bpf_core_read(&here, sizeof(here), &common->skc_v6_rcv_saddr);
	bpf_core_read(&there, sizeof(there), &common->skc_v6_daddr);
	return here[0] == there[0] && here[1] == there[1];
}

SEC("tp_btf/tcp_probe")
int BPF_PROG(on_segment, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;
	u32 scope = REMOTE, eighths;
	struct hist *hist;

	if (!in_window(bpf_ktime_get_ns()))
		return 0;
	eighths = BPF_CORE_READ(tcp, srtt_us);
	if (!eighths) /* no estimate yet */
		return 0;
	if (is_loopback(&sk->__sk_common))
		scope = LOOPBACK;
	hist = bpf_map_lookup_elem(&hists, &scope);
	if (hist)
		hist_add_shared(hist, (u64)(eighths >> 3) * 1000);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
