// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* Narrow a question to one process, to a cgroup and those below, or to a disk: set at load, and zero for all.
 *
 * A constant: where nothing is narrowed, the kernel takes out all that follows from it. So it costs nothing, and reads no memory
 * that lockdown forbids to be read.
 */
#pragma once

#include "kernel.h"

enum { BY_ID = 1, BY_NAME = 2, BY_CGROUP = 4, BY_DISK = 8 };

#define LEVELS 10 /* of cgroups below the one that is asked for */

struct filter {
	u64 cgroup; /* its id, which is its folder's inode number */
	u64 name[2]; /* of the process, as comm has it, with zeros after its end */
	u32 id; /* of the process */
	u32 disk; /* major << 20 | first minor */
	u32 by, unused;
};

const volatile struct filter filter;

static __always_inline bool in_cgroup(const struct task_struct *task)
{
	struct cgroup_subsys_state *above;
	struct cgroup *cgroup;
	int i;

	if (!bpf_core_field_exists(task->cgroups))
		return false;
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
#pragma clang loop unroll(disable)
	for (i = 0; i < LEVELS; i++) {
		if (BPF_CORE_READ(cgroup, kn, id) == filter.cgroup)
			return true;
		above = BPF_CORE_READ(cgroup, self.parent);
		if (!above)
			return false;
		cgroup = BPF_CORE_READ(above, cgroup);
	}
	return false;
}

static __always_inline bool wanted(const struct task_struct *task)
{
	u32 by = filter.by;
	u64 name[2] = {};

	if (!by)
		return true;
	if (by & BY_ID && (u32)BPF_CORE_READ(task, tgid) != filter.id)
		return false;
	if (by & BY_NAME) {
		BPF_CORE_READ_STR_INTO(&name, task, group_leader, comm);
		if (name[0] != filter.name[0] || name[1] != filter.name[1])
			return false;
	}
	return !(by & BY_CGROUP) || in_cgroup(task);
}

static __always_inline bool wanted_here(void)
{
	return wanted((const void *)bpf_get_current_task());
}

static __always_inline bool wanted_disk(u32 disk)
{
	return !(filter.by & BY_DISK) || disk == filter.disk;
}
