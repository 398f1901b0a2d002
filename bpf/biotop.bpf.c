// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* biotop: which processes use which disks? Where I/O is submitted, before requests are merged or split: there alone it is
 * still known for whom, and it is the same tracepoint on every kernel.
 */
#include "drift.h"
#include "filter.h"
#include "task.h"
#include "window.h"

#define OPERATION 0xff /* REQ_OP_MASK of include/linux/blk_types.h */

struct key {
	u32 pid;
	u32 dev; /* major << 20 | first minor, as the kernel packs it */
	u32 operation;
};

struct use {
	u64 submissions, bytes;
	struct comm process;
};

/* Processes by devices by operations; what finds no room is counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct key);
	__type(value, struct use);
} uses SEC(".maps");

u64 bytes;

SEC("tp_btf/block_bio_queue")
int on_submission(u64 *ctx)
{
	struct bio *bio = queued_bio(ctx);
	struct use fresh = {}, *use;
	struct gendisk *disk;
	struct key key = {};
	u32 size;

	if (!in_window(bpf_ktime_get_ns()) || !wanted_here())
		return 0;
	size = bio->bi_iter.bi_size;
	key.pid = bpf_get_current_pid_tgid() >> 32;
	key.operation = bio->bi_opf & OPERATION;
	disk = disk_of_bio(bio);
	if (disk)
		key.dev = disk->major << 20 | disk->first_minor;
	if (!wanted_disk(key.dev))
		return 0;
	__sync_fetch_and_add(&bytes, size);
	use = bpf_map_lookup_elem(&uses, &key);
	if (!use) {
		read_own_process_name(&fresh.process);
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(&uses, &key, &fresh, BPF_NOEXIST);
		use = bpf_map_lookup_elem(&uses, &key);
	}
	if (!use) {
		count_lost();
		return 0;
	}
	__sync_fetch_and_add(&use->submissions, 1);
	__sync_fetch_and_add(&use->bytes, size);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
