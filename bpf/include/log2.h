// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Log2 histograms, of microseconds or of KiB; slot i holds 2^i <= v < 2^(i+1), slot 0 holds 0 and 1: bcc's own rows. */
#pragma once

#include "kernel.h"

#define HIST_SLOTS 64

struct hist {
	u64 total; /* nanoseconds or bytes */
	u64 slots[HIST_SLOTS];
};

static __always_inline u32 log2_u64(u64 v)
{
	u32 shift, slot = 0;

	shift = (v > 0xffffffff) << 5;
	v >>= shift;
	slot |= shift;
	shift = (v > 0xffff) << 4;
	v >>= shift;
	slot |= shift;
	shift = (v > 0xff) << 3;
	v >>= shift;
	slot |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	slot |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	slot |= shift;
	return slot | (u32)(v >> 1);
}

/* The slot of a value. clang knows that a log2 is below 64 and drops a mask that says so, but the verifiers of 5.10 and 6.1
 * do not follow its shifts and ors so far: behind the barrier the mask stays, and they see it.
 */
static __always_inline u32 slot_of(u64 value)
{
	u32 slot = log2_u64(value);

	barrier_var(slot);
	return slot & (HIST_SLOTS - 1);
}

/* For a histogram that several CPUs write. */
static __always_inline void hist_add_shared(struct hist *hist, u64 ns)
{
	__sync_fetch_and_add(&hist->slots[slot_of(ns / 1000)], 1);
	__sync_fetch_and_add(&hist->total, ns);
}

/* The same for sizes. */
static __always_inline void hist_add_size(struct hist *hist, u64 bytes)
{
	__sync_fetch_and_add(&hist->slots[slot_of(bytes / 1024)], 1);
	__sync_fetch_and_add(&hist->total, bytes);
}

/* For a histogram of this CPU's own, in a program that nothing on this CPU interrupts. */
static __always_inline void hist_add_own(struct hist *hist, u64 ns)
{
	hist->slots[slot_of(ns / 1000)]++;
	hist->total += ns;
}
