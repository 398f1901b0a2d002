// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* The window that all collectors of a run share, in nanoseconds of the monotonic clock.
 *
 * Both bounds are 0 at load: closed. When every program of the run is attached, one update of this map opens it; at the
 * end a program stops counting by itself, whether or not anybody is left to detach it.
 */
#pragma once

#include "kernel.h"

struct window {
	u64 start, end;
};

struct window window;

/* Events that found no room in a map. */
u64 lost;

static __always_inline bool in_window(u64 now)
{
	return now - window.start < window.end - window.start;
}

static __always_inline void count_lost(void)
{
	__sync_fetch_and_add(&lost, 1);
}
