#!/bin/busybox sh
# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The initramfs: load what the disk and the network need, hand the kernel's modules to the root file system, start it.
B=/bin/busybox
export PATH=/bin
$B mkdir -p /proc /sys /dev /new
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs dev /dev
if $B grep -qw lab.probe /proc/cmdline; then # the lab asks whether a kernel gets this far
    echo 'lab: a kernel runs'
    $B reboot -f
fi
while read -r module; do
    $B modprobe "$module"
done </boot-modules
i=0
while [ ! -b /dev/vda ] && [ "$i" -lt 100 ]; do
    $B sleep 0.1
    i=$((i + 1))
done
$B mount -t ext4 /dev/vda /new || exec $B poweroff -f
$B mkdir -p /new/lib/modules /new/boot
$B cp -a /lib/modules/. /new/lib/modules/
$B cp -a /boot/. /new/boot/
$B cp -a /guest/. /new/
exec $B switch_root /new /usr/sbin/lab-init
