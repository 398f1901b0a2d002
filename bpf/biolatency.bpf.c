// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* biolatency: how long do block devices take for a request? From issue to the driver until its completion, by device. */
#include "drift.h"
#include "filter.h"
#include "hists.h"

/* Requests in flight, by address. A device has at most some thousand tags; more are counted as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u64);
} start SEC(".maps");

/* By device number: major << 20 | first minor, as the kernel packs it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

SEC("tp_btf/block_rq_issue")
int on_issue(u64 *ctx)
{
	u64 now = bpf_ktime_get_ns(), rq = (u64)issued_request(ctx);

	if (in_window(now) && bpf_map_update_elem(&start, &rq, &now, BPF_ANY))
		count_lost();
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(on_complete, struct request *rq, int error, unsigned int nr_bytes)
{
	u64 now = bpf_ktime_get_ns(), key = (u64)rq, *since, latency;
	struct gendisk *disk;
	struct hist *hist;
	u32 dev = 0;

	/* A part of the request; its last part is still to come. */
	if (!in_window(now) || nr_bytes < rq->__data_len)
		return 0;
	since = bpf_map_lookup_elem(&start, &key);
	if (!since)
		return 0;
	latency = now - *since;
	bpf_map_delete_elem(&start, &key);

	disk = disk_of(rq);
	if (disk)
		dev = disk->major << 20 | disk->first_minor;
	if (!wanted_disk(dev))
		return 0;
	hist = hist_in(&hists, &dev);
	if (hist)
		hist_add_shared(hist, latency);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
