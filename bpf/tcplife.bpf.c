// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* tcplife: which TCP sessions end, how long did they last, and how much did they carry? IPv4 and IPv6, in every network
 * namespace; a session on loopback has two ends, and is two.
 */
#include "flow.h"
#include "tcp_states.h"
#include "window.h"

/* enum sock_flags of include/net/sock.h: the peer has said that it is done. */
#define SOCK_DONE 1

struct name {
	char comm[16];
};

struct life {
	u64 since;
	u32 pid, unused;
	struct name name;
};

/* Sessions that began within the window, by socket; those beyond are sessions of unknown age when they end. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, struct life);
} lives SEC(".maps");

struct session {
	u64 time, lasted; /* lasted: 0 when it began before the window */
	u64 sent, received;
	struct flow flow;
	u32 pid; /* 0 where it is not known who closed it */
	struct name name;
};

struct sums {
	u64 sessions, sent, received;
};

/* Complete, by name; names that find no room are in `first` all the same. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct name);
	__type(value, struct sums);
} names SEC(".maps");

/* The first sessions in full. Nobody reads it during the window: what comes when it is full is counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} first SEC(".maps");

u64 sessions;

static __always_inline void add_name(const struct session *session)
{
	struct sums fresh = {}, *sums = bpf_map_lookup_elem(&names, &session->name);

	if (!sums) {
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(&names, &session->name, &fresh, BPF_NOEXIST);
		sums = bpf_map_lookup_elem(&names, &session->name);
	}
	if (!sums)
		return;
	__sync_fetch_and_add(&sums->sessions, 1);
	__sync_fetch_and_add(&sums->sent, session->sent);
	__sync_fetch_and_add(&sums->received, session->received);
}

static __always_inline void handle_end(const struct sock *sk, const struct life *life, u64 now)
{
	const struct tcp_sock *tcp = (const void *)sk;
	const struct inet_sock *inet = (const void *)sk;
	struct session session = {.time = now};

	__sync_fetch_and_add(&sessions, 1);
	if (life) {
		session.lasted = life->since ? now - life->since : 0;
		session.pid = life->pid;
		session.name = life->name;
	}
	read_flow(&session.flow, &sk->__sk_common);
	/* skc_num, which a socket gives back before it says that it is closed. */
	session.flow.sport = __builtin_bswap16(BPF_CORE_READ(inet, inet_sport));
	/* Each byte once. What is received counts the peer's FIN as one. */
	session.sent = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
	session.received = BPF_CORE_READ(tcp, bytes_received);
	if (session.received && sk->__sk_common.skc_flags >> SOCK_DONE & 1)
		session.received--;
	add_name(&session);
	if (bpf_ringbuf_output(&first, &session, sizeof(session), 0))
		count_lost();
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int oldstate, int newstate)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)sk;
	struct life fresh = {}, *life;

	if (!in_window(now) || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	life = bpf_map_lookup_elem(&lives, &key);
	if (newstate == TCP_CLOSE) {
		/* Only what was a session once. */
		if (oldstate != TCP_SYN_SENT && oldstate != TCP_SYN_RECV && oldstate != TCP_LISTEN && oldstate != TCP_CLOSE)
			handle_end(sk, life, now);
		bpf_map_delete_elem(&lives, &key);
		return 0;
	}
	if (!life) {
		if (newstate == TCP_LISTEN)
			return 0;
		bpf_map_update_elem(&lives, &key, &fresh, BPF_ANY);
		life = bpf_map_lookup_elem(&lives, &key);
		if (!life)
			return 0;
	}
	if (newstate == TCP_SYN_SENT || newstate == TCP_SYN_RECV || (newstate == TCP_ESTABLISHED && !life->since))
		life->since = now;
	/* The states that a process sets itself: who connects, who closes. The others come with a packet, while anybody runs. */
	if (newstate == TCP_SYN_SENT || newstate == TCP_FIN_WAIT1 || newstate == TCP_LAST_ACK) {
		life->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(&life->name, sizeof(life->name));
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
