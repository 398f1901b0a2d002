// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the ebpf.fleet developers
/* The other side of the benchmark: load and attach objects by libbpf from C, and print how many milliseconds that took. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <time.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e3 + at.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct bpf_object *object;
	double begun = now();
	int at;

	for (at = 1; at < argc; at++) {
		object = bpf_object__open_file(argv[at], NULL);
		if (!object || bpf_object__load(object)) {
			fprintf(stderr, "usage, as root: libbpf_load OBJECT...\n");
			return 1;
		}
		bpf_object__for_each_program(program, object)
			if (!bpf_program__attach(program))
				return 1;
	}
	printf("%.3f\n", now() - begun);
	return 0;
}
