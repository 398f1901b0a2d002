// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Add to a sum in a hash map of u64, which begins with the first thing that is counted; what finds no room is lost. */
#pragma once

#include "window.h"

static __always_inline void count_in(void *map, const void *key, u64 by)
{
	u64 *seen = bpf_map_lookup_elem(map, key);

	if (!seen) {
		if (!bpf_map_update_elem(map, key, &by, BPF_NOEXIST))
			return;
		seen = bpf_map_lookup_elem(map, key); /* another CPU was first, or there is no room */
	}
	if (seen)
		__sync_fetch_and_add(seen, by);
	else
		count_lost();
}
