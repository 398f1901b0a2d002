// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Where kernels differ, in one place. Each entry names the kernel change that it bridges. */
#pragma once

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct___old {
	long state;
};

struct task_struct___new {
	unsigned int __state;
};

struct request_queue___new {
	struct gendisk *disk;
};

struct trace_event_raw_tcp_retransmit_skb___new {
	int err;
};

struct request___old {
	struct gendisk *rq_disk;
};

enum skb_drop_reason { ANY_REASON };

struct trace_event_raw_kfree_skb___new {
	enum skb_drop_reason reason; /* no int: fields of another kind are other fields to CO-RE */
};

struct block_device___new {
	struct gendisk *bd_disk;
};

struct bio___new {
	struct block_device___new *bi_bdev;
};

struct bio___old {
	struct gendisk *bi_disk;
};

struct trace_event_raw_mark_victim___new {
	unsigned int uid;
};

struct trace_event_raw_sched_process_exit {
	bool group_dead;
};

#pragma clang attribute pop

/* 5.14, 2f064a59a11f "sched: Change task_struct::state": state became __state, and an unsigned int. */
static __always_inline bool task_is_runnable(struct task_struct *task)
{
	struct task_struct___new *fresh = (void *)task;

	if (bpf_core_field_exists(fresh->__state))
		return fresh->__state == 0;
	return ((struct task_struct___old *)task)->state == 0;
}

/* 5.11, a54895fa057c "block: remove the request_queue to argument request based tracepoints": block_rq_issue and
 * block_rq_insert lost their first argument. Stable releases of 5.10 took that over, so that no other change of 5.11 tells
 * it; the type of the tracepoint's own probe does.
 */
typedef void (*btf_trace_block_rq_issue___old)(void *data, struct request_queue *queue, struct request *rq);

static __always_inline struct request *issued_request(u64 *ctx)
{
	u64 first = ctx[0];

	/* Two reads at known places: the verifier refuses one at a place that depends on the answer. */
	barrier_var(first);
	if (bpf_core_type_exists(btf_trace_block_rq_issue___old))
		return (void *)ctx[1];
	return (void *)first;
}

/* 5.15, d152c682f03c "block: add an explicit ->disk backpointer to the request_queue", and 5.17, f3fa33acca9f "block:
 * remove the ->rq_disk field in struct request".
 */
static __always_inline struct gendisk *disk_of(struct request *rq)
{
	struct request_queue___new *queue = (void *)rq->q;

	if (bpf_core_field_exists(queue->disk))
		return queue->disk;
	return ((struct request___old *)rq)->rq_disk;
}

/* 6.18, "tcp: trace retransmit failures in tcp_retransmit_skb": the tracepoint got a third argument, err, and fires for what
 * was not sent too. Before, it fired for what was sent.
 */
static __always_inline bool retransmit_was_sent(u64 *ctx)
{
	if (bpf_core_field_exists(struct trace_event_raw_tcp_retransmit_skb___new, err))
		return (int)ctx[2] == 0;
	return true;
}

/* 5.17, c504e5c2f964 "net: skb: introduce kfree_skb_reason()": kfree_skb got a third argument, the reason. */
#define NO_REASON 0xffffffff

static __always_inline u32 drop_reason(u64 *ctx)
{
	if (bpf_core_field_exists(struct trace_event_raw_kfree_skb___new, reason))
		return ctx[2];
	return NO_REASON;
}

/* 5.11, e8a676d61c07 "block: simplify and extend the block_bio_merge tracepoint class": block_bio_queue lost its first
 * argument.
 */
typedef void (*btf_trace_block_bio_queue___old)(void *data, struct request_queue *queue, struct bio *bio);

static __always_inline struct bio *queued_bio(u64 *ctx)
{
	u64 first = ctx[0];

	barrier_var(first); /* as in issued_request */
	if (bpf_core_type_exists(btf_trace_block_bio_queue___old))
		return (void *)ctx[1];
	return (void *)first;
}

/* 5.12, 309dca309fc3 "block: store a block_device pointer in struct bio": before, it was the disk's. */
static __always_inline struct gendisk *disk_of_bio(struct bio *bio)
{
	struct bio___new *fresh = (void *)bio;

	if (bpf_core_field_exists(fresh->bi_bdev))
		return fresh->bi_bdev->bd_disk;
	return ((struct bio___old *)bio)->bi_disk;
}

/* 6.9, 72ba14deb40a "mm: update mark_victim tracepoints fields": mark_victim is given the task, and before its id only. */
static __always_inline bool victim_is_a_task(void)
{
	return bpf_core_field_exists(struct trace_event_raw_mark_victim___new, uid);
}

/* 6.16, "exit: move and extend sched_process_exit() tracepoint": it got a second argument, which says whether the thread is
 * the last one of its process. Before, all that can be told without a race is whether it is the first one, with which a
 * process ends as a rule.
 */
static __always_inline bool ends_its_process(u64 *ctx, struct task_struct *task)
{
	if (bpf_core_field_exists(struct trace_event_raw_sched_process_exit, group_dead))
		return (bool)ctx[1];
	return task->pid == task->tgid;
}
