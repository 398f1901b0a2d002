// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Where x86_64 and aarch64 differ in how functions and the system are called. One program serves both: each asks which registers there
 * are, and the kernel that loads it takes the other half away.
 */
#pragma once

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs___x86 {
	unsigned long di, si, ax, orig_ax;
};

struct pt_regs___arm64 {
	u64 regs[31];
	s32 syscallno;
};

struct thread_info___x86 {
	u32 status;
};

struct thread_info {
	unsigned long flags;
};

struct task_struct___thread {
	struct thread_info thread_info;
};

#pragma clang attribute pop

#define TS_COMPAT 0x0002	/* x86: arch/x86/include/asm/thread_info.h */
#define TIF_32BIT 22		/* arm64: arch/arm64/include/asm/thread_info.h */

/* Whether a task is in a system call of 32-bit programs, whose numbers mean other calls. */
static __always_inline bool in_compat_call(const struct task_struct *task)
{
	const struct thread_info *thread = &((const struct task_struct___thread *)task)->thread_info;
	const struct thread_info___x86 *x86 = (const void *)thread;

	if (bpf_core_field_exists(x86->status))
		return BPF_CORE_READ(x86, status) & TS_COMPAT;
	return BPF_CORE_READ(thread, flags) >> TIF_32BIT & 1;
}

/* Whether the call that ends now opens a file by its path, and where that path is. The registers still hold the arguments,
 * except that aarch64 has put the result into the first, which no call there has its path in.
 */
static __always_inline bool opens_by_path(const struct pt_regs *regs, const char **path)
{
	const struct pt_regs___x86 *x86 = (const void *)regs;
	const struct pt_regs___arm64 *arm64 = (const void *)regs;

	if (bpf_core_field_exists(x86->orig_ax)) {
		u32 number = x86->orig_ax;

		if (number == 2 || number == 85) { /* open, creat */
			*path = (const void *)x86->di;
			return true;
		}
		*path = (const void *)x86->si;
		return number == 257 || number == 437; /* openat, openat2 */
	}
	*path = (const void *)arm64->regs[1];
	return arm64->syscallno == 56 || arm64->syscallno == 437; /* openat, openat2 */
}

/* The first argument, where a function begins. The registers are the program's own context: copied, so that the verifier
 * is not asked for a place in it that depends on the answer.
 */
static __always_inline u64 first_argument(const struct pt_regs *regs)
{
	const struct pt_regs___x86 *x86 = (const void *)regs;
	const struct pt_regs___arm64 *arm64 = (const void *)regs;

	if (bpf_core_field_exists(x86->di))
		return BPF_CORE_READ(x86, di);
	return BPF_CORE_READ(arm64, regs[0]);
}

/* What a function returns, where it has returned. */
static __always_inline u64 returned(const struct pt_regs *regs)
{
	const struct pt_regs___x86 *x86 = (const void *)regs;
	const struct pt_regs___arm64 *arm64 = (const void *)regs;

	if (bpf_core_field_exists(x86->ax))
		return BPF_CORE_READ(x86, ax);
	return BPF_CORE_READ(arm64, regs[0]);
}
