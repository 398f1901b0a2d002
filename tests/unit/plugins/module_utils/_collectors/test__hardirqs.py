# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hardirqs at tiers 1 and 2."""

from __future__ import annotations

import pytest
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors import hardirqs
from ansible_collections.ebpf.fleet.plugins.module_utils._collectors._spec import Limits

FILE = "/proc/interrupts"
# Of an x86_64 machine under KVM.
TEXT = """           CPU0       CPU1
 24:          1          0  IO-APIC   5-edge      ACPI:Ged
 36:          0 %d PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0
 40:          7 %d PCI-MSIX-0000:00:02.0   2-edge      virtio1-req.0
LOC:    6343184 %d   Local timer interrupts
ERR:          0
"""


def test_counts_by_handler() -> None:
    answer = hardirqs.difference({FILE: TEXT % (5, 5, 5)}, {FILE: TEXT % (25, 6, 5000)}, 1.0, Limits())
    assert answer.data == {
        "count": 21,
        "total": None,
        "series": [{"labels": {"handler": "virtio1-req.0"}, "count": 21, "total": None, "buckets": None}],
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CPU0\n 24: 100 X  eth0\n", "CPU0 CPU1\n 24: 107 70000 X  eth0\n 25: 3 5000 X  disk\n"),
        ("CPU0 CPU1\n 24: 100 70000 X  eth0\n", "CPU0\n 24: 107 X  eth0\n 25: 3 X  disk\n"),
    ],
)
def test_a_cpu_that_comes_or_goes_is_left_out_and_named(before: str, after: str) -> None:
    answer = hardirqs.difference({"/proc/interrupts": before}, {"/proc/interrupts": after}, 1.0, Limits())
    assert {row["labels"]["handler"]: row["count"] for row in answer.data["series"]} == {"eth0": 7, "disk": 3}
    assert answer.notes[-1] == "not counted, because they came or went in the window: CPU1"


def test_a_number_that_was_given_to_another_device() -> None:
    after = (TEXT % (9, 0, 0)).replace("1-edge      virtio1-req.0", "1-edge      eth0-rx")
    answer = hardirqs.difference({FILE: TEXT % (5, 0, 0)}, {FILE: after}, 1.0, Limits())
    assert [(row["labels"]["handler"], row["count"]) for row in answer.data["series"]] == [("eth0-rx", 9)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("IO-APIC   9-fasteoi   acpi", "acpi"),
        ("IO-APIC  16-fasteoi   ehci_hcd:usb1, eth0", "ehci_hcd:usb1, eth0"),
        ("GICv3  27 Level     arch_timer", "arch_timer"),
        ("ITS-MSI 524288 Edge      nvme0q0", "nvme0q0"),
        ("xen-dyn    -event     eth0-q0-tx", "eth0-q0-tx"),
        ("xen-pirq    1-ioapic-edge  i8042", "i8042"),
        ("Hyper-V PCIe MSI 4194304-edge      nvme0q0", "nvme0q0"),
        ("PCI-MSI 1572864-edge      name with spaces", "name with spaces"),
        ("PCI-MSI 1572864-edge      " + "x" * 99, "x" * 31),
        ("PCI-MSI 1572864-edge      <b>\x1b[31m", "<b>\ufffd[31m"),
        ("nothing", "irq 7"),
        ("", "irq 7"),
    ],
)
def test_names_at_the_end_of_a_line(text: str, names: str) -> None:
    assert hardirqs.handlers("7", text) == names


@pytest.mark.parametrize("text", ["", "no CPUs\n", "CPU0\n 1: x\n"])
def test_a_file_of_another_form(text: str) -> None:
    with pytest.raises(ValueError, match="CPUs|not a number"):
        hardirqs.difference({FILE: text}, {FILE: text}, 1.0, Limits())


# By the tool's source: hardirqs-bpfcc 0.26, and print_log2_hist of bcc.
GREETING = "Tracing hard irq event time... Hit Ctrl-C to end.\n"
HISTOGRAM = (
    "     usecs               : count     distribution\n         0 -> 1          : %d      |*****               |\n"
)


@pytest.mark.parametrize("value", ["virtio1-req.0", "b'virtio1-req.0'", "virtio1-req.0\0\0"])
def test_the_tool(value: str) -> None:
    answer = hardirqs.parse(GREETING + "\n\nhardirq = %s\n" % value + HISTOGRAM % 4, 0.0, Limits())
    assert answer.data["series"] == [
        {"labels": {"handler": "virtio1-req.0"}, "count": 4, "total": None, "buckets": [(0, 2, 4)]}
    ]


def test_the_tool_saw_nothing() -> None:
    assert hardirqs.parse(GREETING + "\n", 0.0, Limits()).data["count"] == 0


@pytest.mark.parametrize("text", ["", GREETING, GREETING + HISTOGRAM % 1, GREETING + "\nsoftirq = rcu\n"])
def test_a_tool_that_is_not_understood(text: str) -> None:
    with pytest.raises(ValueError, match="tool"):
        hardirqs.parse(text, 0.0, Limits())
