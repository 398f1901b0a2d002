/* Copyright (c) 2026, the ebpf.fleet developers
 * GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
/* A process whose stacks are known: `burn` spins in inner() for so many milliseconds, `nap` lets inner() sleep so often for 10 ms.
 * Then it waits until its standard input ends: of a process that has ended, nobody knows the names.
 *
 * The system call is made in place: a library's function, built without frame pointers, would hide its caller.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline)) static void inner_burn(long ms)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000;
	do {
		for (volatile int i = 0; i < 1000000; i++)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

__attribute__((noinline)) static void inner_nap(long times)
{
	struct timespec nap = {.tv_nsec = 10000000};

	while (times--) {
#if defined(__x86_64__)
		long result = SYS_nanosleep;

		__asm__ volatile("syscall" : "+a"(result) : "D"(&nap), "S"(0) : "rcx", "r11", "memory");
#else
		register long number __asm__("x8") = SYS_nanosleep;
		register long first __asm__("x0") = (long)&nap;
		register long second __asm__("x1") = 0;

		__asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
#endif
	}
}

__attribute__((noinline)) static int outer_burn(long ms)
{
	inner_burn(ms);
	return 0;
}

__attribute__((noinline)) static int outer_nap(long times)
{
	inner_nap(times);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "burn"))
		outer_nap(atol(argv[2]));
	else
		outer_burn(atol(argv[2]));
	write(1, "\n", 1);
	return read(0, argv[1], 1);
}
