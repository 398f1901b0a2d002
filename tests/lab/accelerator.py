# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How QEMU runs guests of this machine's own architecture: KVM where it works, by emulation where it does not.

$LAB_ACCEL overrides (QEMU's -accel). That /dev/kvm is there proves little: below another hypervisor it may hang, or fail
at an instruction that only a whole kernel uses. So a kernel of the lab is started once, with a time limit.
"""

from __future__ import annotations

import os
import pathlib
import subprocess

import needs

# One thread for all processors of a guest. With one each, a processor may run a breakpoint (int3) that another has taken back
# already, as Linux does on x86 whenever it patches itself (text_poke, for each static key, tracepoint, kprobe or fentry that is
# switched); there the kernel panics with "Oops: int3", seen in 6.12 after some hundred collections.
EMULATION = "tcg,thread=single"
PROBE_SECONDS = 15
KILL_SECONDS = 5
SIGN = b"lab: a kernel runs"  # guest/initramfs.sh says it and ends, where the command line has the word lab.probe


_hanging: list[subprocess.Popen[bytes]] = []  # a process that hangs in KVM may not even take its end


def choose(kernel: pathlib.Path, initramfs: pathlib.Path) -> str:
    """Return QEMU's -accel for x86_64 guests; what `kernel` showed holds until the machine boots again."""
    if os.environ.get("LAB_ACCEL"):
        return os.environ["LAB_ACCEL"]
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    needs.CACHE.mkdir(parents=True, exist_ok=True)
    found = needs.CACHE / ("accelerator-" + boot)
    if not found.exists():
        found.write_text("kvm" if kvm_works(kernel, initramfs) else "tcg")
    return "kvm" if found.read_text() == "kvm" else EMULATION


def kvm_works(kernel: pathlib.Path, initramfs: pathlib.Path) -> bool:
    """Return whether a kernel comes up under KVM within PROBE_SECONDS."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = ["qemu-system-x86_64", "-accel", "kvm", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "256"]
    command += ["-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"]
    command += ["-kernel", str(kernel), "-initrd", str(initramfs)]
    command += ["-append", "console=ttyS0 quiet panic=-1 lab.probe"]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for seconds in (PROBE_SECONDS, KILL_SECONDS):
        try:
            said, _nothing = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        else:
            return SIGN in said
    _hanging.append(child)
    return False
