// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* vfsstat by kprobe: where fentry is not built in, or refused. */
#define ATTACH "kprobe"
#include "vfsstat.h"
