// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Histograms in a hash map, each of which begins with the first value that is counted in it. */
#pragma once

#include "log2.h"
#include "window.h"

static struct hist empty; /* a struct hist is more than a program's stack holds */

/* Return a key's histogram; NULL where there is no room for it, and then what was to be counted is lost. */
static __always_inline struct hist *hist_in(void *map, const void *key)
{
	struct hist *hist = bpf_map_lookup_elem(map, key);

	if (!hist) {
		/* Fails when another CPU was first, which is as good. */
		bpf_map_update_elem(map, key, &empty, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(map, key);
	}
	if (!hist)
		count_lost();
	return hist;
}
