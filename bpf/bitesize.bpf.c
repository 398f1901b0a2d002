// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* bitesize: how large are the requests that block devices get? By device and operation, when the driver gets them. */
#include "drift.h"
#include "filter.h"
#include "hists.h"

#define OPERATION 0xff /* REQ_OP_MASK of include/linux/blk_types.h */

struct key {
	u32 dev; /* major << 20 | first minor, as the kernel packs it */
	u32 operation;
};

/* Devices by operations, of which one does three or four; requests that find no room are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct key);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("tp_btf/block_rq_issue")
int on_issue(u64 *ctx)
{
	struct request *rq = issued_request(ctx);
	struct key key = {};
	struct gendisk *disk;
	struct hist *hist;

	if (!in_window(bpf_ktime_get_ns()))
		return 0;
	key.operation = rq->cmd_flags & OPERATION;
	disk = disk_of(rq);
	if (disk)
		key.dev = disk->major << 20 | disk->first_minor;
	if (!wanted_disk(key.dev))
		return 0;
	hist = hist_in(&hists, &key);
	if (hist)
		hist_add_size(hist, rq->__data_len);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
