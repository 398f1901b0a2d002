// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* compactsnoop: how long does the kernel move pages to make large blocks of them, and for whom? Each zone of memory by itself. */
#include "stalls.h"

SEC("tp_btf/mm_compaction_begin")
int on_begin(void *ctx)
{
	return handle_begin();
}

SEC("tp_btf/mm_compaction_end")
int on_end(void *ctx)
{
	return handle_end(0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
