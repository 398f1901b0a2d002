// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Copyright (c) 2026, the ebpf.fleet developers
/* vfsstat by fentry: the cheapest way into a function, where the kernel has it (x86_64 since 5.5, aarch64 since 6.4). */
#define ATTACH "fentry"
#include "vfsstat.h"
