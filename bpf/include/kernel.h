// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* The kernel's types, as far as our programs read them, and not a field more.
 *
 * Each is marked preserve_access_index, so that every access becomes a CO-RE relocation that the running kernel resolves.
 * A full vmlinux.h would pull each pointer's whole closure of types into the object: seven times the size and four times
 * the load time for a program that reads five fields.
 *
 * A type with the flavour suffix ___old or ___new describes the same kernel type in another age; see drift.h.
 */
#pragma once

typedef unsigned char u8, __u8;
typedef unsigned short u16, __u16, __be16;
typedef unsigned int u32, __u32, __be32, __wsum;
typedef unsigned long long u64, __u64;
typedef int s32, __s32;
typedef long long s64, __s64;
typedef _Bool bool;

enum { false, true };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum { BPF_ANY, BPF_NOEXIST };

enum { BPF_F_USER_STACK = 1 << 8 };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct mm_struct {
	unsigned long arg_start, arg_end;
};

struct task_struct {
	int pid, tgid;
	char comm[16];
	struct task_struct *real_parent, *group_leader;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct css_set *cgroups;
	int exit_code, exit_state;
};

struct signal_struct {
	unsigned int flags;
	int group_exit_code;
};

struct kernel_siginfo {
	int si_code;
};

struct irqaction {
	const char *name;
};

struct linux_binprm {
	const char *filename;
};

struct gendisk {
	int major, first_minor;
};

struct request_queue {}; /* defined: to CO-RE, a type that is only declared is another kind of type */

struct request {
	struct request_queue *q;
	unsigned int cmd_flags, __data_len;
};

struct block_device;

struct bvec_iter {
	unsigned int bi_size;
};

struct bio {
	unsigned int bi_opf;
	struct bvec_iter bi_iter;
};

struct inode {
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct socket {
	struct file *file;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	u8 bytes[16];
};

struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_dport, skc_num, skc_family;
	u8 skc_state;
	unsigned long skc_flags;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	u16 sk_protocol;
};

struct inet_sock {
	u16 inet_sport;
};

struct tcp_sock {
	u64 bytes_sent, bytes_retrans, bytes_received;
	u32 srtt_us;
};

struct net_device {
	possible_net_t nd_net;
};

struct request_sock {
	struct sock_common __req_common;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	char cb[48];
};

struct tcp_skb_cb {
	u16 tcp_gso_segs;
};

#pragma clang attribute pop
